"""Documents that are no proposal: one clear error with field and remedy, nothing stored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import BadInput, Refused
from core.intake.documents import MAX_INPUT, documents, failures
from core.proposal import MAX_CHANGES, MAX_QUOTES, MAX_SOURCES
from tests.builders import Bench, phone_change, problem_change, proposal
from tests.core.intake.scenario import refusal, size, submit, submit_changes, update

TEXT = json.dumps(proposal())


def deep(levels: int) -> str:
    return TEXT[:-1] + ', "x": ' + "[" * levels + "]" * levels + "}"


BYTES: dict[str, tuple[bytes, str]] = {
    "not JSON": (b"hello", "not JSON"),
    "cut off": (TEXT[:-1].encode(), "not JSON"),
    "single quotes": (TEXT.replace('"', "'").encode(), "not JSON"),
    "two objects on a line": ((TEXT + TEXT).encode(), "not JSON"),
    "a list": (f"[{TEXT}]".encode(), "not a JSON object"),
    "a string": (b'"x"', "not a JSON object"),
    "null": (b"null", "not a JSON object"),
    "a number": (b"1", "not a JSON object"),
    "NaN": (TEXT.replace("0.9", "NaN").encode(), "NaN"),
    "Infinity": (TEXT.replace("0.9", "Infinity").encode(), "Infinity"),
    "minus Infinity": (TEXT.replace("0.9", "-Infinity").encode(), "-Infinity"),
    "duplicate key": (TEXT.replace('"ehr"', '"ehr": "x", "ehr"', 1).encode(), "twice"),
    "duplicate key inside": (
        TEXT.replace('"op": "create"', '"op": "create", "op": "create"').encode(), "twice",
    ),
    "escaped duplicate": (TEXT.replace('"ehr"', '"eh\\u0072": "x", "ehr"', 1).encode(), "twice"),
    "lone surrogate": (TEXT.replace("The note", "\\ud800").encode(), "surrogate"),
    "surrogate in a key": (TEXT.replace('"ehr"', '"\\udfff": 1, "ehr"', 1).encode(), "surrogate"),
    "not UTF-8": (TEXT.encode().replace(b"The note", b"\xff\xfe"), "UTF-8"),
    "UTF-16": (TEXT.encode("utf-16-le"), "not JSON"),
    "byte order mark": (b"\xef\xbb\xbf" + TEXT.encode(), "byte order mark"),
    "deep": (deep(64).encode(), "nested"),
    "very deep": (deep(100_000).encode(), "nested"),
    "unclosed": (b"[" * 100_000, "nested"),
    "long string": (json.dumps(proposal(rationale="x" * 70_000)).encode(), "string"),
    "long number": (TEXT.replace("0.9", "0." + "9" * 50).encode(), "number"),
    "huge exponent": (TEXT.replace("0.9", "1e-999999999").encode(), "exponent"),
    "10 MB": (json.dumps(proposal(rationale="x" * 10_000_000)).encode(), "limit"),
    "10 MB of blanks": (TEXT.encode() + b" " * 10_000_000, "limit"),
    "control character": (TEXT.replace("The note", "a\x01b").encode(), "not JSON"),
}  # fmt: skip


@pytest.mark.parametrize("name", BYTES)
async def test_bytes_that_are_no_proposal(bench: Bench, name: str) -> None:
    data, words = BYTES[name]
    error = await refusal(bench, data, BadInput)
    assert words in error.problem
    assert error.field == "proposal"


def changed(**members: Any) -> dict[str, Any]:
    """Return a proposal with members replaced; ... leaves one out."""
    return {key: value for key, value in proposal(**members).items() if value is not ...}


AGENT = {"id": "scribe-1", "model": "m@1", "prompt": "p@1"}
QUOTE = {"source": "DocumentReference/n1", "quote": "a new mobile number", "supports": [0]}

# name: (the proposal, the field that the error names)
SHAPES: dict[str, tuple[dict[str, Any], str]] = {
    "empty": ({}, "agent"),
    "unknown key": (changed(zeal=1), "zeal"),
    "unknown key of the agent": (changed(agent=AGENT | {"x": 1}), "agent.x"),
    "unknown key of a change": (changed(changes=[problem_change(x=1)]), "changes[0].x"),
    "unknown key of a quote": (changed(evidence=[QUOTE | {"x": 1}]), "evidence[0].x"),
    "strange key": (changed(**{"\x1b[31m[@click=x]": 1}), "??31m??click?x?"),
    "no agent": (changed(agent=...), "agent"),
    "agent is text": (changed(agent="scribe-1"), "agent"),
    "agent without model": (changed(agent={"id": "scribe-1", "prompt": "p"}), "agent.model"),
    "agent with a strange id": (changed(agent=AGENT | {"id": "a b"}), "agent.id"),
    "agent with a newline": (changed(agent=AGENT | {"model": "m\n"}), "agent.model"),
    "services is text": (changed(agent=AGENT | {"services": "x"}), "agent.services"),
    "no patient": (changed(patient=...), "patient"),
    "patient is null": (changed(patient=None), "patient"),
    "patient is an id": (changed(patient="example"), "patient"),
    "patient is absolute": (changed(patient="http://x/Patient/example"), "patient"),
    "patient climbs": (changed(patient="Patient/../Patient/1"), "patient"),
    "patient is a search": (changed(patient="Patient/1?x=y"), "patient"),
    "patient of a version": (changed(patient="Patient/1/_history/1"), "patient"),
    "no such patient": (changed(patient="Patient/nobody"), "patient"),
    "unknown EHR": (changed(ehr="elsewhere"), "ehr"),
    "encounter of a wrong type": (changed(encounter="Patient/example"), "encounter"),
    "no such encounter": (changed(encounter="Encounter/none"), "encounter"),
    "encounter of another patient": (changed(encounter="Encounter/e2"), "encounter"),
    "unknown purpose": (changed(purpose="FUN"), "purpose"),
    "purpose is a number": (changed(purpose=1), "purpose"),
    "purpose is a list": (changed(purpose=[]), "purpose"),
    "unknown urgency": (changed(urgency="asap"), "urgency"),
    "needed by no time": (changed(needed_by="soon"), "needed_by"),
    "needed by local time": (changed(needed_by="2026-11-23T10:00:00"), "needed_by"),
    "needed by a number": (changed(needed_by=5), "needed_by"),
    "confidence is text": (changed(confidence="0.9"), "confidence"),
    "confidence is true": (changed(confidence=True), "confidence"),
    "confidence too large": (changed(confidence=1.01), "confidence"),
    "confidence below 0": (changed(confidence=-0.1), "confidence"),
    "empty rationale": (changed(rationale=""), "rationale"),
    "long rationale": (changed(rationale="x" * 4001), "rationale"),
    "correlation with a slash": (changed(correlation_id="a/b"), "correlation_id"),
    "long correlation": (changed(correlation_id="x" * 65), "correlation_id"),
    "no changes": (changed(changes=[]), "changes"),
    "changes is an object": (changed(changes={}), "changes"),
    "many changes": (changed(changes=[problem_change()] * (MAX_CHANGES + 1)), "changes"),
    "no op": (changed(changes=[{"resource": {}}]), "changes[0]"),
    "unknown op": (changed(changes=[{"op": "delete", "target": "Patient/1"}]), "changes[0]"),
    "change is text": (changed(changes=["x"]), "changes[0]"),
    "create with a target": (
        changed(changes=[problem_change(target="Condition/1")]), "changes[0].target",
    ),
    "create without resource": (changed(changes=[{"op": "create"}]), "changes[0].resource"),
    "resource is a list": (changed(changes=[problem_change(resource=[])]), "changes[0].resource"),
    "update without base": (
        changed(changes=[{"op": "update", "target": "Patient/example", "patch": [{}]}]),
        "changes[0].base_version",
    ),
    "update with both": (changed(changes=[phone_change(resource={})]), "changes[0]"),
    "update with neither": (changed(changes=[update("Patient/example")]), "changes[0]"),
    "patch is empty": (changed(changes=[phone_change(patch=[])]), "changes[0].patch"),
    "patch of texts": (changed(changes=[phone_change(patch=["x"])]), "changes[0].patch[0]"),
    "target climbs": (changed(changes=[phone_change(target="Patient/..%2f")]), "changes[0].target"),
    "no such target": (changed(changes=[phone_change(target="Patient/x")]), "changes[0].target"),
    "target of another": (
        changed(changes=[phone_change(target="Patient/other")]), "changes[0].target",
    ),
    "base never existed": (
        changed(changes=[phone_change(base_version="7")]), "changes[0].base_version",
    ),
    "base is a number": (
        changed(changes=[phone_change(base_version=1)]), "changes[0].base_version",
    ),
    "depends on itself": (changed(changes=[problem_change(depends_on=[0])]), "proposal"),
    "depends on a later one": (
        changed(changes=[problem_change(depends_on=[1]), problem_change()]), "proposal",
    ),
    "supports what is not there": (changed(evidence=[QUOTE | {"supports": [2]}]), "proposal"),
    "supports nothing": (changed(evidence=[QUOTE | {"supports": []}]), "evidence[0].supports"),
    "supports -1": (changed(evidence=[QUOTE | {"supports": [-1]}]), "evidence[0].supports[0]"),
    "supports 0.5": (changed(evidence=[QUOTE | {"supports": [0.5]}]), "evidence[0].supports[0]"),
    "empty quote": (changed(evidence=[QUOTE | {"quote": ""}]), "evidence[0].quote"),
    "absolute source": (changed(evidence=[QUOTE | {"source": "http://x"}]), "evidence[0].source"),
    "source of another": (
        changed(evidence=[QUOTE, QUOTE | {"source": "Observation/n2"}]), "evidence[1].source",
    ),
    "another patient as source": (
        changed(evidence=[QUOTE | {"source": "Patient/other"}]), "evidence[0].source",
    ),
    "many quotes": (changed(evidence=[QUOTE] * (MAX_QUOTES + 1)), "evidence"),
    "many sources": (
        changed(evidence=[QUOTE | {"source": f"Observation/{i}"} for i in range(MAX_SOURCES + 1)]),
        "proposal",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
async def test_a_wrong_shape_names_its_field(bench: Bench, name: str) -> None:
    value, field = SHAPES[name]
    error = await refusal(bench, value, BadInput)
    assert error.field == field


async def test_an_agent_that_is_not_enrolled_is_refused(bench: Bench) -> None:
    error = await refusal(bench, proposal(agent=AGENT | {"id": "stranger"}), Refused)
    assert error.field == "agent.id"


@pytest.mark.parametrize("at", ["before", "between", "after"])
def test_one_bad_line_among_good_ones(at: str) -> None:
    bad = {"before": 0, "between": 1, "after": 2}[at]
    lines = [json.dumps(proposal(correlation_id=f"c-{index}")) for index in range(2)]
    lines.insert(bad, "{bad")
    found = documents("\n".join(["", *lines, ""]).encode())
    assert [item.line for item in found] == [2, 3, 4]
    assert [item.proposal is None for item in found] == [index == bad for index in range(3)]
    ((where, error),) = failures(found)
    assert where == f"line {bad + 2}"
    assert error.remedy


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_one_object_a_line(ending: str) -> None:
    found = documents((TEXT + ending + TEXT + ending).encode())
    assert [item.line for item in found] == [1, 2]
    assert all(item.proposal is not None for item in found)


def test_a_large_line_does_not_take_the_others_with_it() -> None:
    found = documents(
        f"{TEXT}\n{json.dumps(proposal(rationale='x' * 10_000_000))}\n{TEXT}".encode()
    )
    assert [item.error is None for item in found] == [True, False, True]


def test_a_pretty_printed_object_is_one_document() -> None:
    (found,) = documents(json.dumps(proposal(), indent=1).encode())
    assert found.line is None and found.proposal is not None


def test_a_broken_pretty_printed_object_is_one_error() -> None:
    broken = json.dumps(proposal(phone_change(patch=[{"op": "remove", "path": "/name"}])), indent=2)
    broken = broken.replace('"ehr"', '"ehr": "x", "ehr"').replace(
        '{\n          "op": "remove",\n          "path": "/name"\n        }',
        '{"op": "remove", "path": "/name"}',
    )
    ((where, error),) = failures(documents(broken.encode()))
    assert where == "input" and "twice" in error.problem


@pytest.mark.parametrize("data", [b"", b" \n\t\n", b"x" * (MAX_INPUT + 1)])
def test_nothing_and_far_too_much(data: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        documents(data)
    assert caught.value.remedy


async def test_a_good_proposal_is_stored(bench: Bench) -> None:
    before = size(bench)
    assert (await submit(bench, TEXT)).outcome == "review"
    assert size(bench) == before + 1 + 3 * 2


async def test_an_encounter_of_the_patient_is_taken(bench: Bench) -> None:
    assert (
        await submit_changes(bench, phone_change(), encounter="Encounter/e1")
    ).outcome == "review"
