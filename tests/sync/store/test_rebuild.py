"""The read tables are the replay of the events, whatever happened to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from importlib.resources import files
from pathlib import Path

import pytest

from core.ledger import projection
from core.ledger.event import Actor, Event, UnknownEvent, read_leaf
from sync.store import rows
from sync.store.connection import Connection
from sync.store.verify import rebuild, verify_store
from tests.builders import Bench


def test_the_story_touches_nearly_every_event_and_table(story: Bench) -> None:
    leaves = story.connection.execute("SELECT leaf FROM leaf").fetchall()
    types = {read_leaf(leaf)["type"] for (leaf,) in leaves}
    assert projection.EVENT_TYPES - types <= {"body.erased"}
    assert all(rows.dump(story.connection).values())


def test_rebuild_equals_what_was_live(copy: Callable[[], Connection]) -> None:
    connection = copy()
    live = rows.dump(connection)
    events = rebuild(connection)
    assert events == connection.execute("SELECT size FROM tree").fetchone()[0]
    assert rows.dump(connection) == live and verify_store(connection).ok


def test_rebuild_repairs_whatever_the_tables_say(copy: Callable[[], Connection]) -> None:
    connection = copy()
    live = rows.dump(connection)
    connection.execute("UPDATE change SET state = 'verified', void = 'x'")
    connection.execute("DELETE FROM decision")
    connection.execute("INSERT INTO freeze (id, scope, \"by\", at) VALUES ('f', '{}', 'x', 'y')")
    assert not verify_store(connection).ok
    rebuild(connection)
    assert rows.dump(connection) == live and verify_store(connection).ok


def test_a_store_of_before_gets_what_its_events_say(copy: Callable[[], Connection]) -> None:
    """A column that old events fill is filled when it is added, or the store would not verify."""
    connection = copy()
    live = rows.dump(connection)
    for column in ("asked_from", "edited"):
        connection.execute(f"UPDATE change SET {column} = NULL")  # noqa: S608
        assert not verify_store(connection).ok
    script = files("sync.store.migrations").joinpath("0004.sql").read_text("utf-8")
    fills = [part for part in script.split(";\n") if part.startswith("UPDATE")]
    assert len(fills) == 2
    for fill in fills:
        connection.execute(fill)
    assert rows.dump(connection) == live and verify_store(connection).ok


def test_rebuild_without_any_body_decides_the_same(copy: Callable[[], Connection]) -> None:
    """Projectors work without bodies: only what is shown becomes empty."""
    connection = copy()
    live = rows.dump(connection)
    connection.execute("DELETE FROM body")
    rebuild(connection)
    shown = {"patient", "patient_label", "target", "location"}
    replayed = rows.dump(connection)
    for row, table in rows.TABLES.items():
        names = [field.name for field in fields(row)]
        kept = [place for place, name in enumerate(names) if name not in shown]
        gone = [place for place, name in enumerate(names) if name in shown]
        pick = [[found[place] for place in kept] for found in replayed[table]]
        assert sorted(pick, key=repr) == sorted(
            ([found[place] for place in kept] for found in live[table]), key=repr
        )
        assert all(found[place] is None for found in replayed[table] for place in gone)


def test_rebuild_that_fails_leaves_the_tables_as_they_were(
    copy: Callable[[], Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = copy()
    live = rows.dump(connection)
    monkeypatch.delitem(projection._PROJECTORS, ("freeze.lifted", 1))
    with pytest.raises(UnknownEvent, match=r"freeze\.lifted version 1, unknown to this release"):
        rebuild(connection)
    assert rows.dump(connection) == live and not connection.in_transaction


@pytest.mark.parametrize(
    "event",
    [
        Event("from.the.future", Actor("system", "x")),
        Event("freeze.set", Actor("system", "x"), version=2),
    ],
    ids=["type", "version"],
)
def test_unknown_event_is_neither_appended_nor_replayed(
    tmp_path: Path, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    size = bench.ledger.size
    with pytest.raises(UnknownEvent), bench.ledger.transaction() as transaction:
        transaction.append(event)
    assert bench.ledger.size == size and verify_store(bench.connection).ok
    with monkeypatch.context() as newer:
        newer.setitem(projection._PROJECTORS, (event.type, event.version), lambda _leaf, _body: [])
        with bench.ledger.transaction() as transaction:
            transaction.append(event)
        assert verify_store(bench.connection).ok
    with pytest.raises(UnknownEvent):
        rebuild(bench.connection)
    report = verify_store(bench.connection)
    assert not report.ok and "unknown to this release" in str(report.problems[0])


def test_control_a_projector_that_reads_a_clock_of_its_own_shows(
    copy: Callable[[], Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ("freeze.set", 1)
    inner = projection._PROJECTORS[key]

    def impure(leaf: projection.JsonObject, body: projection.JsonObject | None) -> list:
        return inner({**leaf, "at": "now"}, body)

    monkeypatch.setitem(projection._PROJECTORS, key, impure)
    with pytest.raises(AssertionError):
        test_rebuild_equals_what_was_live(copy)
