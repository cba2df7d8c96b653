"""Units of measure: a vetted table of UCUM codes, exact conversion, and the words for a code."""

from core.ucum.conversion import SYSTEM, Unit, can_convert, convert, is_synonym, unit, units
from core.ucum.names import named, says, says_only

__all__ = [
    "SYSTEM",
    "Unit",
    "can_convert",
    "convert",
    "is_synonym",
    "named",
    "says",
    "says_only",
    "unit",
    "units",
]
