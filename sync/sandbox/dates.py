"""Dates in searches: a moment that may be as coarse as a year is an interval.

`eq2026-11` is all of November, `gt2026-11-23` reaches beyond that day. Intervals are half-open,
[low, high), in UTC; a date without time zone is taken as one in UTC.
Source: FHIR R4 search.html §3.1.1.4.4 (prefixes) and §3.1.1.4.6 (date).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from core.canonical import Json
from sync.sandbox.outcome import OutcomeError, refusal

PREFIXES = ("eq", "ne", "gt", "ge", "lt", "le", "sa", "eb")
OPEN_LOW = "0000"
OPEN_HIGH = "9999-99"
"""The bounds of what began or ends at no known time; they sort before and after every moment."""
_DATE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,6})\d*)?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d))?)?)?",
    re.ASCII,
)


def comparison(name: str, text: str) -> tuple[str, datetime, datetime]:
    """Return (prefix, low, high) of date parameter `name`; raises 400 for anything else."""
    prefix = text[:2] if text[:2] in PREFIXES else "eq"
    if text[:2] == "ap":
        raise refusal(400, "not-supported", f"{name} takes no prefix ap")
    found = _interval(text.removeprefix(prefix))
    if found is None:
        raise _bad(name)
    return prefix, *found


def moment(low: datetime) -> str:
    """Return a moment in UTC to the microsecond, in a form that sorts as moments do."""
    return low.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def bounds(value: Json) -> tuple[str, str] | None:
    """Return the interval that a date, dateTime, instant, Period or Timing covers.

    Of a Timing the outer limits count. None for what has another shape or names no moment.
    """
    if isinstance(value, str):
        return _text_bounds(value)
    if not isinstance(value, dict):
        return None
    if "start" in value or "end" in value:
        return _period(value)
    return _timing(value)


def _text_bounds(text: str) -> tuple[str, str] | None:
    found = _DATE.fullmatch(text)
    if not found:
        return None
    try:
        low = _low(found)
    except (ValueError, OverflowError):
        return None
    try:
        return moment(low), moment(_high(found, low))
    except (ValueError, OverflowError):
        return moment(low), OPEN_HIGH


def _period(value: dict[str, Json]) -> tuple[str, str] | None:
    start, end = (bounds(value[name]) if name in value else None for name in ("start", "end"))
    if ("start" in value and not start) or ("end" in value and not end):
        return None
    return (start[0] if start else OPEN_LOW, end[1] if end else OPEN_HIGH)


def _timing(value: dict[str, Json]) -> tuple[str, str] | None:
    events = value.get("event")
    repeat = value.get("repeat")
    parts: Iterable[Json] = events if isinstance(events, list) else ()
    limits = [found for found in map(bounds, parts) if found]
    if isinstance(repeat, dict) and isinstance(repeat.get("boundsPeriod"), dict):
        period = bounds(repeat["boundsPeriod"])
        limits += [period] if period else []
    if not limits:
        return None
    return min(low for low, _ in limits), max(high for _, high in limits)


def _interval(text: str) -> tuple[datetime, datetime] | None:
    found = _DATE.fullmatch(text)
    try:
        low = _low(found) if found else None
        return (low, _high(found, low)) if found and low else None
    except (ValueError, OverflowError):
        return None


def _low(found: re.Match[str]) -> datetime:
    zone = found["zone"]
    low = datetime(
        int(found["year"]),
        int(found["month"] or 1),
        int(found["day"] or 1),
        int(found["hour"] or 0),
        int(found["minute"] or 0),
        int(found["second"] or 0),
        int((found["fraction"] or "").ljust(6, "0")),
        tzinfo=datetime.fromisoformat(f"2000-01-01T00:00:00{zone}").tzinfo if zone else UTC,
    )
    return low.astimezone(UTC)


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


def _bad(name: str) -> OutcomeError:
    return refusal(
        400,
        "value",
        f"{name} takes a FHIR date, with a time zone where it has a time, after one of the"
        f" prefixes {', '.join(PREFIXES)} or none",
    )
