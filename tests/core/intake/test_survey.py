"""What a proposal rests on: stale bases, encounters, consent, freezes, roads, a lost EHR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput, Conflict, Refused, Unreachable
from core.incident.freeze import declare
from core.intake import basing
from core.intake import stage as staging
from core.intake import survey as surveying
from core.policy import sample_policy
from tests.builders import PATIENT, Bench, phone_change, problem_change, proposal
from tests.core.intake.scenario import (
    PROBLEM,
    Ward,
    codes,
    content,
    edit,
    patch,
    refusal,
    row,
    size,
    submit,
    submit_changes,
    update,
    ward,
)
from tests.fakes import FakeConsents

NOTE_PATCH = patch(("add", "/note", [{"text": "x"}]))


@pytest.mark.parametrize(
    "moved",
    [
        {"telecom": [{"system": "phone", "value": "555 9999"}]},
        {"active": False},
        {"deceasedBoolean": True},
        {"telecom": None},
    ],
)
async def test_a_touched_or_guard_element_that_moved_denies(
    bench: Bench, moved: dict[str, Any]
) -> None:
    edit(bench, "Patient/example", **moved)
    staged = await submit_changes(bench, phone_change())
    assert staged.outcome == "denied"
    assert "stale-base" in codes(staged)


@pytest.mark.parametrize("form", ["patch", "full"])
async def test_where_others_moved_it_is_staged_on_the_current_version(
    bench: Bench, form: str
) -> None:
    edit(bench, "Patient/example", address=[{"city": "Synthville"}])
    telecom = [PATIENT["telecom"][0], {**PATIENT["telecom"][1], "value": "555 0199"}]
    full = update("Patient/example", resource={**PATIENT, "telecom": telecom})
    staged = await submit_changes(bench, phone_change() if form == "patch" else full)
    found = content(bench, staged)
    assert staged.outcome == "review"
    assert found.held is not None and found.held.version == "2"
    assert found.resource["address"] == [{"city": "Synthville"}]
    assert [item.path for item in found.delta] == ["Patient.telecom[1].value"]


async def test_control_without_the_comparison_the_stale_one_passes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(basing, "disturbed", lambda *_: ())
    edit(bench, "Patient/example", active=False)
    assert (await submit_changes(bench, phone_change())).outcome == "review"


async def test_a_narrative_written_since_is_kept_and_flagged(bench: Bench) -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml">by hand</div>'
    edit(bench, "Patient/example", text={"status": "additional", "div": div})
    staged = await submit_changes(bench, phone_change())
    assert content(bench, staged).narrative == "kept"
    assert "narrative-kept" in codes(staged)


async def test_a_written_narrative_that_became_generated_is_dropped(bench: Bench) -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'
    edit(bench, "Patient/example", text={"status": "additional", "div": div})
    edit(bench, "Patient/example", text={"status": "generated", "div": div})
    staged = await submit_changes(bench, phone_change(base_version="2"))
    assert content(bench, staged).narrative == "dropped"
    assert "text" not in content(bench, staged).resource


async def test_a_base_that_was_then_of_another_patient_is_refused(bench: Bench) -> None:
    bench.ehr.versions["Condition/c1"].clear()
    bench.ehr.put({**PROBLEM, "subject": {"reference": "Patient/other"}})
    bench.ehr.put(PROBLEM)
    change = update("Condition/c1", patch=NOTE_PATCH)
    error = await refusal(bench, proposal(change, evidence=[]), BadInput)
    assert error.field == "changes[0].base_version"


async def test_a_target_of_another_patient_is_refused(bench: Bench) -> None:
    bench.ehr.put({**PROBLEM, "id": "c9", "subject": {"reference": "Patient/other"}})
    change = update("Condition/c9", patch=NOTE_PATCH)
    error = await refusal(bench, proposal(change, evidence=[]), BadInput)
    assert error.field == "changes[0].target"


async def test_control_the_target_check_is_what_refuses(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(basing, "belongs_to", lambda *_, **__: True)
    monkeypatch.setattr(basing.hardening, "check_patient", lambda *_: None)
    bench.ehr.put({**PROBLEM, "id": "c9", "subject": {"reference": "Patient/other"}})
    assert (
        await submit_changes(bench, update("Condition/c9", patch=NOTE_PATCH))
    ).outcome == "review"


@pytest.mark.parametrize("answer", ["deny", "not-read:deny"])
async def test_consent_that_says_no_denies(bench: Bench, answer: str) -> None:
    bench.consents.answer = answer
    staged = await submit_changes(bench, phone_change())
    assert staged.outcome == "denied" and "consent-denied" in codes(staged)


@pytest.mark.parametrize("answer", ["", "unreadable", "not-permit"])
async def test_consent_that_cannot_be_told_is_held(bench: Bench, answer: str) -> None:
    bench.consents.answer = answer
    staged = await submit_changes(bench, phone_change())
    assert staged.state == "proposed" and "consent-unreadable" in codes(staged)


async def test_one_search_serves_every_change_of_a_proposal(bench: Bench) -> None:
    await submit_changes(bench, phone_change(), problem_change(), problem_change())
    assert isinstance(bench.consents, FakeConsents) and bench.consents.reads == 1


@pytest.mark.parametrize("answer", ["permit", "not-read:permit"])
async def test_consent_that_permits(bench: Bench, answer: str) -> None:
    bench.consents.answer = answer
    assert (await submit_changes(bench, phone_change())).outcome == "review"


@pytest.mark.parametrize(
    ("scope", "frozen"),
    [
        ({}, {0, 1}),
        ({"agent": "scribe-1"}, {0, 1}),
        ({"agent": "front-desk-1"}, set()),
        ({"type": "Condition"}, {1}),
        ({"path": "Patient.telecom"}, {0}),
        ({"op": "create", "type": "Patient"}, set()),
        ({"route": "coordinator"}, {0}),
        ({"model": "model-a@1", "workflow": "visit", "ehr": "sandbox"}, {0, 1}),
    ],
)
async def test_a_freeze_in_force_denies(
    bench: Bench, scope: dict[str, str], frozen: set[int]
) -> None:
    declare(bench.workspace, scope, "drill")
    staged = await submit(bench, proposal())
    found = {
        index for index in (0, 1)
        if "frozen" in {reason["code"] for reason in row(bench, staged, index).reason_list}
    }  # fmt: skip
    assert found == frozen
    assert {index for index in (0, 1) if row(bench, staged, index).state == "denied"} == frozen


@pytest.mark.parametrize("what", ["freeze", "policy"])
async def test_what_changes_while_it_is_judged_is_a_conflict(
    bench: Bench, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_survey = surveying.survey

    async def slow(workspace: Any, asked: Any) -> Any:
        found = await true_survey(workspace, asked)
        if what == "freeze":
            declare(bench.workspace, {"agent": "scribe-1"}, "drill")
        else:
            adopt(bench, sample_policy("sandbox").replace('"8h"', '"7h"'))
        return found

    monkeypatch.setattr(staging, "survey", slow)
    with pytest.raises(Conflict) as caught:
        await submit_changes(bench, phone_change())
    assert caught.value.remedy
    assert bench.ledger.same_proposal("scribe-1", "c-1") is None
    monkeypatch.setattr(staging, "survey", true_survey)
    staged = await submit_changes(bench, phone_change())
    assert ("frozen" in codes(staged)) == (what == "freeze")


def adopt(bench: Bench, policy: str) -> None:
    from core.adoption import Adopter, adopt_in

    adopter = Adopter("solo", "dr-lee", bench.ring.signer("reviewer"), bench.ids)
    with bench.ledger.transaction() as transaction:
        adopt_in(transaction, adopter, "policy", policy)


@pytest.mark.parametrize(
    ("offers", "denied", "by_hand"),
    [
        ({"versioned": False}, set(), {0}),
        ({"update": False}, set(), {0}),
        ({"update_create": False}, set(), set()),
        ({"update_create": False, "conditional_create": False}, {1}, set()),
        ({"update_create": False, "create": False}, set(), {1}),
    ],
)
async def test_an_ehr_without_a_safe_way_to_write(
    bench: Bench, offers: dict[str, bool], denied: set[int], by_hand: set[int]
) -> None:
    assert isinstance(bench.ehr, Ward)
    bench.ehr.offers = offers
    staged = await submit(bench, proposal())
    assert {index for index in (0, 1) if row(bench, staged, index).state == "denied"} == denied
    assert ("no-safe-write" in codes(staged)) == bool(denied)
    assert {index for index in (0, 1) if row(bench, staged, index).rung == "by-hand"} == by_hand
    assert ("no-api-write" in codes(staged)) == bool(by_hand)


async def test_a_redacted_base_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    read = bench.ehr.read

    async def redacted(reference: str, version: str | None = None) -> Any:
        found = await read(reference, version)
        return None if found is None else replace(found, redacted=True)

    monkeypatch.setattr(bench.ehr, "read", redacted)
    error = await refusal(bench, proposal(phone_change(), evidence=[]), BadInput)
    assert error.field == "changes[0].target"


EVERYTHING = proposal(
    phone_change(base_version="1"), problem_change(), encounter="Encounter/e1", evidence=[]
)


async def test_the_ehr_lost_at_any_call_stores_nothing(tmp_path: Path) -> None:
    whole, ehr = ward(tmp_path)
    edit(whole, "Patient/example", maritalStatus={"text": "x"})
    await submit(whole, EVERYTHING)
    # Patient, encounter, target, its older version, two capabilities; the last is of the search
    # for duplicates, which admits without and says so.
    assert len(ehr.calls) == 7
    for fail_at in range(1, 7):
        folder = tmp_path / str(fail_at)
        folder.mkdir()
        bench, _ = ward(folder, fail_at)
        edit(bench, "Patient/example", maritalStatus={"text": "x"})
        before = size(bench)
        with pytest.raises(Unreachable):
            await submit(bench, EVERYTHING)
        assert size(bench) == before
        # The same document is taken once the EHR answers again.
        assert (await submit(bench, EVERYTHING)).repeated is False


async def test_a_lost_source_alone_does_not_stop_the_proposal(tmp_path: Path) -> None:
    bench, ehr = ward(tmp_path, 2)
    staged = await submit(bench, proposal(phone_change()))
    assert ehr.calls[1] == "DocumentReference/n1"
    assert content(bench, staged).evidence[0]["grounding"] == "unavailable"


@pytest.mark.parametrize("error", [Unreachable("no consent"), Refused("not yours")])
async def test_where_only_the_consents_are_lost_it_is_held(bench: Bench, error: Exception) -> None:
    assert isinstance(bench.consents, FakeConsents)
    bench.consents.error = error
    staged = await submit_changes(bench, phone_change())
    assert staged.state == "proposed" and "consent-unread" in codes(staged)
