"""What a probe records, what follows from it, and what it leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.canonical import JsonObject
from core.errors import Refused
from core.gateway import guards
from core.gateway.guards import Stopped, check_lifecycle
from core.incident.freeze import declare
from core.intake.basing import create_rung, update_rung
from core.intake.stage import stage
from core.probe import RUNGS, measured, proven, refused
from core.probe.run import probe
from tests.builders import Bench, document, phone_change, problem_change
from tests.builders import proposal as proposal_of
from tests.core.gateway.scenario import approve, change, run, staged
from tests.core.probe.servers import Overwriting, Racy, Sound, together

EHR = "sandbox"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def results(bench: Bench) -> dict[str, str]:
    found = measured(bench.ledger, EHR)
    assert found is not None
    return {one.rung: one.result for one in found.rungs.values()}


async def test_results_are_in_the_ledger_and_the_newest_counts(bench: Bench) -> None:
    assert measured(bench.ledger, EHR) is None and refused(bench.ledger, EHR) == frozenset()
    await probe(bench.workspace, Racy(), together, 2)
    assert set(results(bench).values()) == {"unsafe"}
    assert refused(bench.ledger, EHR) == set(RUNGS)
    done = await probe(bench.workspace, Sound(), together, 2)
    assert set(results(bench).values()) == {"safe"} and done.software == "Fake 1"
    assert refused(bench.ledger, EHR) == frozenset()
    assert proven(bench.ledger, EHR, "if-none-exist")
    assert not proven(bench.ledger, "another", "if-none-exist")


async def test_a_rung_that_failed_is_skipped_at_intake(bench: Bench) -> None:
    await probe(bench.workspace, Overwriting(), together, 2)
    failed = refused(bench.ledger, EHR)
    assert failed == {"if-none-match"}
    assert await create_rung(bench.ehr, "Condition") == "if-none-match"
    assert await create_rung(bench.ehr, "Condition", failed) == "if-none-exist"
    proposal = await staged(bench, problem_change())
    assert change(bench, proposal, 0).rung == "if-none-exist"


async def test_a_server_with_no_safe_rung_gets_nothing(bench: Bench) -> None:
    await probe(bench.workspace, Racy(), together, 2)
    failed = refused(bench.ledger, EHR)
    assert await update_rung(bench.ehr, "Patient", failed) is None
    found = await stage(bench.workspace, document(proposal_of(phone_change(), problem_change())))
    assert {item["code"] for item in found.reasons} >= {"no-safe-write", "no-api-write"}
    update, create = (change(bench, found.proposal.id, index) for index in (0, 1))
    assert (update.rung, update.state) == ("by-hand", "pending-human-review"), "a person may type"
    assert (create.rung, create.state) == ("none", "denied")


async def test_what_was_approved_before_a_rung_failed_is_parked(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = await staged(bench, phone_change())
    approve(bench, proposal, 0)
    await probe(bench.workspace, Racy(), together, 2)
    with monkeypatch.context() as control:
        control.setattr(guards, "refused", lambda *_: frozenset())
        check_lifecycle(bench.ledger, change(bench, proposal, 0), bench.clock.now())
    with pytest.raises(Stopped, match="rung-unsafe"):
        check_lifecycle(bench.ledger, change(bench, proposal, 0), bench.clock.now())
    await run(bench)
    assert bench.ehr.sent == []
    assert [one.class_ for one in bench.ledger.exceptions(proposal, 0)] == ["rung-unsafe"]


@pytest.mark.parametrize("known", [True, False])
async def test_a_create_not_found_is_sent_again_only_where_that_was_measured_to_be_safe(
    bench: Bench, known: bool
) -> None:
    bench.ehr.update_create = False
    if known:
        await probe(bench.workspace, Sound(), together, 2)
    proposal = await staged(bench, problem_change())
    assert change(bench, proposal, 0).rung == "if-none-exist"
    approve(bench, proposal, 0)
    bench.ehr.faults.append("lost-request")
    await run(bench)
    await run(bench)
    conditions = [ref for ref in bench.ehr.versions if ref.startswith("Condition/")]
    assert len(conditions) == (1 if known else 0)
    assert change(bench, proposal, 0).state == ("verified" if known else "exception")


async def test_scratch_resources_are_deleted_where_the_client_may(bench: Bench) -> None:
    ehr = Sound()
    done = await probe(bench.workspace, ehr, together, 2)
    assert set(ehr.discarded) == set(ehr.versions) and (done.deleted, done.kept) == (9, 0)
    kept = await probe(bench.workspace, Sound(may_delete=False), together, 2)
    assert (kept.deleted, kept.kept) == (0, 9)


async def test_nothing_is_written_under_a_freeze(bench: Bench) -> None:
    declare(bench.workspace, {"ehr": EHR}, "drill")
    ehr = Sound()
    with pytest.raises(Refused, match="frozen"):
        await probe(bench.workspace, ehr, together, 2)
    assert ehr.sent == [] and measured(bench.ledger, EHR) is None


async def test_a_freeze_of_something_else_does_not_stop_it(bench: Bench) -> None:
    declare(bench.workspace, {"agent": "scribe-1"}, "drill")
    assert (await probe(bench.workspace, Sound(), together, 1)).rungs


async def test_the_leaf_bears_codes_alone(bench: Bench) -> None:
    await probe(bench.workspace, Sound(), together, 1)
    entry = bench.ledger.entry(bench.ledger.size - 1)
    assert entry is not None and entry.leaf["type"] == "ehr.probed"
    leaf: JsonObject = entry.leaf
    assert leaf["ehr"] == EHR and "Fake 1" not in str(leaf)
    assert entry.body == {"software": "Fake 1"}
