"""Appends: all or nothing, serial across connections, and on a clock that never goes back."""

# ruff: noqa: S608 (table names are constants of the schema)

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.canonical import exact
from core.errors import Conflict, Failed
from core.incident.freeze import declare
from core.ledger import projection
from core.ledger.event import About, Actor, Event, UnknownEvent
from core.lifecycle import IllegalTransition
from core.review.decide import Answer, decide
from sync.store import rows
from sync.store.connection import Connection, DatabaseError, connect
from sync.store.ledger import StoreLedger, StoreTransaction
from sync.store.verify import verify_store
from tests.builders import Bench, phone_change
from tests.core.gateway.scenario import change, staged
from tests.fakes import START


class Snag(Exception):
    """What the failing connection raises."""


class Failing:
    """A connection that breaks at its nth statement, and works again after it."""

    def __init__(self, connection: Connection, at: int):
        self._connection = connection
        self._at = at
        self.count = 0

    def execute(self, *arguments: Any) -> Any:
        self.count += 1
        if self.count == self._at:
            raise Snag
        return self._connection.execute(*arguments)

    @property
    def in_transaction(self) -> bool:
        return bool(self._connection.in_transaction)

    @property
    def total_changes(self) -> int:
        return int(self._connection.total_changes)


def freeze(name: str, reason: str = "r") -> Event:
    data = {"id": name, "scope": exact({})}
    return Event("freeze.set", Actor("reviewer", "dr-lee"), data=data, body={"reason": reason})


def everything(connection: Connection) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = dict(rows.dump(connection))
    for table in ("leaf", "body", "tree", "checkpoint"):
        found[table] = connection.execute(f"SELECT * FROM {table}").fetchall()
    return found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    found = Bench(tmp_path)
    yield found
    found.connection.close()


def fail_everywhere(bench: Bench, act: Callable[[StoreLedger], None]) -> int:
    """Fail `act` at its first statement, its second, … until it gets through; returns how many."""
    before, told = everything(bench.connection), []
    for at in range(1, 1000):
        failing = Failing(bench.connection, at)
        ledger = StoreLedger(failing, bench.clock, bench.ring.checkpoint_key, told.append)
        try:
            act(ledger)
        except Snag:
            assert not bench.connection.in_transaction and not told
            assert everything(bench.connection) == before
            assert verify_store(bench.connection).ok
            continue
        assert failing.count < at and len(told) == 1
        assert everything(bench.connection) != before
        assert verify_store(bench.connection).ok
        return at - 1
    raise AssertionError("it never got through")


def test_a_transaction_of_many_appends_is_all_or_nothing(bench: Bench) -> None:
    def act(ledger: StoreLedger) -> None:
        with ledger.transaction() as transaction:
            for number in range(3):
                transaction.append(freeze(f"f{number}"))

    # BEGIN, who else wrote, tree, three times leaf, body and projection, tree, checkpoint, COMMIT.
    assert fail_everywhere(bench, act) == 3 + 3 * 3 + 3


async def test_a_decision_is_all_or_nothing(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    seen = change(bench, id_).change_digest

    def act(ledger: StoreLedger) -> None:
        decide(replace(bench.workspace, ledger=ledger), id_, 0, Answer("approve", seen=seen))

    assert fail_everywhere(bench, act) > 8
    assert change(bench, id_).state == "ready-for-write"


def test_control_committing_each_statement_by_itself_leaves_half_an_append(bench: Bench) -> None:
    class Autocommit(Failing):
        def execute(self, *arguments: Any) -> Any:
            if str(arguments[0]).split()[0] in ("BEGIN", "COMMIT", "ROLLBACK"):
                return None
            return super().execute(*arguments)

    ledger = StoreLedger(Autocommit(bench.connection, 4), bench.clock, bench.ring.checkpoint_key)
    with pytest.raises(Snag), ledger.transaction() as transaction:
        transaction.append(freeze("f"))
    assert not verify_store(bench.connection).ok


def test_an_error_of_the_caller_takes_its_appends_back(bench: Bench) -> None:
    before = everything(bench.connection)
    with pytest.raises(Snag), bench.ledger.transaction() as transaction:
        transaction.append(freeze("f"))
        raise Snag
    assert everything(bench.connection) == before


def test_half_an_append_cannot_be_committed_though_its_error_is_swallowed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(bench.connection)

    def swallow() -> None:
        with bench.ledger.transaction() as transaction:
            transaction.append(freeze("first"))
            with monkeypatch.context() as broken, pytest.raises(UnknownEvent):
                broken.delitem(projection._PROJECTORS, ("freeze.set", 1))
                transaction.append(freeze("second"))

    with pytest.raises(Failed, match="half-way"):
        swallow()
    assert everything(bench.connection) == before


async def test_refused_transition_writes_nothing_and_the_transaction_goes_on(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    about = About(proposal=id_, index=0)
    pending, size = "pending-human-review", bench.ledger.size
    with bench.ledger.transaction() as transaction:
        for before, after, error in (
            (pending, "sending", IllegalTransition),
            ("ready-for-write", "sending", Conflict),
            (None, "ready-for-write", Failed),
        ):
            event = Event("change.due", Actor("system", "x"), about, before=before, after=after)
            with pytest.raises(error):
                transaction.append(event)
        with pytest.raises(Failed, match="moves no change"):
            transaction.append(
                Event("change.due", Actor("system", "x"), before=pending, after="rejected")
            )
        transaction.append(freeze("f"))
    assert bench.ledger.size == size + 1 and verify_store(bench.connection).ok


def test_no_append_no_checkpoint(bench: Bench) -> None:
    before = everything(bench.connection)
    with bench.ledger.transaction():
        pass
    assert everything(bench.connection) == before


def test_a_ledger_without_its_key_only_reads(bench: Bench) -> None:
    reader = StoreLedger(bench.connection, bench.clock, None)
    before = everything(bench.connection)
    for act in (lambda: reader.transaction().__enter__(), lambda: reader.create(freeze("f"))):
        with pytest.raises(Failed, match="for reading only"):
            act()
    assert everything(bench.connection) == before
    assert reader.size == bench.ledger.size and reader.head() == bench.ledger.head()


def test_a_second_opening_is_refused(bench: Bench) -> None:
    before = everything(bench.connection)
    with pytest.raises(DatabaseError):
        bench.ledger.create(freeze("f"))
    assert everything(bench.connection) == before


@contextmanager
def second(bench: Bench, wait_ms: int = 0) -> Iterator[StoreLedger]:
    connection = connect(bench.path, None)
    connection.execute(f"PRAGMA busy_timeout = {wait_ms}")
    try:
        yield StoreLedger(connection, bench.clock, bench.ring.checkpoint_key)
    finally:
        connection.close()


def append(ledger: StoreLedger, name: str) -> int:
    with ledger.transaction() as transaction:
        return transaction.append(freeze(name)).seq


def test_size_and_frontier_are_read_in_the_transaction(bench: Bench) -> None:
    first = bench.ledger.size
    with second(bench) as other:
        seqs = [append(ledger, f"f{number}") for number, ledger in enumerate(_turns(bench, other))]
    assert seqs == list(range(first, first + 10)) and verify_store(bench.connection).ok


def _turns(bench: Bench, other: StoreLedger) -> list[StoreLedger]:
    return [bench.ledger, other, other, bench.ledger, bench.ledger] * 2


def test_control_a_remembered_tree_collides(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    remembered: dict[int, StoreTransaction] = {}
    begin = StoreLedger._begin

    def stale(self: StoreLedger) -> StoreTransaction:
        return remembered.setdefault(id(self), begin(self))

    monkeypatch.setattr(StoreLedger, "_begin", stale)
    with pytest.raises(DatabaseError, match="UNIQUE"):
        test_size_and_frontier_are_read_in_the_transaction(bench)


def test_a_second_writer_waits_at_the_door(bench: Bench) -> None:
    """The write lock is taken before anything is read, so no transaction rests on an old state."""
    with second(bench) as other:
        with bench.ledger.transaction() as transaction:
            transaction.append(freeze("mine"))
            with pytest.raises(Conflict, match="another process holds the store"):
                append(other, "theirs")
        seq = append(other, "theirs")
    assert seq == bench.ledger.size - 1 and verify_store(bench.connection).ok


class Deferred:
    """A connection on which BEGIN IMMEDIATE is only BEGIN."""

    def __init__(self, connection: Connection):
        self._connection = connection

    def execute(self, statement: str, *arguments: Any) -> Any:
        return self._connection.execute(statement.replace(" IMMEDIATE", ""), *arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def test_control_a_deferred_transaction_fails_in_the_middle(bench: Bench) -> None:
    with second(bench) as other:
        mine = StoreLedger(Deferred(bench.connection), bench.clock, bench.ring.checkpoint_key)
        with pytest.raises(DatabaseError, match="locked"), mine.transaction() as transaction:
            append(other, "theirs")
            transaction.append(freeze("mine"))


def test_a_reader_sees_whole_transactions_only(bench: Bench) -> None:
    size = bench.ledger.size
    with second(bench) as other:
        with bench.ledger.transaction() as transaction:
            transaction.append(freeze("f"))
            assert other.size == size and not other.freezes()
            assert verify_store(other.connection).ok
        assert other.size == size + 1 and len(other.freezes()) == 1


def test_the_high_water_mark_never_goes_back(bench: Bench) -> None:
    bench.clock.time = START + timedelta(hours=1)
    append(bench.ledger, "late")
    for step, minutes in enumerate((-600, -1, 0, 30)):
        bench.clock.time = START + timedelta(minutes=minutes)
        with second(bench) as other, other.transaction() as transaction:
            assert transaction.clock.lo == bench.clock.time
            assert transaction.clock.hi == START + timedelta(hours=1)
            transaction.append(freeze(f"f{step}"))
    bench.clock.time = START + timedelta(hours=2)
    append(bench.ledger, "later")
    marks = [
        entry.leaf["clock"]["hi"]
        for seq in range(bench.ledger.size)
        if (entry := bench.ledger.entry(seq))
    ]
    assert marks == sorted(marks) and marks[-1] == "2026-11-23T11:00:00.000Z"
    assert verify_store(bench.connection).ok


async def test_a_clock_set_back_revives_no_approval(bench: Bench) -> None:
    """What expired stays expired though the clock is set back: `hi` is what expiry is held to."""
    id_ = await staged(bench, phone_change())
    seen = change(bench, id_).change_digest
    bench.clock.advance(hours=48)
    declare(bench.workspace, {"type": "Observation"}, "notes the time")
    bench.clock.time = START
    with pytest.raises(Conflict):
        decide(bench.workspace, id_, 0, Answer("approve", seen=seen))


def test_told_only_after_the_commit(bench: Bench) -> None:
    """Whoever keeps heads outside the store learns of one that another process can read."""
    told: list[int] = []
    with second(bench) as other:

        def tell(note: str) -> None:
            assert note == other.head()
            told.append(other.size)

        ledger = StoreLedger(bench.connection, bench.clock, bench.ring.checkpoint_key, tell)
        append(ledger, "f")
    assert told == [bench.ledger.size]
