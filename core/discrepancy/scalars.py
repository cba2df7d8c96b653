"""Dates, instants and numbers: same value written differently, or less of it.

A time's seconds and their fraction are one precision, compared as a decimal, so `10:30:31.0` is
`10:30:31`. As in FHIR, `24:00` is no time, a second may be the 60th, and no offset is beyond 14
hours; what is not so written is compared as text only.
Source: FHIRPath equality (https://hl7.org/fhirpath/N1/#equals), FHIR R4 data types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from core.canonical import Number

_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")
_CLOCK = r"(?P<minute>(?:[01]\d|2[0-3]):[0-5]\d):(?P<second>(?:[0-5]\d|60)(?:\.\d+)?)"
_TIMED = re.compile(
    rf"(?P<day>\d{{4}}-\d\d-\d\d)T{_CLOCK}"
    r"(?P<offset>Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))"
)
_TIME = re.compile(_CLOCK)


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


def clock(text: str) -> tuple[str, Decimal] | None:
    """Read a time of day as its minute and its second with fraction; None for anything else."""
    found = _TIME.fullmatch(text)
    return None if found is None else (found["minute"], Decimal(found["second"]))


def is_same_time(intended: str, persisted: str) -> bool:
    """Tell whether both are times of day, and the same one."""
    one = clock(intended)
    return one is not None and one == clock(persisted)


def is_finer_date(intended: str, persisted: str) -> bool:
    """Tell whether `persisted` says more than `intended`, which agrees with it: 2019 → 2019-01."""
    return is_coarser_date(persisted, intended)


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
