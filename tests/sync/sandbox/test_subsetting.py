"""_elements and _summary: the parts that are served, and that they say they are parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.canonical import RESPONSE, parse_object
from sync.sandbox.store import Store
from sync.sandbox.subsetting import SUBSETTED
from tests.sync.sandbox.searches import Asker

OBSERVATION = b"""{"resourceType":"Observation","id":"o1","meta":{"tag":[{"code":"mine"}]},
"text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">x</div>"},
"status":"final","_status":{"id":"s"},"code":{"text":"x"},"issued":"2026-01-01T00:00:00Z",
"_issued":{"id":"i"},"subject":{"reference":"Patient/p1"},
"valueQuantity":{"value":1.10,"unit":"mg"},"note":[{"text":"n"}]}"""
ALWAYS = {"resourceType", "id", "meta"}
NEEDED = {"status", "_status", "code"}
REST = {"issued", "_issued", "subject", "valueQuantity", "note"}


@pytest.fixture
def ask(clock: Any) -> Iterator[Asker]:
    store = Store(":memory:", clock)
    asker = Asker(store)
    asker.put(
        parse_object(OBSERVATION, RESPONSE),
        {"resourceType": "Patient", "id": "p1", "active": False, "name": [{"text": "x"}]},
    )
    yield asker
    store.close()


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("_elements=note", {"note"} | NEEDED),
        ("_elements=issued,value", {"issued", "_issued", "valueQuantity"} | NEEDED),
        ("_elements=id", NEEDED),
        ("_elements=text&_summary=false", {"text"} | NEEDED),
        ("_summary=data", NEEDED | REST),
        ("_summary=text", {"text"} | NEEDED),
    ],
)
def test_a_part_holds_what_was_asked_and_what_must_be(
    ask: Asker, query: str, kept: set[str]
) -> None:
    part = ask(f"Observation?{query}")["entry"][0]["resource"]
    assert part.keys() == ALWAYS | kept
    assert part["meta"]["tag"] == [{"code": "mine"}, SUBSETTED]
    assert part["meta"]["versionId"] == "1"


def test_what_changes_the_meaning_is_never_left_out(ask: Asker) -> None:
    part = ask("Patient?_elements=name")["entry"][0]["resource"]
    assert part.keys() == ALWAYS | {"name", "active"}


@pytest.mark.parametrize("query", ["", "?_summary=false", "?_total=none"])
def test_the_whole_is_served_byte_for_byte(ask: Asker, query: str) -> None:
    stored = ask.store.read("Observation", "o1")
    assert stored is not None
    body = ask.raw(f"Observation{query}")
    assert b'"resource":' + stored.body + b',"search":{"mode":"match"}' in body
    assert b"SUBSETTED" not in body


def test_numbers_keep_their_text_in_a_part(ask: Asker) -> None:
    assert b'"value":1.10,' in ask.raw("Observation?_elements=value")


def test_what_is_stored_is_not_touched(ask: Asker) -> None:
    before = ask.store.read("Observation", "o1")
    ask("Observation?_elements=note")
    assert ask.store.read("Observation", "o1") == before


def test_the_tag_stands_once(ask: Asker) -> None:
    body = parse_object(OBSERVATION, RESPONSE)
    ask.put({**body, "meta": {"tag": [dict(SUBSETTED)]}})
    part = ask("Observation?_summary=data")["entry"][0]["resource"]
    assert part["meta"]["tag"] == [SUBSETTED]


def test_included_resources_are_whole(ask: Asker) -> None:
    found = ask("Observation?_elements=note&_include=Observation:subject")["entry"]
    assert [entry["resource"].keys() >= {"name"} for entry in found] == [False, True]
    assert "tag" not in found[1]["resource"]["meta"]
