"""Entering by hand: who may, what is typed, that it is never sent too, and that it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import Conflict, Refused
from core.gateway import entered
from core.gateway.send import Step, send
from core.incident.freeze import declare
from core.ledger.event import instant
from core.lifecycle import State
from core.records import ChangeRow
from core.review.byhand import Entry, enter, sheet
from core.review.decide import Answer, decide
from core.review.downtime import downtime
from core.statement import verify
from sync.store.hand_reads import HandReads
from tests.builders import CONDITION, PATIENT, Bench, exact_object, phone_change, problem_change
from tests.core.gateway.scenario import approve, change, run, staged

TYPED = [PATIENT["telecom"][0], {**PATIENT["telecom"][1], "value": "555 0199"}]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def by_hand(bench: Bench, id_: str, index: int = 0, **said: Any) -> None:
    seen = change(bench, id_, index).change_digest
    enter(bench.workspace, id_, index, Entry(seen, **said))


def typed(bench: Bench, **elements: Any) -> None:
    """Let a person type into the patient's record at the EHR."""
    bench.ehr.put(exact_object({**bench.ehr.current("Patient/example"), **elements}))


def recorded(bench: Bench, id_: str, **elements: Any) -> None:
    """Let a person record a problem at the EHR, now."""
    bench.ehr.put(exact_object({**CONDITION, "id": id_, **elements}))
    chain = bench.ehr.versions[f"Condition/{id_}"]
    chain[-1]["meta"]["lastUpdated"] = instant(bench.clock.now())


async def problem(bench: Bench) -> str:
    return await staged(bench, problem_change(), evidence=[])


async def test_the_sheet_says_exactly_what_to_type(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    (line,) = sheet(bench.ledger, id_, 0).lines
    assert (line.path, line.before, line.after) == (
        "Patient.telecom[1].value", "555 0111", "555 0199",
    )  # fmt: skip
    other = await staged(bench, problem_change(), correlation_id="c-2", evidence=[])
    lines = {line.path: line.after for line in sheet(bench.ledger, other, 0).lines}
    assert lines["Condition.code.coding[0].code"] == "59621000"
    assert not any("operation" in str(value) or "AIAST" in str(value) for value in lines.values())
    assert not any(path.startswith(("Condition.identifier", "Condition.meta")) for path in lines)


@pytest.mark.parametrize("approved", [False, True])
async def test_an_update_entered_by_hand_is_never_sent_and_verified_by_reading(
    bench: Bench, approved: bool
) -> None:
    id_ = await staged(bench, phone_change())
    if approved:
        approve(bench, id_)
    by_hand(bench, id_, note="she was waiting")
    assert change(bench, id_).state == State.MANUAL_ENTRY
    await run(bench)
    assert change(bench, id_).state == State.MANUAL_ENTRY
    typed(bench, telecom=TYPED)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED and not bench.ehr.sent
    entry = bench.ledger.manual(change(bench, id_).operation)
    assert entry is not None and (entry.reviewer, entry.found) == ("dr-lee", "matched")


async def test_it_is_signed_and_its_words_stand_in_the_body(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    by_hand(bench, id_, note="555 0199 typed")
    entry = bench.ledger.trail(id_)[-1]
    keys = {bench.ring.signer("reviewer").kid: bench.ring.public("reviewer")}
    payload = verify(entry.leaf["data"]["statement"], "manual", keys).payload
    row = change(bench, id_)
    assert (payload["operation"], payload["change"]) == (row.operation, row.change_digest)
    assert entry.body == {"note": "555 0199 typed"} and "555 0199" not in str(entry.leaf)


@pytest.mark.parametrize(
    "telecom",
    [
        [PATIENT["telecom"][0], {**PATIENT["telecom"][1], "value": "555 0198"}],
        [*PATIENT["telecom"], {"system": "phone", "value": "555 0199", "use": "mobile"}],
        [PATIENT["telecom"][0]],
    ],
)
async def test_another_value_in_the_chart_goes_to_a_person_after_a_while(
    bench: Bench, telecom: list[Any]
) -> None:
    id_ = await staged(bench, phone_change())
    by_hand(bench, id_)
    typed(bench, telecom=telecom)
    await run(bench)
    assert change(bench, id_).state == State.MANUAL_ENTRY
    bench.clock.advance(hours=4)
    await run(bench)
    assert change(bench, id_).state == State.EXCEPTION
    (found,) = bench.ledger.exceptions(id_, 0)
    assert (found.kind, found.class_) == ("manual-entry", "critical")
    assert [one.id for one in bench.ledger.open_incidents()] == [found.incident]
    by_hand(bench, id_)
    assert not bench.ledger.exceptions(id_, 0)
    typed(bench, telecom=TYPED)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED


async def test_an_ehr_that_cannot_be_read_proves_nothing(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    by_hand(bench, id_)
    bench.ehr.down = True
    bench.clock.advance(hours=9)
    assert (await run(bench)).unreachable
    assert change(bench, id_).state == State.MANUAL_ENTRY


async def test_a_create_is_found_by_what_it_says(bench: Bench) -> None:
    id_ = await problem(bench)
    by_hand(bench, id_)
    recorded(bench, "other", code={"coding": [{"system": "http://snomed.info/sct", "code": "1"}]})
    await run(bench)
    assert change(bench, id_).state == State.MANUAL_ENTRY
    recorded(bench, "typed", recordedDate="2026-11-23")
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED and not bench.ehr.sent


async def test_what_was_there_before_is_not_the_entry(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else what stands there already would deny the change as a duplicate.
    monkeypatch.setattr("core.intake.survey.is_certain", lambda _beside: False)
    bench.clock.advance(hours=-1)
    recorded(bench, "old")
    bench.clock.advance(hours=1)
    id_ = await problem(bench)
    by_hand(bench, id_)
    await run(bench)
    assert change(bench, id_).state == State.MANUAL_ENTRY


async def test_two_that_match_go_to_a_person_at_once(bench: Bench) -> None:
    id_ = await problem(bench)
    by_hand(bench, id_)
    recorded(bench, "one")
    recorded(bench, "two")
    await run(bench)
    assert change(bench, id_).state == State.EXCEPTION


async def test_what_may_be_in_the_chart_already_is_not_entered(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    bench.ehr.faults.append("lost-response")
    await send(bench.workspace, change(bench, id_), bench.epoch)
    assert change(bench, id_).state == State.AMBIGUOUS
    with pytest.raises(Conflict):
        by_hand(bench, id_)
    await run(bench)
    with pytest.raises(Conflict):
        by_hand(bench, id_)


async def test_another_hash_and_another_role_are_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await staged(bench, phone_change())
    with pytest.raises(Conflict):
        enter(bench.workspace, id_, 0, Entry("0" * 64))
    route = {"id": "magic", "roles": ["wizard"]}
    monkeypatch.setattr(ChangeRow, "route_json", property(lambda _row: route))
    with pytest.raises(Refused):
        by_hand(bench, id_)
    assert change(bench, id_).state == State.PENDING


async def test_a_freeze_asks_for_an_acknowledgement_that_is_kept(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    freeze = declare(bench.workspace, {"agent": "scribe-1"}, "drill")
    found = sheet(bench.ledger, id_, 0).frozen
    assert found is not None and found.id == freeze
    with pytest.raises(Refused):
        by_hand(bench, id_)
    by_hand(bench, id_, despite_freeze=True)
    assert bench.ledger.trail(id_)[-1].leaf["data"]["freeze"] == freeze


async def forced_ready(bench: Bench) -> str:
    """Bring an operation that was entered by hand back to ready, as no road of ours does."""
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    by_hand(bench, id_)
    bench.connection.execute("UPDATE change SET state = 'ready-for-write'")
    return id_


async def test_an_operation_that_was_entered_by_hand_is_spent(bench: Bench) -> None:
    id_ = await forced_ready(bench)
    assert await send(bench.workspace, change(bench, id_), bench.epoch) == Step.RETURNED
    assert not bench.ehr.sent


async def test_control_without_the_spending_it_would_be_there_twice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await forced_ready(bench)
    monkeypatch.setattr(HandReads, "manual", lambda *_: None)
    assert await send(bench.workspace, change(bench, id_), bench.epoch) == Step.SENT
    assert len(bench.ehr.sent) == 1


async def test_entering_races_the_gateway_and_one_of_them_wins(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    bench.ehr.before_bytes = lambda: by_hand(bench, id_)
    await run(bench)
    assert change(bench, id_).state == State.MANUAL_ENTRY and not bench.ehr.sent


async def test_the_list_names_what_is_not_in_the_chart(bench: Bench) -> None:
    plain = await staged(bench, phone_change())
    stat = await staged(bench, problem_change(), correlation_id="s", evidence=[], urgency="stat")
    listed = downtime(bench.ledger, bench.clock.now())
    assert [item.proposal.id for item in listed] == [stat]
    approve(bench, plain)
    bench.clock.advance(minutes=31)
    listed = downtime(bench.ledger, bench.clock.now())
    assert [(item.proposal.id, item.late) for item in listed] == [(stat, True), (plain, False)]
    by_hand(bench, stat)
    listed = downtime(bench.ledger, bench.clock.now())
    assert [item.why_not for item in listed] == ["it was entered by hand already", None]
    decide(bench.workspace, await staged(bench, phone_change(), correlation_id="r", urgency="stat"),
           0, Answer("reject", reason="not-needed"))  # fmt: skip
    assert len(downtime(bench.ledger, bench.clock.now())) == 2


def test_the_names_that_tell_a_resource(bench: Bench) -> None:
    names = entered.told_apart_by(exact_object(CONDITION))
    assert names == {"code", "clinicalStatus", "verificationStatus"}
    note = {"resourceType": "DocumentReference", "status": "current", "content": [1]}
    assert entered.told_apart_by(exact_object(note)) == {"status", "content"}
