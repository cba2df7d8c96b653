"""What a person entered by hand and was found in the chart is looked at again like any write."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.ledger import incident_events
from core.reconcile.cohort import Scope, cohort, named
from core.reconcile.settle import settle
from core.reconcile.steps import ask_correction, ask_look
from core.review.byhand import Entry, enter
from core.veil import compared_for
from tests.builders import Bench, phone_change, problem_change
from tests.core.gateway.scenario import approve, change, edit, run, staged
from tests.core.reconcile.again import HOME, MOBILE, row, telecom, the_exception, until_due
from tests.core.review.test_byhand import recorded

OTHER = {**MOBILE, "value": "555 0142"}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def phone_by_hand(bench: Bench) -> str:
    id_ = await staged(bench, phone_change())
    enter(bench.workspace, id_, 0, Entry(change(bench, id_).change_digest))
    edit(bench, **telecom(HOME, MOBILE))
    await run(bench)
    assert change(bench, id_).state == "verified"
    return id_


async def problem_by_hand(bench: Bench) -> str:
    id_ = await staged(bench, problem_change(), evidence=[])
    enter(bench.workspace, id_, 0, Entry(change(bench, id_).change_digest))
    recorded(bench, "by-hand")
    await run(bench)
    assert change(bench, id_).state == "verified"
    return id_


async def test_an_update_that_somebody_changed_since_is_drift_with_its_differences(
    bench: Bench,
) -> None:
    id_ = await phone_by_hand(bench)
    until_due(bench, id_)
    assert (await run(bench)).looked_again == 1
    edit(bench, birthDate="1971-01-01")
    until_due(bench, id_)
    assert (await run(bench)).drifted == 0, "what is not ours is no drift"
    edit(bench, **telecom(HOME, OTHER))
    until_due(bench, id_)
    assert (await run(bench)).drifted == 1
    found = the_exception(bench, id_)
    assert (change(bench, id_).state, found.kind) == ("exception", "drift")
    seen = compared_for(bench.workspace, bench.ledger, change(bench, id_))
    assert [str(one["path"]) for one in seen.differences] == ["Patient.telecom[1].value"]


async def test_control_without_a_plan_it_would_never_be_looked_at(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incident_events.recheck_events, "verified", lambda _: [])
    id_ = await phone_by_hand(bench)
    edit(bench, **telecom(HOME, OTHER))
    bench.clock.advance(days=60)
    assert (await run(bench)).drifted == 0
    assert change(bench, id_).state == "verified"


async def test_a_record_entered_by_hand_that_is_gone_is_critical_with_an_incident(
    bench: Bench,
) -> None:
    id_ = await problem_by_hand(bench)
    del bench.ehr.versions["Condition/by-hand"]
    until_due(bench, id_)
    assert (await run(bench)).drifted == 1
    found = the_exception(bench, id_)
    assert (found.kind, found.class_) == ("missing", "critical")
    assert [one.id for one in bench.ledger.open_incidents()] == [found.incident]


async def test_it_is_looked_at_on_demand_accepted_and_corrected_like_any_write(
    bench: Bench,
) -> None:
    id_ = await phone_by_hand(bench)
    assert [one.proposal for one in named(bench.ledger, [(id_, 0)]).changes] == [id_]
    assert [one.proposal for one in cohort(bench.ledger, Scope(), 9).changes] == [id_]
    edit(bench, **telecom(HOME, OTHER))
    ask_look(bench.workspace, id_, 0)
    assert (await run(bench)).drifted == 1
    ask_correction(bench.workspace, id_, 0, "she never had that number")
    await run(bench)
    (asked,) = bench.ledger.corrections(id_, 0)
    approve(bench, str(asked.proposed))
    await run(bench)
    assert change(bench, id_).state == "corrected"
    assert bench.ehr.current("Patient/example")["telecom"][1]["value"] == MOBILE["value"]


async def test_what_is_accepted_of_it_is_the_record_from_then_on(bench: Bench) -> None:
    id_ = await phone_by_hand(bench)
    edit(bench, **telecom(HOME, OTHER))
    until_due(bench, id_)
    await run(bench)
    settle(bench.workspace, id_, 0, "she moved again")
    until_due(bench, id_)
    assert (await run(bench)).drifted == 0
    edit(bench, **telecom(HOME, MOBILE))
    until_due(bench, id_)
    assert (await run(bench)).drifted == 1
    assert row(bench, id_).baseline is not None


async def test_a_later_write_of_ours_is_no_drift_of_it(bench: Bench) -> None:
    first = await phone_by_hand(bench)
    patch = [{"op": "replace", "path": "/telecom/1/value", "value": "555 0133"}]
    version = bench.ehr.current("Patient/example")["meta"]["versionId"]
    second = await staged(
        bench, phone_change(base_version=version, patch=patch), correlation_id="c-2", evidence=[]
    )
    approve(bench, second)
    until_due(bench, first)
    await run(bench)
    assert change(bench, second).state == "verified"
    assert change(bench, first).state == "verified"
