"""Whether two Quantities say the same amount in units of their own.

The tolerance is half a unit in the last place of the less precise side: a value that was measured
to a tenth of a kilogram says no more. It alone would let `1 g` pass for `1400 mg`, so the values
must also differ by no more than a conversion can cause: for what was measured, one unit in the
last place of the more precise side and 0.2%, since products convert with short factors; for
everything that is prescribed or stated (doses, rates, ages, limits), half of that last place, which
only rounding causes. Source: docs/adr/0030.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor, log10
from typing import Final

from core.canonical import Json, Number
from core.discrepancy.systems import one_name
from core.ucum import SYSTEM, Unit, can_convert, says, unit

HALF: Final = Fraction(1, 2)
"""How much of a unit in the last place is tolerated."""

SHORT_FACTOR: Final = Fraction(1, 500)
"""How far a short conversion factor may lead a measured value away, as a share of it."""

# Rough sizes are a tenth of a power of ten apart.
_STEPS: Final = 10


def coded_unit(quantity: Json) -> Unit | None:
    """Return the unit that a Quantity states by its UCUM code; its wording alone states none.

    None too where the code is not in the vetted table, or where the wording contradicts it.
    """
    if not isinstance(quantity, dict) or one_name(str(quantity.get("system"))) != SYSTEM:
        return None
    code, wording = quantity.get("code"), quantity.get("unit")
    found = unit(code) if isinstance(code, str) else None
    if found is None or (wording is not None and not isinstance(wording, str)):
        return None
    return None if wording is not None and says(wording, found) is False else found


def is_worded_right(quantity: Json, coded: Unit) -> bool:
    """Tell whether a Quantity's wording names the unit of its code, or is left out."""
    wording = quantity.get("unit") if isinstance(quantity, dict) else None
    return wording is None or (isinstance(wording, str) and says(wording, coded) is True)


def sizes(quantity: Json) -> tuple[str, ...]:
    """Return two rough sizes of a coded amount, none for what is no coded amount.

    One amount in two units shares at least one of them, unless it was rounded much.
    """
    coded = coded_unit(quantity)
    value = quantity.get("value") if isinstance(quantity, dict) else None
    if coded is None or not isinstance(value, Number):
        return ()
    base = coded.base(_exact(value))
    if base == 0:
        return (f"{coded.family} 0",)
    magnitude = log10(abs(base.numerator)) - log10(base.denominator)
    sign = "-" if base < 0 else "+"
    steps = (floor(magnitude * _STEPS), floor(magnitude * _STEPS + 0.5) + 0.5)
    return tuple(f"{coded.family} {sign}{step}" for step in steps)


def is_same_amount(
    one: tuple[Number, Unit], other: tuple[Number, Unit], *, is_measured: bool
) -> bool:
    """Tell whether two values in convertible units say the same; symmetric in both.

    `is_measured` allows for a short conversion factor. Units with more than one zero never get
    that allowance, which would be a share of the kelvins.
    """
    (value, unit_), (its, other_unit) = one, other
    if not can_convert(unit_, other_unit):
        return False
    ours, theirs = unit_.base(_exact(value)), other_unit.base(_exact(its))
    gap = abs(ours - theirs)
    finer, coarser = sorted((_last_place(value, unit_), _last_place(its, other_unit)))
    if not is_measured:
        return gap <= HALF * finer
    allowed = finer if unit_.is_affine else finer + SHORT_FACTOR * max(abs(ours), abs(theirs))
    return gap <= min(HALF * coarser, allowed)


def _exact(value: Number) -> Fraction:
    return Fraction(Decimal(value.text))


def _last_place(value: Number, unit_: Unit) -> Fraction:
    """Return the size of one in the last place that a value states, in the family's first unit."""
    exponent = Decimal(value.text).as_tuple().exponent
    return Fraction(10) ** (exponent if isinstance(exponent, int) else 0) * unit_.scale
