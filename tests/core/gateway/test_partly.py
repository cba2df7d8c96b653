"""A note, a medication and a Task that rest on each other: partly approved, edited and rejected."""

from __future__ import annotations

import base64
import copy
from itertools import permutations, product
from pathlib import Path
from typing import Any

import pytest

from core.adoption import adopt
from core.canonical import encode
from core.disposition import disposition
from core.gateway import events as admitting
from core.ledger.event import Event
from core.lifecycle import State
from core.policy import sample_policy
from core.review import approval, recording
from core.review.content import read_content
from core.review.decide import Answer, about, decide
from core.review.edit import edit as edit_change
from core.review.edit import editable
from core.view import proposal_json, view_proposal
from tests.builders import Bench
from tests.core.gateway.scenario import approve, change, run, staged

PATIENT = {"reference": "Patient/example"}
NOTE = {
    "resourceType": "DocumentReference",
    "status": "current",
    "subject": PATIENT,
    "content": [
        {
            "attachment": {
                "contentType": "text/plain",
                "data": base64.b64encode(b"Takes one a day.").decode(),
            }
        }
    ],
}
MEDICATION = {
    "resourceType": "MedicationRequest",
    "status": "draft",
    "intent": "proposal",
    "medicationCodeableConcept": {"text": "a medicine"},
    "subject": PATIENT,
    "dosageInstruction": [{"text": "one a day"}],
}
TASK = {
    "resourceType": "Task",
    "status": "requested",
    "intent": "proposal",
    "for": PATIENT,
    "description": "Call about the medicine",
}
RESTS_ON = {0: set(), 1: {0}, 2: {0, 1}}
"""Change → what it rests on, through others too."""
EDITS: dict[int, dict[str, Any]] = {
    0: {"description": "Read again"},
    1: {"dosageInstruction": [{"text": "half a day"}]},
    2: {"description": "Write about the medicine"},
}
TYPES = ("DocumentReference", "MedicationRequest", "Task")
ALLOW = """
[[allow]]
id = "tasks"
agents = ["scribe-1"]
ehrs = ["sandbox"]
types = ["Task"]
operations = ["create"]
paths = ["Task.*"]
purposes = ["TREAT"]
workflows = ["*"]
models = ["*"]
prompts = ["*"]
tier = "medium"
route = "clinician"
"""
ACTS = ("approve", "edit", "reject")
PLANS = list(product(ACTS, repeat=3))
BOTH_WAYS = [(plan, order) for plan in PLANS for order in ((0, 1, 2), (2, 1, 0))]
EVERY_ORDER = [
    (plan, order)
    for plan in (("edit", "reject", "approve"), ("reject", "approve", "edit"),
                 ("approve", "edit", "approve"))
    for order in permutations(range(3))
]  # fmt: skip


def changes() -> list[dict[str, Any]]:
    return [
        {"op": "create", "resource": NOTE},
        {"op": "create", "resource": MEDICATION, "depends_on": [0]},
        {"op": "create", "resource": TASK, "depends_on": [1]},
    ]


def policy(ehr: str = "sandbox") -> str:
    """Return the sample policy, where one clinician decides on medication and Tasks too."""
    ordered = 'tier = "high"\nroute = "two-clinicians"'
    text = sample_policy(ehr)
    assert ordered in text
    text = text.replace(ordered, ordered.replace("two-clinicians", "clinician"))
    return text + ALLOW


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    found = Bench(tmp_path)
    adopt(found.workspace, "policy", policy())
    return found


async def proposed(bench: Bench) -> str:
    return await staged(bench, *changes(), evidence=[])


def act(bench: Bench, id_: str, index: int, what: str) -> None:
    if what == "reject":
        decide(bench.workspace, id_, index, Answer("reject", reason="not-supported"))
        return
    if what == "edit":
        row = change(bench, id_, index)
        found = copy.deepcopy(editable(row, read_content(bench.ledger, row)))
        edit_change(bench.workspace, id_, index, {**found, **EDITS[index]}, row.change_digest)
    approve(bench, id_, index)


def expected(plan: tuple[str, ...], order: tuple[int, ...]) -> dict[int, tuple[State, str | None]]:
    """Return state and void code of each change once all three were decided in that order."""
    found: dict[int, tuple[State, str | None]] = {}
    for index in order:
        what = plan[index]
        if what != "approve":
            why = "dependency-rejected" if what == "reject" else "dependency-edited"
            for other, (state, _) in list(found.items()):
                if index in RESTS_ON[other] and state == State.READY:
                    found[other] = State.PENDING, why
        found[index] = (State.REJECTED if what == "reject" else State.READY), None
    return found


def bodies(bench: Bench) -> list[bytes]:
    return [request.body for request in bench.ehr.sent if request.type in TYPES]


def stored(bench: Bench, id_: str, index: int) -> bytes:
    return encode(read_content(bench.ledger, change(bench, id_, index)).resource)


async def settled(bench: Bench) -> None:
    for _ in range(3):
        await run(bench)


@pytest.mark.parametrize(("plan", "order"), [*BOTH_WAYS, *EVERY_ORDER])
async def test_exactly_what_was_decided_is_written_and_the_dependants_are_looked_at_again(
    bench: Bench, plan: tuple[str, ...], order: tuple[int, ...]
) -> None:
    id_ = await proposed(bench)
    for index in order:
        act(bench, id_, index, plan[index])
    wanted = expected(plan, order)
    rows = {index: change(bench, id_, index) for index in range(3)}
    assert {index: row.state for index, row in rows.items()} == {
        index: state for index, (state, _) in wanted.items()
    }
    back = [index for index, (state, _) in wanted.items() if state == State.PENDING]
    assert all(rows[index].void == wanted[index][1] for index in back)

    await settled(bench)
    # What came back, and what rests on it, waits; what rests on nothing open is written.
    waits = {index for index in range(3) if index in back or RESTS_ON[index] & set(back)}
    first = [i for i in range(3) if wanted[i][0] == State.READY and i not in waits]
    assert bodies(bench) == [stored(bench, id_, index) for index in first]
    assert all(change(bench, id_, index).state == State.PENDING for index in back)

    for index in sorted(back):
        approve(bench, id_, index)
    await settled(bench)
    written = [index for index in range(3) if plan[index] != "reject"]
    assert sorted(bodies(bench)) == sorted(stored(bench, id_, index) for index in written)
    for index in written:
        edited = [str(_leaf(value)) in stored(bench, id_, index).decode()
                  for value in EDITS[index].values()]  # fmt: skip
        assert edited == [plan[index] == "edit"]
    _told(bench, id_, plan)


def _leaf(value: Any) -> Any:
    return value[0]["text"] if isinstance(value, list) else value


def _told(bench: Bench, id_: str, plan: tuple[str, ...]) -> None:
    """The disposition: what scripts and the agent read of it."""
    row = bench.ledger.proposal(id_)
    assert row is not None
    shown = proposal_json(view_proposal(bench.ledger, row))
    states = [State.REJECTED if what == "reject" else State.VERIFIED for what in plan]
    assert [one["state"] for one in shown["changes"]] == states
    assert shown["state"] == (State.VERIFIED if State.VERIFIED in states else State.REJECTED)
    for index, what in enumerate(plan):
        told = disposition(bench.ledger, change(bench, id_, index))
        assert told["state"] == states[index]
        assert told["reasons"] == (["not-supported"] if what == "reject" else [])
        assert str(told["revision"].text) == ("1" if what == "edit" else "0")


async def _denied_meanwhile(bench: Bench) -> str:
    """All three are approved; then policy no longer allows the note at all."""
    id_ = await proposed(bench)
    for index in range(3):
        approve(bench, id_, index)
    adopt(bench.workspace, "policy", policy().replace(
        '"Condition", "Observation", "DocumentReference"]', '"Condition", "Observation"]'
    ).replace(', "DocumentReference.*"]', "]"))  # fmt: skip
    await settled(bench)
    assert change(bench, id_, 0).state == State.DENIED
    return id_


async def test_what_rests_on_something_denied_meanwhile_is_looked_at_again(bench: Bench) -> None:
    id_ = await _denied_meanwhile(bench)
    assert bodies(bench) == []
    row = change(bench, id_, 1)
    assert (row.state, row.void) == (State.PENDING, "dependency-denied")
    decide(bench.workspace, id_, 1, Answer("approve", seen=row.change_digest, without=(0,)))
    approve(bench, id_, 2)
    await settled(bench)
    assert bodies(bench) == [stored(bench, id_, 1), stored(bench, id_, 2)]


async def test_control_without_that_guard_it_is_written_unseen(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admitting, "send_back_dependents", lambda *_: None)
    monkeypatch.setattr(approval, "does_without", lambda *_: True)
    await _denied_meanwhile(bench)
    assert len(bodies(bench)) == 2


async def test_what_was_decided_before_its_base_was_withdrawn_is_looked_at_again(
    bench: Bench,
) -> None:
    id_ = await proposed(bench)
    approve(bench, id_, 1)
    row = change(bench, id_, 0)
    with bench.ledger.transaction() as transaction:
        from core.gateway.events import actor

        gone = Event("change.due", actor(bench.workspace), about(row),
                     before=State.PENDING, after=State.WITHDRAWN)  # fmt: skip
        transaction.append(gone)
    await settled(bench)
    assert bodies(bench) == [] and change(bench, id_, 1).void == "dependency-gone"


async def test_control_without_sending_back_the_dependants_are_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "send_back_dependents", lambda *_: None)
    monkeypatch.setattr(approval, "does_without", lambda *_: True)
    id_ = await proposed(bench)
    for index, what in ((2, "approve"), (1, "approve"), (0, "reject")):
        act(bench, id_, index, what)
    await settled(bench)
    assert len(bodies(bench)) == 2
