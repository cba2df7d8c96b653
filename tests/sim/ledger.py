"""The ledger in memory: the real projection over dicts, so that a run costs no encoding or disk.

A `Book` is what is durable; a `MemoryLedger` is one process's handle on it, which dies with it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from sqlmodel import SQLModel

import sync.store.incident_tables
import sync.store.recheck_tables
import sync.store.sync_tables
import sync.store.tables
import sync.store.traffic_tables  # noqa: F401  declares its table
from core.adoption_events import ADOPTED
from core.errors import Conflict, Failed
from core.ledger.event import Entry, Event, Interval, instant, make_leaf, moment
from core.ledger.projection import project
from core.ledger.rowops import Put
from core.lifecycle import OPEN, State, check
from core.ports import Clock
from core.records import (
    ChangeRow,
    ConfigRow,
    DecisionRow,
    ExceptionRow,
    FindingRow,
    FreezeRow,
    NoticeRow,
    OutputRow,
    ProposalRow,
    WriteRow,
)
from core.records_consent import HoldRow
from core.records_failure import FailureRow
from core.records_incident import GlassRow, IncidentRow, ManualRow
from core.records_pace import ActRow
from core.records_traffic import BreakerRow
from sync.store.rows import TABLES
from tests.sim.again import AgainReads
from tests.sim.learnt import LearntReads

KEYS: dict[str, tuple[str, ...]] = {
    name: tuple(column.name for column in SQLModel.metadata.tables[name].primary_key)
    for name in TABLES.values()
}
"""The primary key of each read table, as the store declares it."""
_ROWS = {name: row for row, name in TABLES.items()}
_EMPTY = {
    name: {one.name: None if one.default is MISSING else one.default for one in fields(row)}
    for name, row in _ROWS.items()
}
Key = tuple[Any, ...]
Tables = dict[str, dict[Key, Any]]


def empty() -> Tables:
    """Return the read tables before the first event."""
    return {name: {} for name in _ROWS}


def apply(tables: Tables, leaf: Any, body: Any) -> None:
    """Carry out what an event does to the read tables."""
    for operation in project(leaf, body):
        rows, key = tables[operation.table], KEYS[operation.table]
        if isinstance(operation, Put):
            values = _EMPTY[operation.table] | dict(operation.values)
            rows[tuple(values[name] for name in key)] = _ROWS[operation.table](**values)
        elif set(key) == set(operation.where):
            found = tuple(operation.where[name] for name in key)
            if found in rows:
                rows[found] = replace(rows[found], **operation.values)
        else:
            for found, row in rows.items():
                if all(getattr(row, name) == value for name, value in operation.where.items()):
                    rows[found] = replace(row, **operation.values)


@dataclass
class Book:
    """What survives every process of one workspace."""

    ledger: str
    tables: Tables = field(default_factory=empty)
    entries: list[Entry] = field(default_factory=list)
    hi: str = ""
    epoch: int = 0
    kept: dict[Hashable, Any] = field(default_factory=dict)
    """What was made of the documents in force."""
    locked: bool = False
    """A process is inside BEGIN IMMEDIATE."""

    def copy(self) -> Book:
        tables = {name: dict(rows) for name, rows in self.tables.items()}
        return Book(self.ledger, tables, list(self.entries), self.hi, self.epoch)

    def replayed(self) -> Tables:
        """Return what the events add up to, from the first on."""
        tables = empty()
        for entry in self.entries:
            apply(tables, entry.leaf, entry.body)
        return tables


class MemoryReads(LearntReads, AgainReads):
    """Implements `core.ports.Reads`."""

    def __init__(self, book: Book):
        self.book = book

    def _rows(self, table: str, where: Callable[[Any], bool], order: str = "") -> list[Any]:
        found = [row for row in self.book.tables[table].values() if where(row)]
        names = order.split()
        return sorted(found, key=lambda row: [getattr(row, name) for name in names])

    def proposal(self, proposal: str) -> ProposalRow | None:
        return self.book.tables["proposal"].get((proposal,))

    def same_proposal(self, agent: str, correlation: str) -> ProposalRow | None:
        mine = (agent, correlation)
        found = self._rows("proposal", lambda row: (row.agent, row.correlation) == mine)
        return found[0] if found else None

    def open_proposals(self, agent: str) -> int:
        states = ("proposed", "policy-approved", "pending-human-review", "deferred", "expired")
        mine = self._rows("change", lambda row: row.agent == agent and row.state in states)
        return len({row.proposal for row in mine})

    def nth_newest(self, agent: str, number: int, content: str | None = None) -> str | None:
        mine = self._rows(
            "proposal",
            lambda row: row.agent == agent and content in (None, row.content_tag),
            "at",
        )
        return None if len(mine) < number else mine[-number].at

    def changes(self, proposal: str) -> Sequence[ChangeRow]:
        return self._rows("change", lambda row: row.proposal == proposal, "idx")

    def change(self, proposal: str, index: int) -> ChangeRow | None:
        return self.book.tables["change"].get((proposal, index))

    def changes_in(self, *states: str) -> Sequence[ChangeRow]:
        return self._rows("change", lambda row: row.state in states, "state_seq proposal idx")

    def asked_before(self, asked: str) -> Sequence[ChangeRow]:
        return self._rows("change", lambda row: row.asked == asked, "state_seq")[:-101:-1]

    def open_creates(self, patient_tag: str, type_: str) -> Sequence[ChangeRow]:
        def wanted(row: ChangeRow) -> bool:
            same = (row.patient_tag, row.type, row.op) == (patient_tag, type_, "create")
            return same and row.state in OPEN

        return self._rows("change", wanted, "proposal idx")

    def decisions(self, proposal: str, index: int) -> Sequence[DecisionRow]:
        mine = (proposal, index)
        return self._rows("decision", lambda row: (row.proposal, row.idx) == mine, "seq")

    def write(self, operation: str) -> WriteRow | None:
        return self.book.tables["write"].get((operation,))

    def exceptions(self, proposal: str, index: int) -> Sequence[ExceptionRow]:
        mine = (proposal, index, None)
        return self._rows(
            "exception", lambda row: (row.proposal, row.idx, row.closed_at) == mine, "id"
        )

    def failure(self, operation: str) -> FailureRow | None:
        return self.book.tables["failure"].get((operation,))

    def breaker(self, ehr: str) -> BreakerRow | None:
        return self.book.tables["breaker"].get((ehr,))

    def unchecked(self, ehr: str, most: int) -> int:
        unsettled = ("sending", "ambiguous", "persisted", "held-by-ehr", "exception")
        found = self._rows("change", lambda row: row.state in unsettled and row.ehr == ehr)
        return min(len(found), most)

    def answered_since(self, agent: str, ehr: str, at: str) -> Sequence[str | None]:
        newest = self._rows("write", lambda _: True, "intent_seq")[-200:]
        changes = self.book.tables["change"]
        whose = [(row, changes[row.proposal, row.idx]) for row in newest]
        return [
            row.failure
            for row, change in whose
            if (row.receipt_at or "") >= at and (change.agent, change.ehr) == (agent, ehr)
        ]

    def waiting_reviews(self) -> int:
        return len(self._rows("change", lambda row: row.state == "pending-human-review"))

    def decided_since(self, at: str) -> int:
        return len(self._rows("decision", lambda row: row.at >= at))

    def proposal_of_task(self, task: str) -> ProposalRow | None:
        found = self._rows("proposal", lambda row: row.task == task)
        return found[0] if found else None

    def outputs(self, task: str) -> Sequence[OutputRow]:
        return self._rows("output", lambda row: row.task == task, "seq")

    def decided(self, digest: str) -> bool:
        return bool(self._rows("decision", lambda row: row.digest == digest))

    def hub_proposals(self) -> Sequence[ProposalRow]:
        return self._rows("proposal", lambda row: row.task is not None, "seq")

    def untold(self) -> Sequence[ProposalRow]:
        """No hub is simulated, so no proposal has a Task to answer on."""
        return []

    def open_findings(self) -> Sequence[FindingRow]:
        return self._rows("finding", lambda row: row.closed_at is None, "id")

    def found(self, task: str, code: str) -> bool:
        return bool(self._rows("finding", lambda row: (row.task, row.code) == (task, code)))

    def freezes(self) -> Sequence[FreezeRow]:
        return self._rows("freeze", lambda row: row.lifted_at is None, "at id")

    def notices(self, proposal: str, index: int) -> Sequence[NoticeRow]:
        mine = (proposal, index)
        return self._rows("notice", lambda row: (row.proposal, row.idx) == mine, "seq")

    def untold_notices(self) -> Sequence[NoticeRow]:
        return self._rows("notice", lambda row: row.delivered_at is None, "seq")

    def urgent(self, *states: str) -> Sequence[ChangeRow]:
        timed = {row.id for row in self.book.tables["proposal"].values() if row.needed_by}

        def wanted(row: ChangeRow) -> bool:
            return row.state in states and (row.urgency != "routine" or row.proposal in timed)

        return self._rows("change", wanted, "state_seq proposal idx")

    def open_incidents(self) -> Sequence[IncidentRow]:
        return self._rows("incident", lambda row: row.closed_at is None, "seq")

    def incident(self, incident: str) -> IncidentRow | None:
        return self.book.tables["incident"].get((incident,))

    def incidents(self, proposal: str, index: int) -> Sequence[IncidentRow]:
        mine = (proposal, index)
        return self._rows("incident", lambda row: (row.proposal, row.idx) == mine, "seq")

    def manual(self, operation: str) -> ManualRow | None:
        return self.book.tables["manual"].get((operation,))

    def broken_glass(self, proposal: str, index: int) -> Sequence[GlassRow]:
        mine = (proposal, index)
        return self._rows("glass", lambda row: (row.proposal, row.idx) == mine, "seq")

    def holds(self) -> Sequence[HoldRow]:
        return self._rows("consent_hold", lambda row: row.ended is None, "due proposal idx")

    def acts_by(self, reviewer: str, limit: int) -> Sequence[ActRow]:
        return self._rows("act", lambda row: row.reviewer == reviewer, "seq")[: -limit - 1 : -1]

    def config(self, kind: str) -> ConfigRow | None:
        return self.book.tables["config"].get((kind,))

    def while_unchanged(self, key: Hashable, make: Callable[[], Any]) -> Any:
        if key not in self.book.kept:
            self.book.kept[key] = make()
        return self.book.kept[key]

    def moment(self) -> AbstractContextManager[None]:
        return nullcontext()

    def entry(self, seq: int) -> Entry | None:
        return self.book.entries[seq] if 0 <= seq < len(self.book.entries) else None

    def trail(self, proposal: str) -> Sequence[Entry]:
        return [entry for entry in self.book.entries if entry.leaf.get("proposal") == proposal]


class MemoryTransaction(MemoryReads):
    """Implements `core.ports.Transaction`."""

    def __init__(self, book: Book, clock: Interval, on_append: Callable[[Entry], None]):
        super().__init__(book)
        self.clock = clock
        self._on_append = on_append

    @property
    def size(self) -> int:
        return len(self.book.entries)

    def append(self, event: Event) -> Entry:
        self._check_transition(event)
        leaf = make_leaf(
            event, ledger=self.book.ledger, seq=self.size, clock=self.clock, commitment=None
        )
        entry = Entry(self.size, leaf, event.body)
        apply(self.book.tables, leaf, event.body)
        if self.book.kept and event.type == ADOPTED:
            self.book.kept.clear()
        self.book.entries.append(entry)
        self._on_append(entry)
        return entry

    def holds_lease(self, epoch: int) -> bool:
        return self.book.epoch == epoch

    def _check_transition(self, event: Event) -> None:
        if event.after is None:
            return
        if event.before is None:
            if event.after != State.PROPOSED:
                raise Failed(f"{event.type} enters {event.after} from nowhere")
            return
        found = self.change(event.about.proposal or "", -1 if event.about.index is None
                            else event.about.index)  # fmt: skip
        if found is None or found.state != event.before:
            raise Conflict(f"change {event.about.index} is no longer {event.before}")
        check(State(event.before), State(event.after), event.type)


class MemoryLedger(MemoryReads):
    """Implements `core.ports.Ledger` for one process; `hooks` are told of every step."""

    def __init__(self, book: Book, clock: Clock, hooks: Hooks):
        super().__init__(book)
        self._clock = clock
        self._hooks = hooks

    @property
    def id(self) -> str:
        return self.book.ledger

    def interval(self) -> Interval:
        now = self._clock.now()
        return Interval(now, _later(now, self.book.hi))

    def create(self, first: Event) -> None:
        with self.transaction() as transaction:
            transaction.append(first)

    @contextmanager
    def transaction(self) -> Iterator[MemoryTransaction]:
        self._hooks.alive()
        book = self.book
        if book.locked:
            raise Conflict("another process holds the store")
        tables = {name: dict(rows) for name, rows in book.tables.items()}
        size, book.locked = len(book.entries), True
        try:
            self._hooks.begun()
            clock = self.interval()
            yield MemoryTransaction(book, clock, self._hooks.appended)
            self._hooks.ending()
        except BaseException:
            book.tables = tables
            book.kept.clear()
            del book.entries[size:]
            raise
        finally:
            book.locked = False
        if len(book.entries) > size:
            book.hi = instant(clock.hi)
            self._hooks.committed()


class Hooks:
    """What a process's handle on the ledger tells the simulation; the base does nothing."""

    def alive(self) -> None:
        """Raise Killed if the process is dead."""

    def begun(self) -> None:
        """A transaction holds the store."""

    def appended(self, entry: Entry) -> None:
        """An event was appended and may still be rolled back."""

    def ending(self) -> None:
        """The transaction is about to commit."""

    def committed(self) -> None:
        """It is durable."""


def _later(now: datetime, hi: str) -> datetime:
    return max(now, moment(hi)) if hi else now
