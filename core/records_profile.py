"""What one write to an EHR was answered and came to, read to learn what the EHR does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One operation that was sent; its newest answer, and what reconciliation found."""

    seq: int
    """The seq of the answer's event."""
    at: str
    type: str
    op: str
    rung: str
    state: str
    """Of the write: `persisted`, `verified`, `refused` …"""
    status: int | None
    """HTTP status; None where reading back told what became of it."""
    failure: str | None
    code: str | None
    """The EHR's own number, where its profile knows it."""
    class_: str | None
    """Of the newest reconciliation."""
