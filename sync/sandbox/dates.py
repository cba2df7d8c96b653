"""The dates of `_lastUpdated`: a prefix and a moment that may be as coarse as a year.

A coarse moment is an interval: `eq2026-11` is all of November, `gt2026-11-23` begins with the
24th. Source: FHIR R4 search.html §3.1.1.4.4 (prefixes) and §3.1.1.4.6 (date).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from sync.sandbox.outcome import refusal

PREFIXES = ("eq", "ne", "gt", "ge", "lt", "le")
_DATE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,6})\d*)?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d))?)?)?"
)
_MILLISECOND = timedelta(milliseconds=1)


def comparison(text: str) -> tuple[str, datetime, datetime]:
    """Return (prefix, low, high) of a date parameter; the moment is in [low, high).

    Both bounds are in UTC and rounded up to whole milliseconds, the precision of what is stored.
    Raises 400 for anything else.
    """
    prefix = text[:2] if text[:2] in PREFIXES else "eq"
    found = _DATE.fullmatch(text.removeprefix(prefix))
    if not found:
        raise _bad()
    try:
        low = _low(found)
        return prefix, _ceiling(low), _ceiling(_high(found, low))
    except (ValueError, OverflowError):
        raise _bad() from None


def _low(found: re.Match[str]) -> datetime:
    zone = found["zone"]
    moment = datetime(
        int(found["year"]),
        int(found["month"] or 1),
        int(found["day"] or 1),
        int(found["hour"] or 0),
        int(found["minute"] or 0),
        int(found["second"] or 0),
        int((found["fraction"] or "").ljust(6, "0")),
        tzinfo=datetime.fromisoformat(f"2000-01-01T00:00:00{zone}").tzinfo if zone else UTC,
    )
    return moment.astimezone(UTC)


def _high(found: re.Match[str], low: datetime) -> datetime:
    if found["fraction"]:
        return low + timedelta(microseconds=10 ** (6 - len(found["fraction"])))
    if found["second"]:
        return low + timedelta(seconds=1)
    if found["hour"]:
        return low + timedelta(minutes=1)
    if found["day"]:
        return low + timedelta(days=1)
    if found["month"]:
        return (low.replace(day=28) + timedelta(days=4)).replace(day=1)
    return low.replace(year=low.year + 1)


def _ceiling(moment: datetime) -> datetime:
    over = timedelta(microseconds=moment.microsecond % 1000)
    return moment + (_MILLISECOND - over) if over else moment


def _bad() -> Exception:
    return refusal(
        400, "value", "a date must be eq, ne, gt, ge, lt or le and a FHIR date with time zone"
    )
