"""The generic table: what HTTP statuses and OperationOutcome codes mean, each row with its source.

Where rows disagree, design §9 wins, then the row of a single code over that of a range, then the
more cautious class. So a 503 is ambiguous also where it carries a Retry-After (design §9: 5xx).
Source: design §9; FHIR R4 http.html and CodeSystem issue-type; RFC 9110.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.failure.classes import CAUTION, Failure

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Row:
    """One row; every condition that is given must hold.

    `codes` are the server's own numbers, from … to, both included.
    """

    failure: Failure
    source: str
    statuses: tuple[Span, ...] = ()
    issues: frozenset[str] = frozenset()
    codes: tuple[Span, ...] = ()
    retry_after: bool = False
    """The answer must carry a Retry-After."""
    retries: int | None = None
    """How often it is sent again at most, after the chart was read."""
    until: str | None = None
    """Where a throttled write waits for a window: `minute`, `day` (UTC) or `next-day`."""
    words: str = ""
    """What the vendor says that the code means."""

    def names(self, status: int) -> bool:
        """Tell whether the row names exactly this status."""
        return (status, status) in self.statuses

    def covers(self, status: int) -> bool:
        """Tell whether the status is one of the row's; true where it names none."""
        return not self.statuses or within(status, self.statuses)

    def rank(self) -> int:
        """Return how cautious it is; the lower, the more."""
        return CAUTION.index(self.failure)


def within(number: int, spans: Iterable[Span]) -> bool:
    """Tell whether a number lies in one of the spans."""
    return any(first <= number <= last for first, last in spans)


def _on(failure: Failure, source: str, *statuses: int | Span) -> Row:
    spans = tuple((one, one) if isinstance(one, int) else one for one in statuses)
    return Row(failure, source, spans)


_HTTP = "FHIR R4 http.html (status codes)"
_DESIGN = "design §9"
_DUPLICATE = frozenset({"duplicate"})

STATUSES: tuple[Row, ...] = (
    _on(Failure.ACCEPTED, "US Core 9.0.0 Writing Clinical Notes: 202 is mediated", 202),
    _on(Failure.PRECONDITION, f"{_HTTP}: If-Match, If-None-Match, If-None-Exist", 304, 409, 412),
    Row(Failure.DUPLICATE, "FHIR R4 issue-type: duplicate, with 409", ((409, 409),), _DUPLICATE),
    _on(Failure.PRECONDITION, "RFC 4918 §11.3: the resource is locked", 423),
    _on(Failure.UNKNOWN, f"{_DESIGN}: 408 and 5xx are ambiguous", 408, (500, 599)),
    _on(Failure.AUTHENTICATION, "RFC 6750 §3.1", 401),
    _on(Failure.AUTHORIZATION, f"{_HTTP}: not authorised to write this", 403),
    _on(Failure.THROTTLED, "RFC 6585 §4", 429),
    _on(Failure.REDIRECTED, f"{_DESIGN}: no redirect is followed", (300, 399)),
    _on(Failure.VALIDATION, f"{_HTTP}: 400 and 422, and what else is refused", (400, 499)),
)
"""By HTTP status. A status that no row covers is the unknown outcome."""

_ISSUES = "FHIR R4 CodeSystem issue-type"


def _said(failure: Failure, *issues: str) -> Row:
    return Row(failure, f"{_ISSUES}: {', '.join(issues)}", ((400, 499),), frozenset(issues))


ISSUES: tuple[Row, ...] = (
    _said(Failure.THROTTLED, "throttled"),
    _said(Failure.UNKNOWN, "transient", "timeout", "no-store", "exception", "incomplete"),
    _said(Failure.PRECONDITION, "conflict", "lock-error"),
    _said(Failure.DUPLICATE, "duplicate"),
    _said(Failure.BUSINESS_RULE, "business-rule"),
    _said(Failure.AUTHORIZATION, "forbidden", "security", "suppressed"),
    _said(Failure.AUTHENTICATION, "login", "expired"),
    _said(
        Failure.VALIDATION,
        "invalid", "structure", "required", "value", "invariant", "not-supported", "not-found",
        "deleted", "code-invalid", "extension", "too-long", "too-costly", "processing",
    ),
)  # fmt: skip
"""By OperationOutcome issue code, where the status lies in the 4xx and is not certain by itself."""

NOT_SENT = Row(Failure.NOT_SENT, f"{_DESIGN}: no byte has left")
NO_ANSWER = Row(Failure.UNKNOWN, f"{_DESIGN}: any error after the first byte may have left")
NOT_PROVEN = Row(Failure.UNKNOWN, f"{_DESIGN}: an answer that does not prove what was written")
FOUND = Row(Failure.DUPLICATE, f"{_HTTP}: a conditional create that found one (200)")
