"""A chart edited behind our back after verification is found by the schedule, classed, queued."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.canonical import exact
from core.errors import Refused, Unreachable
from core.gateway.run import run_once
from core.ledger.event import moment
from core.policy.service import SCHEDULE
from core.ports import Fetched
from core.reconcile import look as looking
from core.reconcile import ours, recheck
from core.reconcile.settle import settle
from core.review.byhand import Entry, enter
from tests.builders import Bench, exact_object, phone_change
from tests.core.gateway.scenario import approve, change, edit, run, staged
from tests.core.reconcile.again import (
    condition,
    row,
    the_exception,
    told,
    until_due,
    verified_phone,
    verified_problem,
)

HOME = {"system": "phone", "value": "555 0100", "use": "home"}
MOBILE = {"system": "phone", "value": "555 0199", "use": "mobile"}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def telecom(*items: dict[str, Any]) -> dict[str, Any]:
    return {"telecom": exact(list(items))}


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


def unreadable(bench: Bench, how: Any) -> None:
    read = bench.ehr.read

    async def fails(reference: str, version: str | None = None) -> Fetched | None:
        found = await read(reference, version)
        if isinstance(how, Exception):
            raise how
        return None if found is None else Fetched(found.resource, found.version, redacted=True)

    bench.ehr.read = fails  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("how", "code"),
    [("redacted", "redacted"), (Refused("no"), "forbidden"), (Unreachable("no"), "unreadable")],
)
async def test_what_cannot_be_examined_is_neither_verified_nor_drift(
    bench: Bench, how: Any, code: str
) -> None:
    id_ = await verified_phone(bench)
    edit(bench, **telecom(HOME))
    read = bench.ehr.read
    unreadable(bench, how)
    until_due(bench, id_)
    done = await run(bench)
    assert (done.looked_again, done.drifted) == (0, 0)
    found = row(bench, id_)
    assert found.tries == 1 and found.due is not None and moment(found.due) > bench.clock.now()
    assert change(bench, id_).state == "verified" and not bench.ledger.exceptions(id_, 0)
    for _ in range(60):
        if bench.ledger.exceptions(id_, 0):
            break
        until_due(bench, id_)
        await run(bench)
    assert (the_exception(bench, id_).kind, the_exception(bench, id_).class_) == (
        "unexamined",
        code,
    )
    waited = bench.clock.now() - moment(str(found.unread_since))
    assert waited == timedelta(hours=24)
    assert {one["code"] for one in told(bench, "reconciliation.unread")} == {code}
    bench.ehr.read = read  # type: ignore[method-assign]


async def test_readable_again_it_is_compared(bench: Bench) -> None:
    id_ = await verified_phone(bench)
    edit(bench, **telecom(HOME))
    read = bench.ehr.read
    unreadable(bench, "redacted")
    until_due(bench, id_)
    await run(bench)
    bench.ehr.read = read  # type: ignore[method-assign]
    until_due(bench, id_)
    assert (await run(bench)).drifted == 1


async def test_an_ehr_that_is_down_is_asked_about_few_of_many(bench: Bench) -> None:
    ids = []
    for number in range(5):
        patient = {**bench.ehr.current("Patient/example"), "id": f"p{number}", "telecom": []}
        bench.ehr.put(patient)
        made = {
            "op": "update",
            "target": f"Patient/p{number}",
            "base_version": "1",
            "patch": [{"op": "add", "path": "/telecom/-", "value": HOME}],
        }
        id_ = await staged(
            bench, made, patient=f"Patient/p{number}", correlation_id=f"d-{number}", evidence=[]
        )
        approve(bench, id_)
        ids.append(id_)
    await run(bench)
    for id_ in ids:
        until_due(bench, id_)
    unreadable(bench, Unreachable("down"))
    await run(bench)
    assert [row(bench, id_).tries for id_ in ids].count(1) == recheck.IN_A_ROW
    (last,) = told(bench, "reconciliation.run")
    assert (int(last["left"].text), int(last["writes"].text)) == (2, 0)


def test_values_that_we_took_away_and_come_back_are_drift() -> None:
    from core.discrepancy import MISSING, Discrepancy

    base = exact_object({"resourceType": "Patient", "telecom": [HOME, MOBILE]})
    mine = ours.of_update(
        base, exact_object({**base, "telecom": [HOME]}), [("Patient.telecom", "removed")]
    )
    back = Discrepancy("Patient.telecom[1]", "changed", "", MISSING, exact(MOBILE))
    other = Discrepancy("Patient.telecom[1]", "changed", "", MISSING, exact({"value": "1"}))
    assert ours.is_ours(back, mine) and not ours.is_ours(other, mine)


async def test_while_a_write_to_the_chart_may_be_in_it_nothing_is_called_drift(
    bench: Bench,
) -> None:
    first = await verified_phone(bench)
    patch = [{"op": "replace", "path": "/telecom/1/value", "value": "555 0133"}]
    second = await staged(
        bench, phone_change(base_version="2", patch=patch), correlation_id="c-2", evidence=[]
    )
    approve(bench, second)
    bench.ehr.faults = ["lost-response"]
    until_due(bench, first)
    read = bench.ehr.read

    async def not_back(reference: str, version: str | None = None) -> Fetched | None:
        if len(bench.ehr.sent) > 2 and change(bench, second).state in ("sending", "ambiguous"):
            raise Unreachable("no")
        return await read(reference, version)

    bench.ehr.read = not_back  # type: ignore[method-assign]
    await run(bench)
    assert change(bench, second).state == "ambiguous"
    assert bench.ehr.current("Patient/example")["telecom"][1]["value"] == "555 0133"
    assert change(bench, first).state == "verified"
    (last,) = told(bench, "reconciliation.run")
    assert (int(last["left"].text), int(last["drift"].text)) == (1, 0)


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


async def test_an_ehr_that_the_workspace_no_longer_has_is_told_by_its_own_code(
    bench: Bench,
) -> None:
    id_ = await verified_phone(bench)
    until_due(bench, id_)
    await run_once(replace(bench.workspace, ehrs={}), bench.epoch)
    assert told(bench, "reconciliation.unread")[0]["code"] == "no-such-ehr"
    assert change(bench, id_).state == "verified"


def test_one_ehr_with_much_to_look_at_delays_no_other() -> None:
    due: list[Any] = [SimpleNamespace(ehr="a") for _ in range(90)]
    due += [SimpleNamespace(ehr="b") for _ in range(3)]
    found = [one.ehr for one in recheck._shared_out(due, 10)]
    assert (len(found), found.count("b")) == (10, 3)
