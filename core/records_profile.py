"""What one write to an EHR was answered and came to, read to learn what the EHR does."""

from __future__ import annotations

from dataclasses import dataclass

RECENT = 200
"""So many of the ledger's newest answers are looked at for whether there is such a write."""
NOT_THERE = (405, 501)
"""HTTP statuses that say of an interaction that the server has none such (RFC 9110 §15)."""
CLIENT_IDS = "if-none-match"
"""The rung on which 405 is about ids that the client chooses (FHIR R4 http.html, update)."""
TAKEN = ("persisted", "verified", "corrected")
"""States of writes that the EHR took."""


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
