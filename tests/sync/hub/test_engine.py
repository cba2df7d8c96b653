"""The sync of a workspace with its hub: everything once, nothing lost, whatever fails between."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from pathlib import Path

import pytest

from core.canonical import JsonObject
from core.gateway.run import run_once
from core.hub.task import outputs
from core.review.decide import Answer, decide
from core.statement import peek
from sync.hub import pull as pulling
from sync.hub import push as pushing
from sync.hub.admission import Quota
from sync.hub.report import Report
from sync.hub.seen import Seen
from sync.store.verify import verify_store
from tests.builders import Bench, phone_change
from tests.hub import Desk, HubAgent, enrol


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(Bench(tmp_path))


def phone(desk: Desk) -> str:
    document = desk.agent.document(changes=[phone_change()])
    return desk.hub.post(desk.agent.task(document))


def payloads(desk: Desk, reference: str) -> list[tuple[str, JsonObject]]:
    found = outputs(desk.hub.current(reference))
    return [(item.kind, peek(item.text or "")) for item in found]


def approve(desk: Desk, reference: str, index: int = 0) -> None:
    proposal = desk.bench.ledger.proposal_of_task(reference)
    assert proposal is not None
    change = desk.bench.ledger.change(proposal.id, index)
    assert change is not None
    answer = Answer("approve", seen=change.change_digest)
    decide(desk.bench.workspace, proposal.id, index, answer)


async def round_(desk: Desk) -> Report:
    engine = desk.engine()
    await engine.pull()
    await engine.push(all_waiting=True)
    await run_once(desk.bench.workspace, desk.bench.epoch)
    await engine.push(all_waiting=True)
    return engine.report


async def test_from_the_agent_to_its_final_disposition(desk: Desk) -> None:
    reference = phone(desk)
    await desk.sync()
    task = desk.hub.current(reference)
    assert task["status"] == "received"
    assert task["businessStatus"]["coding"][0]["code"] == "pending-human-review"
    ((kind, admission),) = payloads(desk, reference)
    assert kind == "admission" and admission["task"] == reference
    approve(desk, reference)
    await round_(desk)
    task = desk.hub.current(reference)
    assert task["status"] == "completed"
    kind, outcome = payloads(desk, reference)[-1]
    assert kind == "outcome" and outcome["state"] == "verified" and outcome["final"] is True
    assert outcome["changes"][0]["state"] == "verified"
    assert desk.bench.ehr.current("Patient/example")["telecom"][1]["value"] == "555 0199"
    assert verify_store(desk.bench.connection).ok


async def test_a_decision_is_signed_over_the_task(desk: Desk) -> None:
    reference = phone(desk)
    await desk.sync()
    approve(desk, reference)
    proposal = desk.bench.ledger.proposal_of_task(reference)
    assert proposal is not None
    (vote,) = desk.bench.ledger.decisions(proposal.id, 0)
    assert peek(vote.statement)["task"] == reference


async def test_denied_and_rejected_are_told_with_codes(desk: Desk) -> None:
    denied = desk.hub.post(desk.agent.task(desk.agent.document(purpose="MLTRAINING")))
    rejected = phone(desk)
    await desk.sync()
    (outcome,) = [body for kind, body in payloads(desk, denied) if kind == "outcome"]
    assert outcome["state"] == "denied" and outcome["changes"][0]["reasons"]
    proposal = desk.bench.ledger.proposal_of_task(rejected)
    assert proposal is not None
    change = desk.bench.ledger.change(proposal.id, 0)
    assert change is not None
    decide(
        desk.bench.workspace,
        proposal.id,
        0,
        Answer("reject", seen=change.change_digest, reason="wrong-patient"),
    )
    await desk.sync()
    assert payloads(desk, rejected)[-1][1]["changes"][0]["reasons"] == ["wrong-patient"]
    assert desk.hub.current(rejected)["status"] == "rejected"


async def test_an_idle_sync_changes_nothing(desk: Desk) -> None:
    for _ in range(4):
        phone(desk)
    await desk.sync()
    await desk.sync()
    size, versions = desk.bench.ledger.size, deepcopy(desk.hub.tasks)
    report = await desk.sync()
    assert (report.pulled, report.admitted, report.pushed) == (0, 0, 0)
    assert desk.bench.ledger.size == size and desk.hub.tasks == versions


async def test_cursor_is_the_servers_time_less_the_overlap(desk: Desk) -> None:
    phone(desk)
    await desk.pull()
    at = desk.hub.now
    await desk.pull()
    asked = [since for type_, since in desk.hub.asked if type_ == "Task"]
    assert asked == [None, at - timedelta(seconds=180)]


async def test_cursor_waits_for_all_pages(desk: Desk) -> None:
    for _ in range(7):
        phone(desk)
    desk.hub.fail_at = 2
    report = await desk.pull()
    assert report.unreachable and report.pulled == 3
    seen = Seen(desk.bench.connection)
    assert seen.cursor("Task") is None
    desk.hub.fail_at = None
    again = await desk.pull()
    assert again.pulled == 4 and seen.cursor("Task") is not None
    assert len(desk.bench.ledger.hub_proposals()) == 7


async def test_without_the_overlap_a_late_index_is_missed_until_all_is_compared(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the overlap window, and what anti-entropy is for."""
    monkeypatch.setattr(pulling, "OVERLAP", timedelta(0))
    phone(desk)
    await desk.pull()
    late = phone(desk)
    stamp = (desk.hub.now - timedelta(minutes=1)).isoformat()
    desk.hub.current(late)["meta"]["lastUpdated"] = stamp
    assert (await desk.pull()).pulled == 0
    monkeypatch.undo()
    assert (await desk.pull()).pulled == 1
    lost = phone(desk)
    desk.hub.current(lost)["meta"]["lastUpdated"] = "2020-01-01T00:00:00+00:00"
    assert (await desk.pull()).pulled == 0
    desk.bench.clock.advance(days=2)
    assert (await desk.pull()).pulled == 1


async def test_a_vanished_open_task_alarms_and_ours_is_kept(desk: Desk) -> None:
    reference = phone(desk)
    await desk.sync()
    desk.hub.remove(reference)
    engine = desk.engine()
    await engine.pull(full=True)
    assert (engine.report.gone, engine.report.alarms) == (1, 1)
    assert [row.code for row in desk.bench.ledger.open_findings()] == ["vanished"]
    assert desk.bench.ledger.state_counts() == {"pending-human-review": 1}


async def test_every_call_failing_once_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Fail at the 1st, 2nd, … nth call of the hub, in every step from pull to the last push."""
    n = 0
    while True:
        n += 1
        desk = Desk(Bench(tmp_path / str(n) if (tmp_path / str(n)).mkdir() is None else tmp_path))
        references = [phone(desk) for _ in range(2)]
        desk.hub.fail_at = n
        await round_(desk)
        if desk.bench.ledger.state_counts():
            for reference in references:
                if desk.bench.ledger.proposal_of_task(reference) is not None:
                    approve(desk, reference)
        await round_(desk)
        failed = desk.hub.calls >= n
        desk.hub.fail_at = None
        desk.bench.clock.advance(hours=1)
        await round_(desk)
        for reference in references:
            proposal = desk.bench.ledger.proposal_of_task(reference)
            assert proposal is not None
            (change,) = desk.bench.ledger.changes(proposal.id)
            if change.state == "pending-human-review":
                approve(desk, reference)
        await round_(desk)
        for reference in references:
            kinds = [kind for kind, _ in payloads(desk, reference)]
            assert kinds.count("outcome") == 1, n
            ids = [body["id"] for _, body in payloads(desk, reference)]
            assert len(set(ids)) == len(ids), n
        assert verify_store(desk.bench.connection).ok
        assert not desk.bench.ledger.open_findings(), n
        desk.bench.connection.close()
        if not failed:
            break
    assert n > 12


async def test_a_lost_answer_is_not_pushed_twice(desk: Desk) -> None:
    reference = phone(desk)
    desk.hub.lose_answer = True
    report = await desk.sync()
    assert report.unreachable and report.retrying == 1
    desk.hub.lose_answer = False
    desk.bench.clock.advance(hours=1)
    assert (await desk.sync()).pushed == 1
    assert len(payloads(desk, reference)) == 1


async def test_a_lost_race_is_run_again_and_both_statements_stand(desk: Desk) -> None:
    reference = phone(desk)
    raced: list[str] = []

    def other(_reference: str) -> None:
        if not raced:
            raced.append(_reference)
            desk.hub.store(reference, {**desk.hub.current(reference), "priority": "urgent"})

    desk.hub.before_put = other
    assert (await desk.sync()).pushed == 1
    assert desk.hub.current(reference)["priority"] == "urgent"
    assert len(payloads(desk, reference)) == 1


async def test_five_lost_races_alarm_and_wait(desk: Desk) -> None:
    reference = phone(desk)
    desk.hub.before_put = lambda ref: desk.hub.store(ref, desk.hub.current(ref))
    report = await desk.sync()
    assert (report.alarms, report.retrying, report.pushed) == (1, 1, 0)
    assert [row.code for row in desk.bench.ledger.open_findings()] == ["contended"]
    assert "output" not in desk.hub.current(reference)


async def test_what_the_hub_never_takes_is_kept_as_rejected(desk: Desk) -> None:
    phone(desk)
    desk.hub.refuses = True
    assert (await desk.sync()).rejected == 1
    assert Seen(desk.bench.connection).outbox_counts() == {"rejected": 1}
    calls = desk.hub.puts
    await desk.sync()
    assert desk.hub.puts == calls


async def test_what_waits_is_tried_later_and_less_often(desk: Desk) -> None:
    phone(desk)
    await desk.pull()
    desk.hub.down = True
    await desk.sync()
    desk.hub.down = False
    engine = desk.engine()
    await engine.push()
    assert engine.report.pushed == 0
    desk.bench.clock.advance(seconds=2 * pushing.FIRST_WAIT_S + 1)
    await engine.push()
    assert engine.report.pushed == 1


async def test_losing_the_caches_repeats_nothing(desk: Desk) -> None:
    references = [phone(desk) for _ in range(3)]
    desk.hub.post(desk.agent.task(team="north"))
    await desk.sync()
    size = desk.bench.ledger.size
    for table in ("cursor", "seen_task", "seen_provenance", "pushed", "context"):
        desk.bench.connection.execute(f"DELETE FROM {table}")  # noqa: S608
    await desk.sync()
    assert desk.bench.ledger.size == size
    for reference in references:
        assert len(payloads(desk, reference)) == 1


async def test_when_the_ehr_is_down_proposals_wait_and_are_admitted_later(desk: Desk) -> None:
    phone(desk)
    desk.bench.ehr.down = True
    report = await desk.sync()
    assert report.waiting == 1 and report.unreachable
    assert desk.bench.ledger.state_counts() == {}
    desk.bench.ehr.down = False
    assert (await desk.sync()).admitted == 1


async def test_an_agent_over_its_quota_waits_on_the_hub(desk: Desk) -> None:
    other = HubAgent("front-desk-1")
    enrol(desk.bench, other.id, other.signer)
    for _ in range(4):
        phone(desk)
    mild = desk.hub.post(other.task(other.document(changes=[phone_change()])))
    desk.quota = Quota(open=2, per_hour=100)
    report = await desk.sync()
    assert (report.admitted, report.throttled) == (3, 2)
    assert desk.bench.ledger.proposal_of_task(mild) is not None
    desk.quota = Quota()
    assert (await desk.sync()).admitted == 2


async def test_a_sync_can_be_stopped_and_goes_on_later(desk: Desk) -> None:
    for _ in range(7):
        phone(desk)
    told: list[int] = []
    await desk.sync(progress=lambda report: told.append(report.pulled), stop=lambda: len(told) >= 2)
    assert told[:2] == [3, 6]
    assert Seen(desk.bench.connection).cursor("Task") is None
    report = await desk.sync()
    assert not report.stopped and len(desk.bench.ledger.hub_proposals()) == 7


async def test_a_key_revoked_while_its_task_waits_is_quarantined(desk: Desk) -> None:
    phone(desk)
    desk.bench.ehr.down = True
    await desk.pull()
    desk.bench.ehr.down = False
    text = desk.bench.ledger.config("roster")
    assert text is not None
    from core.adoption import adopt

    kid = desk.agent.signer.kid
    revoked = text.document.replace(f'kid = "{kid}", x', f'revoked = true, kid = "{kid}", x')
    adopt(desk.bench.workspace, "roster", revoked)
    report = await desk.sync()
    assert (report.admitted, report.quarantined) == (0, 1)


async def test_after_its_input_changed_nothing_is_written_to_a_task(desk: Desk) -> None:
    reference = phone(desk)
    await desk.sync()
    changed = deepcopy(desk.hub.current(reference))
    changed["input"] = desk.agent.task()["input"]
    desk.hub.store(reference, changed)
    version = desk.hub.current(reference)["meta"]["versionId"]
    approve(desk, reference)
    await round_(desk)
    assert desk.hub.current(reference)["meta"]["versionId"] == version
    assert [row.code for row in desk.bench.ledger.open_findings()] == ["input-changed"]
