"""What went wrong holds up this patient's other writes, or the route's, until it is settled."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.canonical import JsonObject
from core.gateway import guards, send
from core.gateway.pausing import SEVERAL, paused
from core.lifecycle import State
from core.reconcile.settle import settle
from core.review.dead_letters import close
from core.view import proposal_json, view_proposal
from tests.builders import Bench, phone_change, problem_of
from tests.core.gateway.scenario import approve, change, run, staged


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def other_code(resource: JsonObject) -> JsonObject:
    """What an EHR stores that means another thing."""
    if resource["resourceType"] != "Condition":
        return resource
    return {**resource, "code": {"coding": [{"system": "http://snomed.info/sct", "code": "1"}]}}


async def problem(bench: Bench, code: str) -> str:
    id_ = await staged(bench, problem_of(code), correlation_id=f"p-{code}", evidence=[])
    approve(bench, id_)
    return id_


async def changed(bench: Bench, code: str = "59621000") -> str:
    """Write a problem that the EHR keeps as another one."""
    bench.ehr.transform = other_code
    id_ = await problem(bench, code)
    await run(bench)
    bench.ehr.transform = lambda resource: resource
    assert change(bench, id_).state == State.EXCEPTION
    return id_


async def phone(bench: Bench) -> str:
    id_ = await staged(bench, phone_change(), correlation_id="phone")
    approve(bench, id_)
    return id_


async def test_a_discrepant_write_holds_up_the_patient_until_it_is_settled(bench: Bench) -> None:
    wrong = await changed(bench)
    waits = await phone(bench)
    await run(bench)
    assert change(bench, waits).state == State.READY
    held_up = paused(bench.ledger, change(bench, waits))
    assert held_up is not None and held_up.why == "patient-paused"
    assert (held_up.by.proposal, held_up.by.idx) == (wrong, 0) and wrong in held_up.words
    row = bench.ledger.proposal(waits)
    assert row is not None
    shown = view_proposal(bench.ledger, row)
    assert shown.changes[0].held_up == held_up.words
    assert proposal_json(shown)["changes"][0]["waits_for"] == held_up.words

    settle(bench.workspace, wrong, 0, "the other code is right")
    assert paused(bench.ledger, change(bench, waits)) is None
    await run(bench)
    assert change(bench, waits).state == State.VERIFIED


async def test_it_holds_up_what_was_ready_in_the_same_round(bench: Bench) -> None:
    bench.ehr.transform = other_code
    first = await problem(bench, "59621000")
    second = await phone(bench)
    await run(bench)
    assert (change(bench, first).state, change(bench, second).state) == (
        State.EXCEPTION, State.READY
    )  # fmt: skip


async def test_control_without_the_guard_the_next_write_leaves(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (guards, send):
        monkeypatch.setattr(module, "check_paused", lambda *_: None)
    await changed(bench)
    id_ = await phone(bench)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED


async def test_a_dead_letter_holds_up_too_until_it_is_closed(bench: Bench) -> None:
    dead = await problem(bench, "59621000")
    bench.ehr.faults = [401, 401]
    await run(bench)
    assert change(bench, dead).state == State.DEAD_LETTER
    waits = await phone(bench)
    await run(bench)
    assert change(bench, waits).state == State.READY
    close(bench.workspace, dead, 0, "entered at the desk by the practice")
    await run(bench)
    assert change(bench, waits).state == State.VERIFIED


async def test_a_refusal_holds_up_nothing(bench: Bench) -> None:
    refused = await problem(bench, "59621000")
    bench.ehr.faults = [422]
    await run(bench)
    assert change(bench, refused).state == State.REFUSED
    id_ = await phone(bench)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED


def at_another_patient(bench: Bench, id_: str, route: str = "clinician") -> None:
    """Let a change that went wrong be another patient's, on that route."""
    bench.connection.execute(
        "UPDATE change SET patient_tag = 'other', route = json_set(route, '$.id', ?)"
        " WHERE proposal = ?",
        (route, id_),
    )


@pytest.mark.parametrize(("class_", "why"), [("changed", None), ("critical", "route-paused")])
async def test_one_critical_write_pauses_its_route(
    bench: Bench, class_: str, why: str | None
) -> None:
    wrong = await changed(bench)
    at_another_patient(bench, wrong)
    bench.connection.execute("UPDATE exception SET class_ = ?", (class_,))
    id_ = await problem(bench, "44054006")
    found = paused(bench.ledger, change(bench, id_))
    assert (None if found is None else found.why) == why
    await run(bench)
    assert change(bench, id_).state == (State.VERIFIED if why is None else State.READY)


async def test_several_changed_writes_in_a_day_pause_their_route(bench: Bench) -> None:
    for number in range(SEVERAL):
        wrong = await changed(bench, f"1000{number}")
        at_another_patient(bench, wrong)
    id_ = await problem(bench, "44054006")
    row = change(bench, id_)
    found = paused(bench.ledger, row)
    assert found is not None and found.why == "route-paused"
    bench.connection.execute(
        "UPDATE exception SET opened_at = '2026-11-01T00:00:00.000Z' WHERE id ="
        " (SELECT min(id) FROM exception)"
    )
    assert paused(bench.ledger, row) is None


async def test_another_route_goes_on(bench: Bench) -> None:
    wrong = await changed(bench)
    at_another_patient(bench, wrong, "another")
    bench.connection.execute("UPDATE exception SET class_ = 'critical'")
    id_ = await problem(bench, "44054006")
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED
