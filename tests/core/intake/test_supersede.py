"""Taking an earlier proposal's place: what gives way, what is left, and whose may be named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.audit.trail import trail
from core.errors import BadInput
from core.intake import stage as staging
from core.intake.stage import Staged, stage
from core.intake.supersede import Superseded, told
from core.lifecycle import State
from core.review.content import read_content
from core.review.decide import Answer, decide
from tests.builders import (
    PATIENT,
    Bench,
    document,
    exact_object,
    phone_change,
    problem_change,
    problem_of,
    proposal,
)
from tests.core.gateway.scenario import approve, change, in_state, run, staged
from tests.hub import Desk

CODE = "59621000"
BETTER = [{"op": "replace", "path": "/telecom/1/value", "value": "555 0222"}]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def wrote(bench: Bench) -> int:
    return [sent.type for sent in bench.ehr.sent].count("Patient")


def found_beside(bench: Bench, found: Staged) -> list[str]:
    content = read_content(bench.ledger, change(bench, found.proposal.id))
    return [item["where"] for item in (content.beside or {})["duplicates"]["found"]]


async def better(bench: Bench, *changes: dict[str, Any], **overrides: Any) -> Staged:
    given = {"correlation_id": "c-2", "supersedes": "c-1", "evidence": [], **overrides}
    return await stage(
        bench.workspace, document(proposal(*(changes or [phone_change(patch=BETTER)]), **given))
    )


@pytest.mark.parametrize("state", [State.PENDING, State.DEFERRED, State.EXPIRED, State.READY])
async def test_what_is_not_sent_gives_way_and_is_never_written(bench: Bench, state: State) -> None:
    id_ = await in_state(bench, state)
    found = await better(bench)
    assert found.superseded == Superseded(1, 0) and found.outcome == "review"
    await run(bench)
    assert change(bench, id_).state == State.SUPERSEDED and not bench.ehr.sent
    line = trail(bench.ledger.trail(id_))[-1]
    assert f"scribe-1 proposes {found.proposal.id} in its place" in line.text
    assert "in place of c-1" in trail(bench.ledger.trail(found.proposal.id))[0].text


@pytest.mark.parametrize(("state", "left"), [(State.VERIFIED, 1), (State.REJECTED, 0)])
async def test_what_is_over_is_left_and_what_may_stand_in_the_chart_is_told(
    bench: Bench, state: State, left: int
) -> None:
    id_ = await in_state(bench, state)
    found = await better(bench, problem_change())
    assert found.superseded == Superseded(0, left)
    assert change(bench, id_).state == state


async def test_proposing_the_same_again_tells_the_same(bench: Bench) -> None:
    await in_state(bench, State.PENDING)
    first = await better(bench)
    size = bench.ledger.size
    again = await better(bench)
    assert again.repeated and again.superseded == first.superseded and bench.ledger.size == size


async def test_all_of_it_gives_way_dependants_too(bench: Bench) -> None:
    id_ = await staged(bench, phone_change(), problem_change(depends_on=[0]), evidence=[])
    approve(bench, id_, 1)
    assert (await better(bench)).superseded == Superseded(2, 0)
    assert {one.state for one in bench.ledger.changes(id_)} == {State.SUPERSEDED}


async def test_what_gives_way_is_no_duplicate_of_what_takes_its_place(bench: Bench) -> None:
    await staged(bench, problem_change(), evidence=[])
    beside = await better(bench, problem_change(), correlation_id="c-3", supersedes=None)
    assert found_beside(bench, beside) == ["proposal"]
    decide(bench.workspace, beside.proposal.id, 0, Answer("reject", reason="duplicate"))
    instead = await better(bench, problem_of(CODE, note=[{"text": "mild"}]))
    assert found_beside(bench, instead) == [] and instead.reasons == ()


async def test_a_proposal_that_is_denied_takes_no_place(bench: Bench) -> None:
    id_ = await in_state(bench, State.READY)
    denied = await better(bench, purpose="HPAYMT")
    assert denied.outcome == "denied" and denied.superseded == Superseded(0, 1)
    assert change(bench, id_).state == State.READY


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"supersedes": "c-9"}, "no earlier proposal"),
        ({"supersedes": "c-2"}, "no earlier proposal"),
        ({"agent": {"id": "front-desk-1", "model": "m", "prompt": "p"}}, "no earlier proposal"),
        ({"patient": "Patient/second"}, "another patient"),
        ({"supersedes": "two words"}, "does not match"),
    ],
)
async def test_only_an_earlier_one_of_the_same_agent_and_patient(
    bench: Bench, overrides: dict[str, Any], words: str
) -> None:
    id_ = await in_state(bench, State.READY)
    bench.ehr.put(exact_object({**PATIENT, "id": "second"}))
    size = bench.ledger.size
    with pytest.raises(BadInput, match=words) as caught:
        await better(bench, **overrides)
    assert caught.value.field == "supersedes"
    assert change(bench, id_).state == State.READY and bench.ledger.size == size


async def test_superseded_while_it_is_being_prepared_for_sending(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await in_state(bench, State.READY)
    grant, done = bench.ehr.grant, []

    async def meanwhile(scope: str) -> Any:
        if not done:
            done.append(await better(bench))
        return await grant(scope)

    monkeypatch.setattr(bench.ehr, "grant", meanwhile)
    await run(bench)
    assert done[0].superseded == Superseded(1, 0)
    assert change(bench, id_).state == State.SUPERSEDED and not bench.ehr.sent


async def test_sent_while_the_new_one_was_judged(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await in_state(bench, State.READY)
    survey = staging.survey

    async def slow(*given: Any) -> Any:
        found = await survey(*given)
        await run(bench)
        return found

    monkeypatch.setattr(staging, "survey", slow)
    assert (await better(bench)).superseded == Superseded(0, 1)
    assert change(bench, id_).state == State.VERIFIED and wrote(bench) == 1


async def test_the_hub_carries_it_alike(bench: Bench) -> None:
    desk = Desk(bench)
    agent = desk.agent
    desk.hub.post(agent.task(agent.document(changes=[phone_change()], evidence=[])))
    await desk.sync()
    (old,) = bench.ledger.hub_proposals()
    approve(bench, old.id)
    given = {"changes": [phone_change(patch=BETTER)], "evidence": []}
    desk.hub.post(agent.task(agent.document(**given, supersedes=old.correlation)))
    desk.hub.post(agent.task(agent.document(**given, supersedes="unknown")))
    await desk.sync()
    assert change(bench, old.id).state == State.SUPERSEDED
    entry = bench.ledger.trail(old.id)
    moved = next(one for one in entry if one.leaf["type"] == "change.superseded")
    assert moved.leaf["actor"]["kind"] == "agent"
    assert [row.code for row in bench.ledger.open_findings()] == ["intake"]


async def test_control_without_the_step_the_old_approval_would_be_sent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "supersede", lambda reads, old, new, _: told(reads, old, new))
    id_ = await in_state(bench, State.READY)
    assert (await better(bench)).superseded == Superseded(0, 1)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED and wrote(bench) == 1
