"""What holds other writes up: a change with an open exception, as one row."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UnsettledRow:
    """One open exception of a change that is an exception or a dead letter."""

    proposal: str
    idx: int
    patient_tag: str
    route: str | None
    """The change's route, as JSON."""
    kind: str
    """`discrepancy`, `ambiguous`, `dead-letter` and so on."""
    class_: str | None
    opened_at: str
