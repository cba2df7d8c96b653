"""Next steps with an exception: correct through the same gate, re-map, escalate; each signed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput, Conflict, Refused, Unreachable
from core.gateway.run import Round
from core.lifecycle import State
from core.reconcile.settle import settle
from core.reconcile.steps import ask_correction, ask_look, escalate, remap
from core.reconcile.trouble import troubles
from core.statement import verify
from tests.builders import Bench
from tests.core.gateway.scenario import approve, approved_problem, change, edit, run
from tests.core.reconcile.again import (
    condition,
    row,
    the_exception,
    told,
    until_due,
    verified_phone,
    verified_problem,
)
from tests.core.reconcile.test_settle import discrepant

HOME = {"system": "phone", "value": "555 0100", "use": "home"}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def drifted(bench: Bench) -> str:
    """Return a verified change whose number somebody changed since."""
    id_ = await verified_phone(bench)
    telecom: list[Any] = [dict(one) for one in bench.ehr.current("Patient/example")["telecom"]]
    telecom[1]["value"] = "555 0142"
    telecom.append({"system": "email", "value": "ada@example.org"})
    edit(bench, telecom=telecom, birthDate="1971-01-01")
    until_due(bench, id_)
    await run(bench)
    assert change(bench, id_).state == State.EXCEPTION
    return id_


async def test_a_correction_passes_the_gate_and_ends_what_it_puts_right(bench: Bench) -> None:
    id_ = await drifted(bench)
    number = ask_correction(bench.workspace, id_, 0, "she never had that number")
    sent = len(bench.ehr.sent)
    done: Round = await run(bench)
    assert done.corrections == 1
    (asked,) = bench.ledger.corrections(id_, 0)
    assert asked.id == number and asked.proposed is not None and asked.by == "dr-lee"
    wanted = change(bench, asked.proposed)
    assert wanted.state == State.PENDING and wanted.agent == "scribe-1"
    assert len(bench.ehr.sent) == sent, "nothing is written before people decide it"
    approve(bench, asked.proposed)
    await run(bench)
    assert change(bench, asked.proposed).state == State.VERIFIED
    assert change(bench, id_).state == State.CORRECTED
    assert not bench.ledger.exceptions(id_, 0) and not troubles(bench.ledger)
    patient = bench.ehr.current("Patient/example")
    assert patient["telecom"][1]["value"] == "555 0199"
    assert patient["birthDate"] == "1971-01-01", "what is not ours stays"


async def test_control_without_the_link_the_first_would_stay_an_exception(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.reconcile import check

    monkeypatch.setattr(check, "end_corrected", lambda *_: None)
    id_ = await drifted(bench)
    ask_correction(bench.workspace, id_, 0, "why")
    await run(bench)
    (asked,) = bench.ledger.corrections(id_, 0)
    approve(bench, str(asked.proposed))
    await run(bench)
    assert change(bench, id_).state == State.EXCEPTION


async def test_a_record_that_was_deleted_is_proposed_again(bench: Bench) -> None:
    id_ = await verified_problem(bench)
    del bench.ehr.versions[condition(bench)]
    until_due(bench, id_)
    await run(bench)
    ask_correction(bench.workspace, id_, 0, "it was deleted by mistake")
    await run(bench)
    (asked,) = bench.ledger.corrections(id_, 0)
    again = change(bench, str(asked.proposed))
    assert (again.op, again.type, again.state) == ("create", "Condition", State.PENDING)
    approve(bench, again.proposal)
    await run(bench)
    assert change(bench, id_).state == State.CORRECTED
    assert condition(bench)


async def test_one_correction_at_a_time(bench: Bench) -> None:
    id_ = await drifted(bench)
    ask_correction(bench.workspace, id_, 0, "why")
    with pytest.raises(Conflict, match="under way"):
        ask_correction(bench.workspace, id_, 0, "why")
    await run(bench)
    with pytest.raises(Conflict, match="under way"):
        ask_correction(bench.workspace, id_, 0, "why")


async def test_what_was_seen_to_meanwhile_is_not_proposed(bench: Bench) -> None:
    id_ = await drifted(bench)
    ask_correction(bench.workspace, id_, 0, "why")
    settle(bench.workspace, id_, 0, "it may stay")
    assert (await run(bench)).corrections == 0
    (asked,) = bench.ledger.corrections(id_, 0)
    assert asked.failed == "settled-meanwhile" and asked.proposed is None


async def test_an_ehr_that_is_away_keeps_it_asked_for(bench: Bench) -> None:
    id_ = await drifted(bench)
    ask_correction(bench.workspace, id_, 0, "why")
    read = bench.ehr.read

    async def down(*_: object, **__: object) -> None:
        raise Unreachable("the EHR is down")

    bench.ehr.read = down  # type: ignore[method-assign,assignment]
    done = await run(bench)
    assert done.unreachable and not done.corrections
    bench.ehr.read = read  # type: ignore[method-assign]
    assert (await run(bench)).corrections == 1


async def test_a_round_that_was_killed_before_it_said_so_proposes_no_second(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.reconcile import correcting

    id_ = await drifted(bench)
    ask_correction(bench.workspace, id_, 0, "why")
    with monkeypatch.context() as patch:
        patch.setattr(correcting, "_end", lambda *_: None)
        await run(bench)
    edit(bench, maritalStatus={"text": "M"})
    await run(bench)
    (asked,) = bench.ledger.corrections(id_, 0)
    assert asked.proposed is not None
    assert len(bench.ledger.changes_in(State.PENDING)) == 1


async def test_a_duplicate_is_not_for_a_proposal(bench: Bench) -> None:
    commit = bench.ehr._commit

    def twice(request: Any) -> Any:
        answer = commit(request)
        if request.type == "Condition":
            bench.ehr.put({**bench.ehr.current(f"Condition/{request.id}"), "id": "twin"})
        return answer

    bench.ehr._commit = twice  # type: ignore[method-assign]
    id_ = await approved_problem(bench)
    await run(bench)
    with pytest.raises(Conflict, match="no proposal puts this right"):
        ask_correction(bench.workspace, id_, 0, "why")


async def test_a_missing_mapping_is_listed_with_its_paths_and_stays_open(bench: Bench) -> None:
    id_ = await discrepant(bench)
    paths = remap(bench.workspace, id_, 0, "this EHR keeps three digits")
    assert paths == ["Patient.telecom.value"]
    (finding,) = bench.ledger.open_findings()
    assert (finding.task, finding.severity) == ("profile:sandbox", "mapping")
    assert finding.code == "Patient.telecom.value"
    assert the_exception(bench, id_).remapped_at is not None
    assert change(bench, id_).state == State.EXCEPTION
    entry = bench.ledger.trail(id_)[-1]
    assert entry.body is not None and entry.body["differences"][0]["persisted"] == "555"
    assert "555" not in str({**entry.leaf["data"], "statement": ""})


async def test_escalating_tells_whom_the_route_escalates_to_or_who_is_named(bench: Bench) -> None:
    id_ = await discrepant(bench)
    assert escalate(bench.workspace, id_, 0, "who knows this?") == ("person:dr-lee",)
    (notice,) = [one for one in bench.ledger.notices(id_, 0) if one.kind == "exception-escalated"]
    row_ = the_exception(bench, id_)
    assert notice.deadline == row_.due and row_.escalated_to == "person:dr-lee"
    assert escalate(bench.workspace, id_, 0, "you?", "role:on-call") == ("person:dr-lee",)
    for nobody in ("role:gardener", "person:nobody", "on-call"):
        with pytest.raises(BadInput) as caught:
            escalate(bench.workspace, id_, 0, "you?", nobody)
        assert caught.value.field == "to"


@pytest.mark.parametrize("act", [ask_correction, remap, escalate])
async def test_each_is_signed_needs_a_reason_and_a_role(bench: Bench, act: Any) -> None:
    id_ = await discrepant(bench)
    for reason in ("", "  ", "x" * 1001):
        with pytest.raises(BadInput) as caught:
            act(bench.workspace, id_, 0, reason)
        assert caught.value.field == "reason"
    stranger = replace(bench.workspace, reviewer="nobody")
    with pytest.raises(Refused):
        act(stranger, id_, 0, "why")
    act(bench.workspace, id_, 0, "why")
    entry = next(
        one for one in reversed(bench.ledger.trail(id_)) if "statement" in one.leaf["data"]
    )
    keys = {bench.ring.signer("reviewer").kid: bench.ring.public("reviewer")}
    payload = verify(entry.leaf["data"]["statement"], "settlement", keys).payload
    assert payload["reviewer"] == "dr-lee" and payload["act"] in ("correct", "remap", "escalate")


@pytest.mark.parametrize("act", [ask_correction, remap, escalate])
async def test_without_an_exception_there_is_no_next_step(bench: Bench, act: Any) -> None:
    id_ = await verified_phone(bench)
    with pytest.raises(Conflict):
        act(bench.workspace, id_, 0, "why")


async def test_who_asks_to_look_again_need_not_wait_for_the_schedule(bench: Bench) -> None:
    id_ = await verified_phone(bench)
    due = row(bench, id_).due
    ask_look(bench.workspace, id_, 0)
    assert (await run(bench)).looked_again == 1
    assert row(bench, id_).due == due and not row(bench, id_).asked


async def test_an_exception_that_was_put_right_in_the_ehr_shows_so_and_waits(bench: Bench) -> None:
    id_ = await drifted(bench)
    telecom = [dict(one) for one in bench.ehr.current("Patient/example")["telecom"]]
    edit(bench, telecom=[telecom[0], {**telecom[1], "value": "555 0199"}])
    ask_look(bench.workspace, id_, 0)
    assert (await run(bench)).looked_again == 1
    assert change(bench, id_).state == State.EXCEPTION
    written = bench.ledger.write(change(bench, id_).operation)
    assert written is not None and written.reconciled_class == "identical"
    assert told(bench, "reconciliation.rechecked")[-1]["outcome"] == "same"
    assert (await run(bench)).looked_again == 0
    settle(bench.workspace, id_, 0, "the desk put it right")
    assert change(bench, id_).state == State.VERIFIED


async def test_nothing_that_was_never_written_is_looked_at(bench: Bench) -> None:
    bench.ehr.faults = [422]
    id_ = await approved_problem(bench)
    await run(bench)
    with pytest.raises(Conflict, match="nothing was written"):
        ask_look(bench.workspace, id_, 0)
