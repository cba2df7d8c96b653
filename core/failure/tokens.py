"""What a refusal of the token endpoint is, before anything of a write was sent.

Source: design §9 (authentication: one refresh; throttled: wait for the window); RFC 6749 §5.2; RFC
6585 §4; the vendors' own words in `[[failures.tokens]]` of their profiles.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import CountersignError, Refused
from core.failure.classes import Failure
from core.failure.dialect import Dialect
from core.failure.table import Row
from core.ports import AskedLess, NoToken

TOO_MANY = 429
REFUSED_TOKEN = Row(Failure.AUTHENTICATION, "SMART Backend Services: no token was issued")
PUT_OFF = Row(Failure.THROTTLED, "RFC 6585 §4: the token endpoint asks for fewer requests")


@dataclass(frozen=True, slots=True)
class NoGrant:
    """Why there is no token: the row, the endpoint's code where a row names it, the wait."""

    row: Row
    code: str | None = None
    retry_after: float | None = None


def no_grant(error: CountersignError, dialect: Dialect) -> NoGrant | None:
    """Return what a failed request for a token is; None for an endpoint that gave no answer."""
    if isinstance(error, AskedLess):
        found = dialect.by_token("", TOO_MANY) or PUT_OFF
        return NoGrant(found, None, error.retry_after)
    if not isinstance(error, Refused):
        return None
    oauth = error.oauth if isinstance(error, NoToken) else ""
    known = dialect.by_token(oauth)
    return NoGrant(REFUSED_TOKEN) if known is None else NoGrant(known, oauth)
