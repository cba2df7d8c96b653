"""Reading the dates of HTTP headers, whatever a server writes there. Source: RFC 9110 §5.6.7."""

from __future__ import annotations

import functools
from datetime import datetime
from email.utils import parsedate_to_datetime


@functools.lru_cache(maxsize=64)
def http_date(text: str | None) -> datetime | None:
    """Return the time of an HTTP date; None for none, a malformed one or one without a zone."""
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo is not None else None
