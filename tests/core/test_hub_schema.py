"""The published schemas take what the product makes and what it documents, and nothing wrong."""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from core.canonical import encode
from core.hub.task import inputs, outputs, proposal_task
from core.hub_schema import QUARANTINE_CODES, SCHEMAS
from core.lifecycle import State
from core.statement import peek, sign
from sync.keys.ring import generate
from tests.builders import exact_object, proposal

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
ENVELOPE = {
    "v": 1,
    "team": "solo",
    "id": "5b1d0d2e-7a55-4a6b-8a53-d19a14c3b0a1",
    "at": "2026-11-23T09:00:00Z",
}
CHANGE = {"index": 0, "revision": 0, "state": "denied", "operation": "o-1", "reasons": ["no-rule"]}
OUTCOME = {**ENVELOPE, "task": "Task/1", "proposal": "a" * 64, "state": "denied", "final": True,
           "changes": [CHANGE]}  # fmt: skip
ASIDE = {**OUTCOME, "proposal": None, "state": "quarantined", "code": "signer", "changes": []}
REPEATED = {**OUTCOME, "state": "duplicate-of", "duplicate_of": "Task/7", "changes": []}


def errors(name: str, value: Any) -> list[str]:
    checker = Draft202012Validator(SCHEMAS[name]())
    return [error.message for error in checker.iter_errors(value)]


def example(name: str) -> Any:
    return json.loads((EXAMPLES / name).read_bytes())


def payload(text: str | None) -> Any:
    return json.loads(encode(peek(str(text))))


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name]())


def test_the_examples_match() -> None:
    task = example("task.json")
    assert errors("proposal", example("proposal.json")) == []
    assert errors("task", task) == []
    assert errors("statement", payload(inputs(task)[0].text)) == []
    assert errors("outcome", example("outcome.json")) == []
    answered = {item.kind: item for item in outputs(example("task-answered.json"))}
    assert errors("outcome", payload(answered["outcome"].text)) == []
    # A Task that was answered is not what an agent posts.
    assert errors("task", example("task-answered.json"))


def test_what_the_product_makes_matches() -> None:
    document = {**proposal(), "confidence": 1}
    signed = sign("proposal", exact_object({**ENVELOPE, **document}), generate().signer("gateway"))
    task = proposal_task("scribe-1", "c-1", signed.text, "2026-11-23T09:00:00Z")
    assert errors("task", task) == []
    assert errors("statement", {**ENVELOPE, **document}) == []
    assert errors("proposal", {**ENVELOPE, **document})
    assert errors("statement", document)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda task: task.update(status="completed"),
        lambda task: task.update(id="1"),
        lambda task: task.update({"for": {"reference": "Patient/example"}}),
        lambda task: task.update(output=[]),
        lambda task: task["identifier"][0].update(value="no-dot"),
        lambda task: task["identifier"][0].update(value="a|b.c"),
        lambda task: task["identifier"].append(task["identifier"][0]),
        lambda task: task["input"].append(task["input"][0]),
        lambda task: task["input"][0]["valueAttachment"].update(contentType="text/plain"),
        lambda task: task["requester"].update(display="Dr Lee"),
        lambda task: task.pop("requester"),
    ],
)
def test_a_wrong_task_does_not_match(spoil: Callable[[dict[str, Any]], object]) -> None:
    task = copy.deepcopy(example("task.json"))
    spoil(task)
    assert errors("task", task)


@pytest.mark.parametrize("said", [OUTCOME, ASIDE, REPEATED])
def test_every_form_of_an_outcome_matches(said: dict[str, Any]) -> None:
    assert errors("outcome", said) == []
    for member in said:
        assert errors("outcome", {key: value for key, value in said.items() if key != member})
    assert errors("outcome", {**said, "words": "free text"})


@pytest.mark.parametrize(
    "said",
    [
        {**OUTCOME, "state": "quarantined"},
        {**OUTCOME, "state": "approved"},
        {**OUTCOME, "changes": []},
        {**OUTCOME, "changes": [{**CHANGE, "reasons": ["the patient said so"]}]},
        {**ASIDE, "code": "because"},
        {**ASIDE, "final": False},
        {**REPEATED, "final": False},
    ],
)
def test_a_wrong_outcome_does_not_match(said: dict[str, Any]) -> None:
    assert errors("outcome", said)


def test_every_state_may_be_answered() -> None:
    for state in State:
        change = {**CHANGE, "state": str(state)}
        assert errors("outcome", {**OUTCOME, "state": str(state), "changes": [change]}) == []


def test_a_task_holds_base64_of_a_jws() -> None:
    data = example("task.json")["input"][0]["valueAttachment"]["data"]
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", base64.b64decode(data).decode())


def test_the_gateway_quarantines_with_no_other_code() -> None:
    root = Path(__file__).resolve().parents[2]
    sources = "".join((root / "core" / "hub" / name).read_text("utf-8")
                      for name in ("inspect.py", "receive.py"))  # fmt: skip
    used = set(re.findall(r'_quarantine\("([a-z-]+)"', sources))
    assert used and used <= set(QUARANTINE_CODES)
