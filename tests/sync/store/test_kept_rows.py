"""Rows that are kept: what is read is what the store holds, whoever wrote it and however."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.incident.freeze import declare, lift
from core.ledger.event import About, Actor, Event
from core.lifecycle import State
from sync.store import kept, ledger
from sync.store.connection import Connection, connect
from sync.store.erase import erase_body
from sync.store.kept import DOCUMENTS, Kept, Rest
from tests.builders import Bench
from tests.core.gateway.scenario import approve, change, in_state
from tests.sync.store.story import live

ACTOR = Actor("system", "gateway")
Get = Callable[..., Any]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    found = Bench(tmp_path)
    yield found
    found.connection.close()


@pytest.fixture
def other(bench: Bench) -> Iterator[Connection]:
    """Another process on the same store."""
    found = connect(bench.path, None)
    yield found
    found.close()


def reading_again(stale: list[Hashable]) -> Get:
    """Return a `Kept.get` that reads each kept row once more, and tells where it is another."""
    real = Kept.get

    def get(
        self: Kept, key: Hashable, make: Callable[[], Any], rests: Iterable[Rest] = DOCUMENTS
    ) -> Any:
        found = real(self, key, make, rests)
        if rests is not DOCUMENTS and make() != found:
            stale.append(key)
        return found

    return get


def test_through_a_whole_story_nothing_that_is_kept_is_stale(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale: list[Hashable] = []
    monkeypatch.setattr(Kept, "get", reading_again(stale))
    asyncio.run(live(bench))
    assert stale == []


@pytest.mark.parametrize("table", ["change", "write", "freeze", "config"])
async def test_control_a_table_that_is_forgotten_is_stale(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    def rest_of(operation: Any) -> Rest:
        found = kept.rest_of(operation)
        return ("nothing", None) if found[0] == table else found

    stale: list[Hashable] = []
    monkeypatch.setattr(ledger, "rest_of", rest_of)
    monkeypatch.setattr(Kept, "get", reading_again(stale))
    try:
        await live(bench)
    except Exception:  # noqa: BLE001 - on stale rows the story goes wrong, which is as good
        stale.append(table)
    assert stale


async def test_a_row_that_another_process_writes_is_read_anew(
    bench: Bench, other: Connection
) -> None:
    id_ = await in_state(bench, State.PENDING)
    before = change(bench, id_)
    other.execute("UPDATE change SET void = 'x' WHERE proposal = ?", (id_,))
    assert before.void is None and change(bench, id_).void == "x"


async def test_within_a_moment_what_others_commit_comes_after_it(
    bench: Bench, other: Connection
) -> None:
    id_ = await in_state(bench, State.PENDING)
    with bench.ledger.moment():
        assert change(bench, id_).void is None
        other.execute("UPDATE change SET void = 'x' WHERE proposal = ?", (id_,))
        with bench.ledger.moment():
            assert change(bench, id_).void is None
        # A transaction decides, so it sees what is committed whatever moment it stands in.
        with bench.ledger.transaction() as transaction:
            found = transaction.change(id_, 0)
            assert found is not None and found.void == "x"
        assert change(bench, id_).void == "x"


async def test_within_a_moment_one_s_own_appends_are_seen(bench: Bench) -> None:
    id_ = await in_state(bench, State.PENDING)
    with bench.ledger.moment():
        assert change(bench, id_).state == State.PENDING
        approve(bench, id_)
        assert change(bench, id_).state == State.READY
        bench.connection.execute("UPDATE change SET void = 'x' WHERE proposal = ?", (id_,))
        assert change(bench, id_).void == "x"


async def test_a_freeze_that_was_rolled_back_was_never_in_force(bench: Bench) -> None:
    assert not bench.ledger.freezes()
    with pytest.raises(RuntimeError), bench.ledger.transaction() as transaction:
        transaction.append(Event("freeze.set", ACTOR, About(), data={"id": "f", "scope": {}}))
        assert len(transaction.freezes()) == 1
        raise RuntimeError
    assert not bench.ledger.freezes()


def test_a_freeze_is_seen_at_once_and_so_is_its_end(bench: Bench) -> None:
    assert not bench.ledger.freezes()
    declared = declare(bench.workspace, {}, "a test")
    assert [one.id for one in bench.ledger.freezes()] == [declared]
    lift(bench.workspace, declared, "over")
    assert not bench.ledger.freezes()


async def test_an_erased_body_is_gone(bench: Bench) -> None:
    id_ = await in_state(bench, State.PENDING)
    seq = change(bench, id_).body_seq
    entry = bench.ledger.entry(seq)
    assert entry is not None and entry.body is not None
    erase_body(bench.ledger, seq, ACTOR, "asked")
    again = bench.ledger.entry(seq)
    assert again is not None and again.body is None


def test_an_event_that_is_not_there_yet_is_there_once_it_is(bench: Bench) -> None:
    size = bench.ledger.size
    assert bench.ledger.entry(size) is None
    declare(bench.workspace, {}, "a test")
    assert bench.ledger.entry(size) is not None


async def test_what_was_made_while_another_process_wrote_is_not_kept(
    bench: Bench, other: Connection
) -> None:
    """Made half of before and half of after, it would stand until the next write."""
    id_ = await in_state(bench, State.PENDING)

    def make() -> tuple[str | None, str | None]:
        before = change(bench, id_).void
        other.execute("UPDATE change SET void = 'x' WHERE proposal = ?", (id_,))
        return before, change(bench, id_).void

    assert bench.ledger.while_unchanged("both", make) == (None, "x")
    assert bench.ledger.while_unchanged("both", make) == ("x", "x")


def test_only_so_much_is_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 3)
    found, made = Kept(bench.connection), []
    for key in (1, 2, 3, 1, 4, 1):
        found.get(key, lambda: made.append(1))
    assert len(made) == 5
