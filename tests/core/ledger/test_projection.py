"""Projectors by themselves: pure, total on a missing body, and strict about what they know."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest

from core.canonical import JsonObject, Number
from core.ledger import projection
from core.ledger.event import Entry, UnknownEvent
from core.ledger.projection import EVENT_TYPES, project
from core.ledger.rowops import Put, Set
from tests.builders import Bench

SHOWN = {"patient", "patient_label", "target", "location"}


@pytest.fixture(scope="module")
def lived(story: Bench) -> list[Entry]:
    found = [story.ledger.entry(seq) for seq in range(story.ledger.size)]
    return [entry for entry in found if entry is not None]


@pytest.fixture
def entries(lived: list[Entry]) -> list[Entry]:
    return copy.deepcopy(lived)


def decided(entry: Entry, body: JsonObject | None) -> Iterator[object]:
    """Yield what an event does, without the columns that are only shown."""
    for operation in project(entry.leaf, body):
        where = dict(operation.where) if isinstance(operation, Set) else None
        values = {key: item for key, item in operation.values.items() if key not in SHOWN}
        yield type(operation), operation.table, where, values


async def test_nothing_that_decides_comes_from_a_body(entries: list[Entry]) -> None:
    assert {entry.leaf["type"] for entry in entries if entry.body is not None}
    for entry in entries:
        assert list(decided(entry, entry.body)) == list(decided(entry, None))
        for operation in project(entry.leaf, None):
            assert all(operation.values.get(column) is None for column in SHOWN)


async def test_a_strange_body_shows_nothing_and_breaks_nothing(entries: list[Entry]) -> None:
    for body in ({}, {"patient": [1], "target": {}, "location": Number("1"), "patient_label": 7}):
        for entry in entries:
            for operation in project(entry.leaf, body):
                assert all(operation.values.get(column) is None for column in SHOWN)


async def test_projecting_is_repeatable_and_alters_nothing(entries: list[Entry]) -> None:
    for entry in entries:
        kept = copy.deepcopy((entry.leaf, entry.body))
        assert project(entry.leaf, entry.body) == project(*copy.deepcopy(kept))
        assert (entry.leaf, entry.body) == kept


async def test_every_move_sets_the_state_of_its_change(entries: list[Entry]) -> None:
    moved = [entry for entry in entries if "to" in entry.leaf]
    assert len(moved) > 40
    for entry in moved:
        *_, last = project(entry.leaf, entry.body)
        assert isinstance(last, Set) and last.table == "change"
        assert last.where == {
            "proposal": entry.leaf["proposal"], "idx": int(entry.leaf["index"].text),
        }  # fmt: skip
        assert last.values["state"] == entry.leaf["to"]


def leaf(**members: object) -> JsonObject:
    return {"type": "freeze.set", "tv": Number("1"), "seq": Number("3"), "at": "t", **members}


@pytest.mark.parametrize(
    "members",
    [
        {"type": "from.the.future"},
        {"tv": Number("2")},
        {"tv": Number("0")},
        {"type": ""},
        {"tv": "1"},
        {"tv": None},
        {"tv": True},
    ],
    ids=str,
)
def test_unknown_types_and_versions_are_refused(members: dict[str, object]) -> None:
    with pytest.raises(UnknownEvent):
        project(leaf(**members), None)


def test_erasing_empties_every_column_that_came_from_the_body() -> None:
    data = {"erased": Number("7"), "reason": "retention-over"}
    found = project(leaf(type="body.erased", data=data), None)
    emptied = {item.table: dict(item.values) for item in found if isinstance(item, Set)}
    assert emptied == {
        "proposal": {"patient": None, "patient_label": None},
        "change": {"target": None, "patient_label": None},
        "write": {"location": None},
    }
    assert all(7 in item.where.values() for item in found if isinstance(item, Set))
    assert {column for values in emptied.values() for column in values} == SHOWN


def test_a_freeze_is_put_and_lifted() -> None:
    actor = {"kind": "reviewer", "id": "dr-lee"}
    (put,) = project(leaf(actor=actor, data={"id": "f", "scope": {"b": "1", "a": "2"}}), None)
    values = {"id": "f", "scope": '{"b":"1","a":"2"}', "by": "dr-lee", "at": "t"}
    assert put == Put("freeze", values)
    (lifted,) = project(leaf(type="freeze.lifted", actor=actor, data={"id": "f"}), None)
    assert lifted == Set("freeze", {"id": "f"}, {"lifted_at": "t", "lifted_by": "dr-lee"})


def test_event_types_are_those_with_a_projector() -> None:
    assert {name for name, _ in projection._PROJECTORS} == EVENT_TYPES
    assert "body.erased" in EVENT_TYPES and all("." in name for name in EVENT_TYPES)


async def test_control_a_projector_that_decides_on_the_body_is_found(
    entries: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(_leaf: JsonObject, body: JsonObject | None) -> list[projection.RowOp]:
        return [Set("freeze", {"id": "f"}, {"scope": str(body)})]

    monkeypatch.setitem(projection._PROJECTORS, ("freeze.set", 1), careless)
    with pytest.raises(AssertionError):
        await test_nothing_that_decides_comes_from_a_body(entries)
