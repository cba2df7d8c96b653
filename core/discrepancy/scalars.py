"""Dates, instants and numbers: same value written differently, or less of it.

A time's seconds and their fraction are one precision, compared as a decimal, so `10:30:31.0` is
`10:30:31`. Source: FHIRPath equality (https://hl7.org/fhirpath/N1/#equals), FHIR R4 data types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from core.canonical import Number

_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")
_TIMED = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)T(?P<minute>\d\d:\d\d):(?P<second>\d\d(?:\.\d+)?)"
    r"(?P<offset>Z|[+-]\d\d:\d\d)"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date with a time: `minute` in UTC to the minute, `second` with its fraction."""

    minute: datetime
    second: Decimal


def moment(text: str) -> Moment | None:
    """Read a date with time and offset; None for anything else, including impossible ones."""
    found = _TIMED.fullmatch(text)
    if found is None:
        return None
    try:
        local = datetime.fromisoformat(f"{found['day']}T{found['minute']}")
        return Moment(local - _offset(found["offset"]), Decimal(found["second"]))
    except (ValueError, OverflowError):
        return None


def is_same_moment(intended: str, persisted: str) -> bool:
    """Tell whether both are dates with time that name one instant."""
    one, other = moment(intended), moment(persisted)
    return one is not None and one == other


def is_coarser_date(intended: str, persisted: str) -> bool:
    """Tell whether `persisted` is `intended` with its last parts left out, and nothing altered."""
    if _DATE.fullmatch(persisted):
        day, *clock = intended.split("T")
        known = bool(_DATE.fullmatch(day)) and (not clock or moment(intended) is not None)
        return known and len(persisted) < len(intended) and f"{day}-".startswith(f"{persisted}-")
    one, other = moment(intended), moment(persisted)
    return (
        one is not None
        and other is not None
        and one.minute == other.minute
        and _is_cut(one.second, other.second)
    )


def places(number: Number) -> int:
    """Return how many decimal places a number's text states."""
    exponent = Decimal(number.text).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def is_same_number(intended: Number, persisted: Number) -> bool:
    """Tell whether both have one value, whatever precision they state."""
    return Decimal(intended.text) == Decimal(persisted.text)


def is_cut_number(intended: Number, persisted: Number) -> bool:
    """Tell whether `persisted` is the same value stated with fewer decimals (1.10 → 1.1).

    Fewer decimals with another value (7.46 → 7.4) are not that: a dose may turn on them.
    """
    return is_same_number(intended, persisted) and places(persisted) < places(intended)


def _is_cut(intended: Decimal, persisted: Decimal) -> bool:
    whole, _, fraction = str(intended).partition(".")
    kept, _, rest = str(persisted).partition(".")
    return whole == kept and fraction != rest and fraction.startswith(rest)


def _offset(text: str) -> timedelta:
    if text == "Z":
        return timedelta(0)
    hours, minutes = text[1:].split(":")
    found = timedelta(hours=int(hours), minutes=int(minutes))
    return -found if text[0] == "-" else found
