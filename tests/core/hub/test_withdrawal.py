"""Withdrawals through the hub: applied where they are the agent's own, else quarantined."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.canonical import JsonObject, Number
from core.hub import withdrawal as judging
from core.hub.task import outputs
from core.hub.withdrawal import withdrawal_task
from core.lifecycle import State
from core.roster import Roster
from core.statement import Signer, peek, sign
from tests.builders import Bench
from tests.core.gateway.scenario import approve, run
from tests.hub import Desk, HubAgent, enrol, new_signer


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(Bench(tmp_path))


async def proposed(desk: Desk) -> str:
    """Let the agent propose two changes; return the Task."""
    reference = desk.hub.post(desk.agent.task())
    await desk.sync()
    return reference


def taking_back(desk: Desk, focus: str, signer: Signer | None = None, **over: Any) -> JsonObject:
    row = desk.bench.ledger.proposal_of_task(focus)
    payload: JsonObject = {
        "v": Number("1"),
        "team": "solo",
        "id": "00000000-2222-4222-8222-000000000000",
        "at": "2026-11-23T09:30:00.000Z",
        "task": focus,
        "proposal": "" if row is None else row.digest,
        "agent": desk.agent.id,
        **over,
    }
    statement = sign("withdraw", payload, signer or desk.agent.signer)
    return withdrawal_task(payload["agent"], focus, statement.text, "2026-11-23T09:30:00Z")


def states(desk: Desk, focus: str) -> list[str]:
    row = desk.bench.ledger.proposal_of_task(focus)
    assert row is not None
    return [one.state for one in desk.bench.ledger.changes(row.id)]


def answer(desk: Desk, reference: str) -> JsonObject:
    return peek(outputs(desk.hub.current(reference))[-1].text or "")


def codes(desk: Desk) -> list[tuple[str, str]]:
    return [(row.severity, row.code) for row in desk.bench.ledger.open_findings()]


async def test_the_agents_own_is_applied_and_both_tasks_are_answered(desk: Desk) -> None:
    focus = await proposed(desk)
    task = desk.hub.post(taking_back(desk, focus))
    report = await desk.sync()
    assert report.withdrawn == 1 and states(desk, focus) == [State.WITHDRAWN] * 2
    assert answer(desk, task)["state"] == "withdrawn"
    assert answer(desk, focus)["state"] == "withdrawn"
    assert desk.hub.current(task)["status"] == "completed"
    again = await desk.sync()
    assert again.withdrawn == again.quarantined == again.alarms == 0 and codes(desk) == []


async def test_only_the_changes_that_it_names(desk: Desk) -> None:
    focus = await proposed(desk)
    desk.hub.post(taking_back(desk, focus, changes=[Number("1")]))
    await desk.sync()
    assert states(desk, focus) == [State.PENDING, State.WITHDRAWN]


async def test_too_late_is_answered_so(desk: Desk) -> None:
    focus = await proposed(desk)
    row = desk.bench.ledger.proposal_of_task(focus)
    assert row is not None
    approve(desk.bench, row.id)
    await run(desk.bench)
    task = desk.hub.post(taking_back(desk, focus))
    await desk.sync()
    assert states(desk, focus) == [State.VERIFIED, State.WITHDRAWN]
    told = answer(desk, task)
    assert told["state"] == "too-late"
    assert [one["outcome"] for one in told["changes"]] == ["too-late", "withdrawn"]


async def test_one_about_a_task_that_waits_is_held_until_that_is_in(desk: Desk) -> None:
    focus = desk.hub.post(desk.agent.task())
    desk.bench.ehr.down = True
    await desk.sync()
    task = desk.hub.post({**taking_back(desk, focus), "focus": {"reference": focus}})
    await desk.sync()
    assert desk.bench.ledger.outputs(task) == [] and codes(desk) == []
    desk.bench.ehr.down = False
    await desk.sync()
    # It names no admitted proposal: held, looked at once that is in, and then set aside.
    assert codes(desk) == [("quarantine", "withdrawal")]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "another team": ({"team": "north"}, "team"),
    "another proposal": ({"proposal": "0" * 64}, "withdrawal"),
    "a change that is not there": ({"changes": [Number("7")]}, "withdrawal"),
    "no list": ({"changes": "all"}, "schema"),
    "a free member": ({"reason": "because"}, "schema"),
    "another Task": ({"task": "Task/99"}, "display"),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_does_not_hold_is_quarantined(desk: Desk, name: str) -> None:
    focus = await proposed(desk)
    over, code = BAD[name]
    task = desk.hub.post(taking_back(desk, focus, **over))
    await desk.sync()
    assert codes(desk) == [("quarantine", code)] and states(desk, focus) == [State.PENDING] * 2
    assert answer(desk, task)["state"] == "quarantined"


async def test_by_another_agent_a_stranger_or_a_person_is_quarantined(desk: Desk) -> None:
    focus = await proposed(desk)
    other = HubAgent("front-desk-1")
    enrol(desk.bench, other.id, other.signer)
    for signer, over in (
        (other.signer, {}),
        (other.signer, {"agent": other.id}),
        (new_signer(), {}),
        (desk.bench.ring.signer("reviewer"), {}),
    ):
        desk.hub.post(taking_back(desk, focus, signer, **over))
    await desk.sync()
    assert sorted(code for _, code in codes(desk)) == [
        "signer",
        "statement",
        "statement",
        "withdrawal",
    ]
    assert states(desk, focus) == [State.PENDING] * 2


async def test_control_without_asking_whose_it_is_another_agent_could(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    focus = await proposed(desk)
    other = HubAgent("front-desk-1")
    enrol(desk.bench, other.id, other.signer)
    monkeypatch.setattr(Roster, "may_speak_for", lambda *_: True)
    desk.hub.post(taking_back(desk, focus, other.signer))
    await desk.sync()
    assert judging.is_withdrawal(desk.hub.current("Task/2"))
    assert states(desk, focus) == [State.WITHDRAWN] * 2


async def test_one_that_looks_answered_raises_an_alarm(desk: Desk) -> None:
    focus = await proposed(desk)
    desk.hub.post({**taking_back(desk, focus), "status": "completed"})
    await desk.sync()
    assert codes(desk) == [("alarm", "looks-decided")]
    assert states(desk, focus) == [State.PENDING] * 2
