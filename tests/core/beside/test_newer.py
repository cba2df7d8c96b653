"""A quoted source that was amended, or is not the newest on its subject, says so."""

from __future__ import annotations

from typing import Any

import pytest

from core.beside.lines import newer_lines, newest_words
from core.canonical import JsonObject
from core.intake.stage import stage
from core.view import proposal_json, view_proposal
from tests.builders import NOTE, Bench, document, exact_object, phone_change, proposal

KIND = {"coding": [{"system": "http://loinc.org", "code": "11506-3"}]}
OTHER = {"coding": [{"system": "http://loinc.org", "code": "18842-5"}]}


async def newer(bench: Bench, version: str | None = None) -> JsonObject:
    named = {} if version is None else {"version": version}
    quote = {"source": "DocumentReference/n1", "quote": "a new mobile number 555 0199",
             "supports": [0], **named}  # fmt: skip
    staged = await stage(bench.workspace, document(proposal(phone_change(), evidence=[quote])))
    (item,) = proposal_json(view_proposal(bench.ledger, staged.proposal))["evidence"]
    found: JsonObject = item["newer"]
    return found


def note(bench: Bench, id_: str, **elements: Any) -> None:
    bench.ehr.put(exact_object({**NOTE, "type": KIND, "id": id_, **elements}))


async def test_newer_ones_are_counted_with_the_newest_date(bench: Bench) -> None:
    note(bench, "n1")
    note(bench, "n2", date="2026-11-21T10:00:00Z")
    note(bench, "n3", date="2026-11-22T10:00:00Z")
    note(bench, "n4", date="2026-11-19T10:00:00Z")
    note(bench, "n5", date="2026-11-23T10:00:00Z", type=OTHER)
    note(bench, "n6", date="2026-11-23T10:00:00Z", subject={"reference": "Patient/other"})
    note(bench, "n7", date="2026-11-23T10:00:00Z", status="entered-in-error")
    (line,) = newer_lines(await newer(bench))
    assert line.loud
    assert line.text == "2 newer sources on the same subject, the newest of 2026-11-22T10:00:00Z"


async def test_an_amended_source_says_so(bench: Bench) -> None:
    note(bench, "n1")
    found = await newer(bench, "1")
    (line,) = newer_lines(found)
    assert line.text == "the quote's source was amended since: version 2 is current" and line.loud


async def test_none_newer_is_said_only_where_it_was_looked_for(bench: Bench) -> None:
    assert newest_words(await newer(bench)) == "newer ones not looked for"


@pytest.mark.parametrize("how", ["unsearchable", "unsearched"])
async def test_what_could_not_be_searched_is_said(bench: Bench, how: str) -> None:
    note(bench, "n1")
    setattr(bench.ehr, how, frozenset({"DocumentReference"}))
    found = await newer(bench)
    (line,) = newer_lines(found)
    assert "could not be read" in line.text and line.loud and not newest_words(found)


async def test_none_newer(bench: Bench) -> None:
    note(bench, "n1")
    found = await newer(bench)
    assert not list(newer_lines(found)) and newest_words(found) == "none newer"
