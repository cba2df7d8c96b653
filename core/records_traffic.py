"""The row about an EHR that is left alone, kept as those in `core.records`. Source: design §9."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BreakerRow:
    """The circuit breaker of one EHR, since it opened last."""

    ehr: str
    since: str
    """When it opened."""
    cause: str
    """`unanswered`, `failing` or `authentication`."""
    attempt: int
    """How often it was asked in vain, the failure that opened it included."""
    until: str
    """When a read may ask again."""
    closed_at: str | None = None
    """When it closed; None while it is open."""
