"""Comparing FHIR dates and times of different precision.

Source: FHIR R4 Period ("if the end is a date, it includes any time on that day") and per-1.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from decimal import Decimal

_PARTS = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d))?)?)?"
)
_DAY = 86_400
_HOUR = 3_600
EAST, WEST = 14, 12


def can_precede(start: str, end: str) -> bool:
    """Return whether some moment in `start` is not after some moment in `end`.

    Both are dates or dateTimes in FHIR's format. A date without a time zone may lie in any zone
    when it is compared with a time that has one.
    """
    first, _, start_zoned = _interval(start)
    _, last, end_zoned = _interval(end)
    if start_zoned and not end_zoned:
        last += WEST * _HOUR
    if end_zoned and not start_zoned:
        first -= EAST * _HOUR
    return first < last


def _interval(text: str) -> tuple[Decimal, Decimal, bool]:
    """Return first second, second after the last, and whether the text has a time zone."""
    found = _PARTS.fullmatch(text)
    if not found:
        raise ValueError("not a FHIR date or dateTime")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    first = date(int(year), int(month or 1), int(day or 1)).toordinal()
    if zone is None:
        last_month = int(month or 12)
        last_day = int(day or monthrange(int(year), last_month)[1])
        last = date(int(year), last_month, last_day).toordinal() + 1
        return Decimal(first * _DAY), Decimal(last * _DAY), False
    clock = int(hour) * _HOUR + int(minute) * 60 + int(second) - _offset(zone)
    moment = Decimal(first * _DAY + clock) + Decimal(f"0{fraction or ''}")
    width = Decimal(1).scaleb(1 - len(fraction)) if fraction else Decimal(1)
    return moment, moment + width, True


def _offset(zone: str) -> int:
    if zone == "Z":
        return 0
    seconds = int(zone[1:3]) * _HOUR + int(zone[4:6]) * 60
    return -seconds if zone[0] == "-" else seconds
