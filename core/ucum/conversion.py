"""Units of the vetted table and exact conversion between those of one family."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Final

from core.ucum.table import FAMILIES

SYSTEM: Final = "http://unitsofmeasure.org"
"""The code system by which a FHIR Quantity says that its code is UCUM."""

_LITRE = re.compile(r"L(?!])")


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: a value `x` in it is `x · scale + zero` in its family's first unit."""

    code: str
    family: str
    scale: Fraction
    zero: Fraction = Fraction(0)

    @property
    def is_affine(self) -> bool:
        """Whether the family has more than one zero, as temperatures do."""
        return self.family == "temperature"

    def base(self, value: Fraction) -> Fraction:
        """Return a value in this unit as one in the family's first unit, exactly."""
        return value * self.scale + self.zero


def unit(code: str) -> Unit | None:
    """Return the table's unit of a case-sensitive UCUM code, None when the table has none."""
    return units().get(code)


def can_convert(one: Unit, other: Unit) -> bool:
    """Tell whether a value in one unit may be stated in the other.

    Two units that name what they count (`{beats}/min`, `{breaths}/min`) must name the same.
    """
    if one.family != other.family:
        return False
    named, counted = _counted(one.code), _counted(other.code)
    return not named or not counted or named == counted


def convert(value: Fraction, one: Unit, other: Unit) -> Fraction:
    """Return a value in `one` as a value in `other`, exactly; they must be convertible."""
    return (one.base(value) - other.zero) / other.scale


def is_synonym(one: Unit, other: Unit) -> bool:
    """Tell whether every value is the same number in both units (`10*3/uL`, `10*9/L`)."""
    return can_convert(one, other) and (one.scale, one.zero) == (other.scale, other.zero)


@cache
def units() -> dict[str, Unit]:
    """Return every unit of the table by its code; the litre may be written L or l."""
    found: dict[str, Unit] = {}
    for paragraph in FAMILIES.strip().split("\n\n"):
        family, _, entries = paragraph.partition(":")
        for entry in entries.split(","):
            code, scale, *zero = entry.replace("@", " ").split()
            for spelled in (code, _LITRE.sub("l", code)):
                found[spelled] = Unit(
                    spelled, family, Fraction(scale), Fraction(*zero) if zero else Fraction(0)
                )
    return found


def _counted(code: str) -> str:
    return code[code.index("{") : code.index("}")] if "{" in code else ""
