"""FHIR dates as the earliest moment that they may name.

A date without a time begins first at UTC+14, so that today's date is nowhere in the future, and an
age counted from there is never too small. Source: FHIR R4 datatypes (date, dateTime, instant).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_WRITTEN = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?"
    r"(T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2}))?",
    re.ASCII,
)
_FIRST_ZONE = timedelta(hours=14)


def earliest(text: str) -> datetime | None:
    """Return the earliest moment that a date, dateTime or instant may name; None: unreadable."""
    found = _WRITTEN.fullmatch(text)
    if found is None or (found.group(4) and not found.group(3)):
        return None
    try:
        if found.group(4):
            moment = datetime.fromisoformat(_to_microseconds(text))
            return moment.astimezone(UTC)
        year, month, day = (int(part or 1) for part in found.groups()[:3])
        return datetime(year, month, day, tzinfo=UTC) - _FIRST_ZONE
    except (ValueError, OverflowError):
        return None


def _to_microseconds(text: str) -> str:
    return re.sub(r"(\.\d{6})\d+", r"\1", text)
