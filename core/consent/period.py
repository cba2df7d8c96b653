"""Whether a moment lies in a FHIR Period. Source: FHIR R4 §2.24.0.12 Period, §2.24.0.1 dateTime.

A bound may be a year, a month, a day or an instant; the end includes all of what it names. A bound
without a zone is read in UTC.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

from core.canonical import Json

_SHAPE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(T.+)?)?)?", re.ASCII)


class Unreadable(Exception):
    """Something in a Consent cannot be understood; `where` names the element."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


def holds(period: Json, at: datetime) -> bool:
    """Tell whether `at` lies within; raises Unreadable for what is no period."""
    if not isinstance(period, dict):
        raise Unreadable("period")
    start, end = period.get("start"), period.get("end")
    if start is None and end is None:
        raise Unreadable("period")
    begun = start is None or _first(start, "period.start") <= at
    return begun and (end is None or at < _after(end, "period.end"))


def is_after(later: Json, earlier: Json) -> bool:
    """Tell whether one dateTime surely lies after another; False where either cannot be told."""
    try:
        return _first(later, "dateTime") >= _after(earlier, "dateTime")
    except Unreadable:
        return False


def _first(value: Json, where: str) -> datetime:
    year, month, day, time = _parts(value, where)
    if time is not None:
        return _instant(str(value), where)
    return _day(year, month or 1, day or 1, where)


def _after(value: Json, where: str) -> datetime:
    year, month, day, time = _parts(value, where)
    if time is not None:
        return _plus(_instant(str(value), where), timedelta(seconds=1))
    last = _day(year, month or 12, day or 1, where)
    if day is None:
        last = last.replace(day=monthrange(year, last.month)[1])
    return _plus(last, timedelta(days=1))


def _plus(when: datetime, more: timedelta) -> datetime:
    # An end in 9999 is how many systems write "for ever"; the calendar has no moment after it.
    try:
        return when + more
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _parts(value: Json, where: str) -> tuple[int, int | None, int | None, str | None]:
    found = _SHAPE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Unreadable(where)
    year, month, day, time = found.groups()
    return int(year), int(month) if month else None, int(day) if day else None, time


def _day(year: int, month: int, day: int, where: str) -> datetime:
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        raise Unreadable(where) from None


def _instant(text: str, where: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(where) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
