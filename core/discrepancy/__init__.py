"""Comparing what was intended with what the EHR keeps, by meaning, each difference with a class.

`compare` walks both resources side by side. Where they differ, the rules in `rules` are asked in
order and the first that knows the case names its class; a case that no rule knows is `changed`.
Source: design §10.
"""

from core.discrepancy.classes import (
    CLASSES,
    MISSING,
    VERIFIED,
    Class,
    Comparison,
    Discrepancy,
    Missing,
    worst,
)
from core.discrepancy.compare import compare

__all__ = [
    "CLASSES",
    "MISSING",
    "VERIFIED",
    "Class",
    "Comparison",
    "Discrepancy",
    "Missing",
    "compare",
    "worst",
]
