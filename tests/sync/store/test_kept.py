"""What is kept of the documents in force is never older than the store: who wrote, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.adoption import adopt
from core.canonical import JsonObject, exact
from core.ledger.beside_events import UNCONFIRMED
from core.ledger.event import About, Actor, Event
from core.reconcile.unconfirmed import unconfirmed_since
from core.trust import Untrusted, check_in_force
from core.workspace import document
from sync.store.connection import Connection, connect
from sync.store.kept import Kept
from tests.builders import Bench

ACTOR = Actor("system", "gateway")
FORGED = "UPDATE config SET document = document || '# more' WHERE kind = 'policy'"


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


def edited(bench: Bench) -> str:
    return f"{document(bench.ledger, 'policy').document}\n# a remark\n"


def by_another(_bench: Bench, other: Connection) -> None:
    other.execute(FORGED)


def by_this_one(bench: Bench, _other: Connection) -> None:
    bench.connection.execute(FORGED)


def between_appends(bench: Bench, _other: Connection) -> None:
    with bench.ledger.transaction() as transaction:
        transaction.connection.execute(FORGED)
        with pytest.raises(Untrusted):
            check_in_force(transaction, "policy")


WAYS = (by_another, by_this_one, between_appends)


@pytest.mark.parametrize("way", WAYS)
def test_a_document_put_in_by_another_way_is_not_trusted_for_what_stood_before(
    bench: Bench, other: Connection, way: Callable[[Bench, Connection], None]
) -> None:
    check_in_force(bench.ledger, "policy")
    way(bench, other)
    with pytest.raises(Untrusted):
        check_in_force(bench.ledger, "policy")
    with bench.ledger.transaction() as transaction, pytest.raises(Untrusted):
        check_in_force(transaction, "policy")


@pytest.mark.parametrize("way", WAYS[:2])
def test_control_without_the_stamp_it_would_be(
    bench: Bench,
    other: Connection,
    way: Callable[[Bench, Connection], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Kept, "_now", lambda _self: (0, 0))
    check_in_force(bench.ledger, "policy")
    way(bench, other)
    check_in_force(bench.ledger, "policy")


def test_an_adoption_is_seen_at_once(bench: Bench) -> None:
    text = edited(bench)
    adopt(bench.workspace, "policy", text)
    assert document(bench.ledger, "policy").document == text
    check_in_force(bench.ledger, "policy")


def test_what_was_rolled_back_was_never_in_force(bench: Bench) -> None:
    before = document(bench.ledger, "policy")
    with pytest.raises(RuntimeError), bench.ledger.transaction() as transaction:
        transaction.connection.execute(FORGED)
        assert document(transaction, "policy") != before
        raise RuntimeError
    assert document(bench.ledger, "policy") == before


def test_what_is_read_in_a_transaction_beside_the_ledger_is_not_kept(bench: Bench) -> None:
    before = document(bench.ledger, "policy")
    bench.connection.execute("BEGIN IMMEDIATE")
    bench.connection.execute(FORGED)
    assert document(bench.ledger, "policy") != before
    bench.connection.execute("ROLLBACK")
    assert document(bench.ledger, "policy") == before


def test_nothing_is_read_twice_while_nothing_changes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_in_force(bench.ledger, "policy")
    monkeypatch.setattr("core.trust.adoption_problems", lambda *_: [(0, "read again")])
    check_in_force(bench.ledger, "policy")
    with bench.ledger.transaction() as transaction:
        check_in_force(transaction, "policy")


def test_an_append_that_changes_no_document_leaves_what_was_read(bench: Bench) -> None:
    """Each write says that its Provenance is there, and only the first time is that news."""
    ledger, made = bench.ledger, []

    def append(type_: str, data: JsonObject) -> None:
        with ledger.transaction() as transaction:
            transaction.append(Event(type_, ACTOR, About(ehr="sandbox", operation="o1"), data=data))

    def known() -> int:
        ledger.while_unchanged("known", lambda: made.append(1) or 1)
        return len(made)

    assert known() == 1
    append("provenance.recorded", {"outcome": "written"})
    assert known() == 1
    append(UNCONFIRMED, {"number": exact(1)})
    assert known() == 2
    append("provenance.recorded", {"outcome": "written"})
    assert known() == 3 and unconfirmed_since(ledger, "sandbox") is None
    append("provenance.recorded", {"outcome": "written"})
    assert known() == 3
