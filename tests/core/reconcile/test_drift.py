"""A chart edited behind our back after verification is found by the schedule, classed, queued."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.canonical import exact
from core.ledger.event import moment
from core.policy.service import SCHEDULE
from core.reconcile import look as looking
from core.reconcile import ours
from core.reconcile.settle import settle
from core.review.byhand import Entry, enter
from tests.builders import Bench, exact_object, phone_change
from tests.core.gateway.scenario import approve, change, edit, run, staged
from tests.core.reconcile.again import (
    HOME,
    MOBILE,
    condition,
    row,
    telecom,
    the_exception,
    told,
    until_due,
    verified_phone,
    verified_problem,
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_the_schedule_thins_out_and_ends(bench: Bench) -> None:
    id_ = await verified_phone(bench)
    since = moment(row(bench, id_).since)
    for step, seconds in enumerate(SCHEDULE):
        found = row(bench, id_)
        assert found.step == step and found.due is not None
        late = moment(found.due) - since - timedelta(seconds=seconds)
        assert timedelta(0) <= late <= timedelta(seconds=seconds) * 0.1
        bench.clock.time = moment(found.due) - timedelta(seconds=1)
        assert (await run(bench)).looked_again == 0
        until_due(bench, id_)
        assert (await run(bench)).looked_again == 1
    assert row(bench, id_).due is None
    bench.clock.advance(days=400)
    assert (await run(bench)).looked_again == 0
    runs = told(bench, "reconciliation.run")
    assert len(runs) == len(SCHEDULE)
    assert all(one["why"] == "schedule" and int(one["elements"].text) > 5 for one in runs)


async def test_after_a_long_outage_one_look_stands_for_those_that_were_missed(bench: Bench) -> None:
    id_ = await verified_phone(bench)
    bench.clock.advance(days=2)
    assert (await run(bench)).looked_again == 1
    assert row(bench, id_).step == 4


@pytest.mark.parametrize(
    ("edited", "class_"),
    [
        (telecom(HOME, {**MOBILE, "value": "555 0142"}), "changed"),
        (telecom(HOME), "changed"),
        ({"telecom": []}, "changed"),
    ],
)
async def test_what_we_wrote_and_somebody_changed_is_drift(
    bench: Bench, edited: dict[str, Any], class_: str
) -> None:
    id_ = await verified_phone(bench)
    edit(bench, **edited)
    until_due(bench, id_)
    done = await run(bench)
    assert (done.looked_again, done.drifted) == (1, 1)
    assert change(bench, id_).state == "exception"
    found = the_exception(bench, id_)
    assert (found.kind, found.class_) == ("drift", class_)
    assert found.due is not None and moment(found.due) > bench.clock.now()
    entry = bench.ledger.entry(found.id)
    assert entry is not None and entry.body is not None
    assert entry.body["differences"] and entry.body["changed_at"]


@pytest.mark.parametrize(
    "edited",
    [
        {"birthDate": "1971-01-01"},
        telecom(HOME, MOBILE, {"system": "email", "value": "a@example.org"}),
        telecom({**HOME, "value": "555 0777"}, MOBILE),
        telecom(MOBILE, HOME),
        {"active": False},
    ],
)
async def test_what_others_do_to_other_elements_is_no_drift_of_ours(
    bench: Bench, edited: dict[str, Any]
) -> None:
    id_ = await verified_phone(bench)
    edit(bench, **edited)
    until_due(bench, id_)
    done = await run(bench)
    assert (done.looked_again, done.drifted) == (1, 0)
    assert change(bench, id_).state == "verified"


async def test_bookkeeping_is_no_drift(bench: Bench) -> None:
    id_ = await verified_phone(bench)
    edit(bench, text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"/>'})
    edit(bench)
    until_due(bench, id_)
    done = await run(bench)
    assert (done.looked_again, done.drifted) == (1, 0)


async def test_all_of_a_create_is_ours(bench: Bench) -> None:
    id_ = await verified_problem(bench)
    status = {"coding": [{"system": "x", "code": "refuted"}]}
    edit(bench, condition(bench), verificationStatus=status)
    until_due(bench, id_)
    assert (await run(bench)).drifted == 1
    assert the_exception(bench, id_).kind == "drift"


async def test_our_own_next_approved_write_is_no_drift(bench: Bench) -> None:
    first = await verified_phone(bench)
    patch = [{"op": "replace", "path": "/telecom/1/value", "value": "555 0133"}]
    second = await staged(
        bench, phone_change(base_version="2", patch=patch), correlation_id="c-2", evidence=[]
    )
    approve(bench, second)
    until_due(bench, first)
    await run(bench)
    assert change(bench, second).state == "verified"
    assert change(bench, first).state == "verified"
    edit(bench, **telecom(HOME, {**MOBILE, "value": "555 0142"}))
    until_due(bench, second)
    assert (await run(bench)).drifted == 1
    assert change(bench, second).state == "exception"


async def test_control_without_asking_about_later_writes_of_ours_it_would_be_drift(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "is_explained", lambda *_: False)
    first = await verified_phone(bench)
    patch = [{"op": "replace", "path": "/telecom/1/value", "value": "555 0133"}]
    second = await staged(
        bench, phone_change(base_version="2", patch=patch), correlation_id="c-2", evidence=[]
    )
    approve(bench, second)
    until_due(bench, first)
    await run(bench)
    assert change(bench, first).state == "exception"


async def test_control_without_asking_what_is_ours_others_edits_would_be_drift(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "is_ours", lambda *_: True)
    id_ = await verified_phone(bench)
    edit(bench, birthDate="1971-01-01")
    until_due(bench, id_)
    assert (await run(bench)).drifted == 1


async def test_deleted_after_verification_is_critical_and_opens_one_incident(bench: Bench) -> None:
    id_ = await verified_problem(bench)
    del bench.ehr.versions[condition(bench)]
    until_due(bench, id_)
    assert (await run(bench)).drifted == 1
    found = the_exception(bench, id_)
    assert (found.kind, found.class_) == ("missing", "critical")
    (incident,) = bench.ledger.open_incidents()
    assert found.incident == incident.id and incident.source == "reconciliation"
    assert moment(str(found.due)) - bench.clock.now() == timedelta(minutes=15)


async def test_who_changed_it_is_said_where_the_chart_tells(bench: Bench) -> None:
    id_ = await verified_phone(bench)
    edit(bench, **telecom(HOME))
    bench.ehr.put(
        exact_object(
            {
                "resourceType": "Provenance",
                "id": "theirs",
                "target": [{"reference": "Patient/example"}],
                "recorded": "2026-11-23T09:05:00.000Z",
                "agent": [{"who": {"display": "Front Desk"}}],
            }
        )
    )
    until_due(bench, id_)
    await run(bench)
    entry = bench.ledger.entry(the_exception(bench, id_).id)
    assert entry is not None and entry.body is not None
    assert entry.body["changed_by"] == "Front Desk"


async def test_what_is_accepted_is_the_record_from_then_on(bench: Bench) -> None:
    id_ = await verified_phone(bench)
    edit(bench, **telecom(HOME, {**MOBILE, "value": "555 0142"}))
    until_due(bench, id_)
    await run(bench)
    settle(bench.workspace, id_, 0, "she moved again")
    for _ in range(3):
        until_due(bench, id_)
        assert (await run(bench)).drifted == 0
    edit(bench, **telecom(HOME, {**MOBILE, "value": "555 0199"}))
    until_due(bench, id_)
    assert (await run(bench)).drifted == 1


def test_values_that_we_took_away_and_come_back_are_drift() -> None:
    from core.discrepancy import MISSING, Discrepancy

    base = exact_object({"resourceType": "Patient", "telecom": [HOME, MOBILE]})
    mine = ours.of_update(
        base, exact_object({**base, "telecom": [HOME]}), [("Patient.telecom", "removed")]
    )
    back = Discrepancy("Patient.telecom[1]", "changed", "", MISSING, exact(MOBILE))
    other = Discrepancy("Patient.telecom[1]", "changed", "", MISSING, exact({"value": "1"}))
    assert ours.is_ours(back, mine) and not ours.is_ours(other, mine)


async def test_what_was_entered_by_hand_later_is_no_drift(bench: Bench) -> None:
    first = await verified_phone(bench)
    patch = [{"op": "replace", "path": "/telecom/1/value", "value": "555 0133"}]
    second = await staged(
        bench, phone_change(base_version="2", patch=patch), correlation_id="c-2", evidence=[]
    )
    enter(bench.workspace, second, 0, Entry(change(bench, second).change_digest))
    edit(bench, **telecom(HOME, {**MOBILE, "value": "555 0133"}))
    until_due(bench, first)
    assert (await run(bench)).drifted == 0
    assert change(bench, second).state == "verified"
    await run(bench)
    assert change(bench, first).state == "verified"
