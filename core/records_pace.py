"""The rows that a reviewer's pace is told from, kept as those in `core.records`.

Source: ADR 0019.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActRow:
    """One decision or edit by a person; approvals only where it is known how long they looked."""

    seq: int
    """The seq of its event."""
    reviewer: str
    at: str
    act: str
    """`approve`, `reject`, `defer` or `edit`."""
    dwell_ms: int | None = None
    """How long an approved change was looked at; 0 for one approved together with others."""
