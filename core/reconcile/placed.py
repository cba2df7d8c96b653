"""Where in the chart a change stands, whoever put it there: the gateway, or a person by hand.

Source: design §9 (manual entry), §10 (the schedule is one for both).
"""

from __future__ import annotations

from dataclasses import dataclass

from core.ports import Reads
from core.records import ChangeRow

MATCHED = "matched"
"""What reading the chart says of an entry by hand that was found."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A change that is known to stand in the chart."""

    location: str
    """Shown: `Type/id`."""
    seq: int
    """The event since which it is known: the EHR's answer, or the reading that found it."""
    at: str
    """When that was; empty where it is not known."""
    provenance: str | None = None
    by_hand: bool = False


def placed(reads: Reads, change: ChangeRow) -> Placed | None:
    """Return where a change stands; None where it is not known, or the record was erased."""
    entered = reads.manual(change.operation)
    if entered is not None:
        if entered.found != MATCHED or entered.checked_seq is None:
            return None
        entry = reads.entry(entered.checked_seq)
        location = None if entry is None or entry.body is None else entry.body.get("location")
        if entry is None or not isinstance(location, str):
            return None
        return Placed(location, entered.checked_seq, str(entry.leaf["at"]), by_hand=True)
    written = reads.write(change.operation)
    if written is None or written.location is None:
        return None
    return Placed(
        written.location, written.receipt_seq or 0, written.receipt_at or "", written.provenance
    )


def shown_seq(reads: Reads, change: ChangeRow) -> int | None:
    """Return the event whose body holds what people are to see of it: differences and record."""
    entered = reads.manual(change.operation)
    if entered is not None:
        return entered.shown_seq
    written = reads.write(change.operation)
    return None if written is None else written.reconciled_seq
