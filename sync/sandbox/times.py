"""How moments are written: FHIR instants and HTTP dates."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime


def instant(moment: datetime) -> str:
    """Return a FHIR instant in UTC, cut to milliseconds; such texts sort as their moments do."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def http_date(updated: str) -> str:
    """Return the HTTP date of a FHIR instant, in whole seconds."""
    return format_datetime(datetime.fromisoformat(updated).astimezone(UTC), usegmt=True)
