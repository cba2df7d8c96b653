"""What a queue row says, from the change table alone, and in which order rows stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from console.presenters.texts import span
from core.ledger.event import moment
from core.lifecycle import OPEN, State
from core.records import ChangeRow

Key = tuple[str, int]
"""A change: proposal id and index."""

NOT_SENT = "ready, not yet sent"
"""How an approval that has no effect yet is told from one that has."""

_URGENCY = {"stat": 0, "urgent": 1, "routine": 2}


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One row as it is drawn; texts are foreign and not yet inert."""

    key: Key
    due: str
    late: bool
    """Whether less than an hour is left."""
    urgency: str
    what: str
    patient: str
    agent: str
    state: str


def states(*, all_open: bool) -> tuple[str, ...]:
    """Return the states that the queue shows."""
    return tuple(sorted(OPEN)) if all_open else (str(State.PENDING),)


def queue_rows(changes: Iterable[ChangeRow], now: datetime) -> list[QueueRow]:
    """Return the rows in order: by urgency, then by what expires first, then by age."""
    return [queue_row(change, now) for change in sorted(changes, key=_rank)]


def queue_row(change: ChangeRow, now: datetime) -> QueueRow:
    """Return one row; only a change that waits for a person has a countdown."""
    waits = change.state in (State.PENDING, State.DEFERRED)
    until = moment(change.expires) if change.expires and waits else None
    return QueueRow(
        key=(change.proposal, change.idx),
        due="" if until is None else span(until, now),
        late=until is not None and (until - now).total_seconds() < 3600,
        urgency=change.urgency,
        what=what(change),
        patient=change.patient_label or "(erased)",
        agent=change.agent,
        state=NOT_SENT if change.state == State.READY else change.state,
    )


def what(change: ChangeRow) -> str:
    """Return `create Condition`, `update Patient.telecom`, or `update Patient.name +1`."""
    if change.op == "create":
        return f"create {change.type}"
    elements = sorted({".".join(path.split(".")[:2]) for path, _ in change.touched})
    if not elements:
        return f"update {change.type}"
    more = f" +{len(elements) - 1}" if len(elements) > 1 else ""
    return f"update {elements[0]}{more}"


def _rank(change: ChangeRow) -> tuple[int, str, int, str, int]:
    urgency = _URGENCY.get(change.urgency, len(_URGENCY))
    return urgency, change.expires or "~", change.state_seq, change.proposal, change.idx
