"""Everything that a person must look at, in one order: what may harm first, then by due time.

Exceptions of writes, approvals that became void, and Tasks of the hub that were set aside.
Source: design §10, hub-protocol §7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol

from core.ledger.event import instant, moment
from core.lifecycle import State
from core.policy.service import CHANGED
from core.reconcile.levels import Queue, queue_of
from core.records import ChangeRow, ExceptionRow, FindingRow

Kind = Literal["exception", "void", "unresolved", "finding"]
MOST_VOID = 500
"""How many changes with a void approval are listed."""
OURS = frozenset({"edited", "recalled", "reassigned", "dependency-edited", "sent-to-review"})
"""Reasons that somebody chose; nobody needs to find out why."""
UNRESOLVED = (State.AMBIGUOUS, State.HELD_BY_EHR, State.DEAD_LETTER)
"""Writes whose end is not known, or that nobody sends any more."""
GRAVE = 2
_GRAVITY = {
    "critical": 0,
    "alarm": 1,
    "untold": 1,
    "changed": 2,
    "ambiguous": 3,
    "missing": 0,
    "duplicate": 0,
    "overwrote": 0,
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing to look at."""

    kind: Kind
    number: int
    """The event that opened it; -1 for a void approval."""
    code: str
    """`discrepancy`, `refused`, `void`, `quarantine` and so on."""
    class_: str
    since: str
    change: ChangeRow | None = None
    exception: ExceptionRow | None = None
    finding: FindingRow | None = None

    @property
    def queue(self) -> Queue:
        """Which of the two queues it waits in; what is no exception needs human review."""
        return queue_of(None if self.exception is None else self.exception.class_)

    @property
    def due(self) -> str | None:
        """By when somebody must have seen to it; None for what has no clock of its own."""
        return None if self.exception is None else self.exception.due

    @property
    def key(self) -> tuple[str, str, int]:
        """What it is, for a list that changes: kind, proposal or Task, number or index."""
        if self.change is not None and self.exception is None:
            return self.kind, self.change.proposal, self.change.idx
        if self.exception is not None:
            return self.kind, self.exception.proposal, self.number
        return self.kind, self.finding.task if self.finding else "", self.number


class TroubleReads(Protocol):
    """What is read for it."""

    def open_exceptions(self) -> Sequence[ExceptionRow]:
        """Return every open exception."""

    def open_findings(self) -> Sequence[FindingRow]:
        """Return what was found about Tasks and not closed."""

    def voided(self, limit: int) -> Sequence[ChangeRow]:
        """Return changes that wait again because an approval became void, oldest first."""

    def changes_in(self, *states: str) -> Sequence[ChangeRow]:
        """Return the changes in any of `states`."""

    def changes_named(self, keys: Sequence[tuple[str, int]]) -> Sequence[ChangeRow]:
        """Return those changes that are in the store."""


def troubles(reads: TroubleReads) -> list[Trouble]:
    """Return everything to look at: what may harm first, then what is due first."""
    exceptions = reads.open_exceptions()
    asked = list({(item.proposal, item.idx) for item in exceptions})
    changes: Mapping[tuple[str, int], ChangeRow] = {
        (row.proposal, row.idx): row
        for start in range(0, len(asked), 400)
        for row in reads.changes_named(asked[start : start + 400])
    }
    found = [
        Trouble("exception", item.id, item.kind, item.class_ or "", item.opened_at,
                changes.get((item.proposal, item.idx)), item)
        for item in exceptions
    ]  # fmt: skip
    found += [
        Trouble("void", -1, "void", row.void or "", row.since, row)
        for row in reads.voided(MOST_VOID)
        if row.void not in OURS
    ]
    found += [
        Trouble("unresolved", -1, row.state, "", row.since, row)
        for row in reads.changes_in(*UNRESOLVED)
        if (row.proposal, row.idx) not in changes
    ]
    found += [
        Trouble("finding", item.id, item.severity, item.code, item.at, finding=item)
        for item in reads.open_findings()
    ]
    return sorted(found, key=_place)


def _place(item: Trouble) -> tuple[int, str, int, str, tuple[str, str, int]]:
    """Return where it stands: what may harm first, then by when it is due, then by gravity.

    What has no clock of its own stands where a changed chart of its age would.
    """
    gravity = _gravity(item)
    usual = instant(moment(item.since) + timedelta(seconds=CHANGED.seconds))
    return (gravity if gravity < GRAVE else GRAVE, item.due or usual, gravity, item.since, item.key)


def _gravity(item: Trouble) -> int:
    return min(_GRAVITY.get(item.class_, 9), _GRAVITY.get(item.code, 8))
