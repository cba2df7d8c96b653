"""The whole road: propose, judge, approve, write, reconcile, prove."""

from pathlib import Path

import pytest

from core.gateway.run import run_once
from core.intake.stage import stage
from core.review.decide import Answer, decide, shown_hash
from sync.store.verify import rebuild, verify_store
from tests.builders import Bench, document, problem_change, proposal


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_approved_change_is_written_and_rejected_one_is_not(bench: Bench) -> None:
    staged = await stage(bench.workspace, document(proposal()))
    assert staged.outcome == "review"
    assert [change.state for change in bench.ledger.changes(staged.proposal.id)] == [
        "pending-human-review",
        "pending-human-review",
    ]
    seen = shown_hash(bench.ledger, staged.proposal)
    decide(bench.workspace, staged.proposal.id, 0, Answer("approve", seen=seen))
    decide(bench.workspace, staged.proposal.id, 1, Answer("reject", reason="not-supported"))

    done = await run_once(bench.workspace, bench.epoch)

    assert done.sent == 1 and done.verified == 1 and not done.unreachable
    assert [change.state for change in bench.ledger.changes(staged.proposal.id)] == [
        "verified",
        "rejected",
    ]
    stored = bench.ehr.current("Patient/example")
    assert stored["meta"]["versionId"] == "2"
    assert stored["telecom"][1]["value"] == "555 0199"
    assert stored["meta"]["security"][0]["code"] == "AIAST"
    assert "text" not in stored
    assert not [ref for ref in bench.ehr.versions if ref.startswith("Condition/")]
    assert len([ref for ref in bench.ehr.versions if ref.startswith("Provenance/")]) == 1
    assert verify_store(bench.connection).ok


async def test_create_carries_its_operation_id(bench: Bench) -> None:
    staged = await stage(bench.workspace, document(proposal(problem_change(), evidence=[])))
    change = bench.ledger.changes(staged.proposal.id)[0]
    decide(bench.workspace, staged.proposal.id, 0, Answer("approve", seen=change.change_digest))
    await run_once(bench.workspace, bench.epoch)
    stored = bench.ehr.current(f"Condition/{change.operation}")
    assert {"system": "urn:countersign:operation", "value": change.operation} in stored[
        "identifier"
    ]
    assert bench.ledger.changes(staged.proposal.id)[0].state == "verified"


async def test_state_equals_replay(bench: Bench) -> None:
    await test_approved_change_is_written_and_rejected_one_is_not(bench)
    from sync.store import rows

    before = rows.dump(bench.connection)
    rebuild(bench.connection)
    assert rows.dump(bench.connection) == before
