"""A proposal for which the EHR has no API write: judged, decided, entered by hand, read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.adoption import adopt
from core.gateway import guards
from core.intake import survey
from core.intake.stage import Staged, stage
from core.lifecycle import State
from core.profile.writes import Answer
from core.review.byhand import Entry, enter, sheet
from core.review.downtime import downtime
from core.review.edit import check_edit, edit, editable
from core.waiting import waits_for
from sync.profiles import load_profile
from tests.builders import PATIENT, Bench, document, exact_object, phone_change, proposal
from tests.core.consent.test_hold import automatic
from tests.core.gateway.failed import is_a
from tests.core.gateway.scenario import approve, change, run
from tests.core.intake.scenario import Ward, codes, ward


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return ward(tmp_path)[0]


async def proposed(bench: Bench, **more: Any) -> Staged:
    return await stage(bench.workspace, document(proposal(phone_change(), **more)))


def refuse(bench: Bench, axis: str, says: str = "no") -> None:
    """Adopt a profile in which one axis is_a of updating a Patient."""
    text = load_profile("sandbox") + (
        f'\n[[writes]]\ntypes = ["Patient"]\ninteractions = ["update"]\naxis = "{axis}"\n'
        f'says = "{says}"\nsource = "the site"\ncaptured_on = 2026-11-28\ngrade = "assumed"\n'
    )
    adopt(bench.workspace, "profile.sandbox", text)


@pytest.mark.parametrize("axis", ["documented", "scope", "contract", "observed"])
async def test_it_goes_to_people_with_the_refusing_axis_and_is_not_denied(
    bench: Bench, axis: str
) -> None:
    refuse(bench, axis)
    staged = await proposed(bench)
    row = change(bench, staged.proposal.id)
    assert (row.state, row.rung) == (State.PENDING, "by-hand")
    [reason] = [one for one in staged.reasons if one["code"] == "no-api-write"]
    assert f"({axis}: " in reason["text"] and "by hand" in reason["text"]
    found = sheet(bench.ledger, staged.proposal.id, 0)
    assert found.refusing is not None and found.refusing.axis == axis
    assert found.no_api is not None and found.no_api.startswith(f"{axis}: ")
    assert "the site, 2026-11-28" in found.no_api


async def test_what_the_server_itself_does_not_offer_goes_there_too(bench: Bench) -> None:
    assert isinstance(bench.ehr, Ward)
    is_a(bench, "generic-r4")
    bench.ehr.offers = {"update": False}
    staged = await proposed(bench)
    assert change(bench, staged.proposal.id).rung == "by-hand"
    assert "no-api-write" in codes(staged)
    found = sheet(bench.ledger, staged.proposal.id, 0)
    assert found.no_api == "advertised: the server does not offer it"


@pytest.mark.parametrize("profile", ["generic-r4", "epic", "eclinicalworks", "medplum"])
async def test_silence_refuses_nothing_and_the_server_counts_before_its_old_statement(
    bench: Bench, profile: str
) -> None:
    """Epic's and eClinicalWorks' statements offered no update of Patient; this server does."""
    is_a(bench, profile)
    staged = await proposed(bench)
    assert change(bench, staged.proposal.id).rung == "if-match"
    assert "no-api-write" not in codes(staged)


async def test_a_vendor_that_documents_no_write_is_not_written_to_whatever_it_advertises(
    bench: Bench,
) -> None:
    is_a(bench, "veradigm")
    staged = await proposed(bench)
    assert change(bench, staged.proposal.id).rung == "by-hand"
    found = sheet(bench.ledger, staged.proposal.id, 0)
    assert found.no_api is not None and "developer.veradigm.com" in found.no_api


async def test_approved_it_is_never_sent_and_verified_once_it_was_typed(bench: Bench) -> None:
    refuse(bench, "documented")
    id_ = (await proposed(bench)).proposal.id
    approve(bench, id_)
    row = change(bench, id_)
    assert row.state == State.READY
    assert "by hand" in str(waits_for(row.state, row.rung))
    assert [one.change.proposal for one in downtime(bench.ledger, bench.clock.now())] == [id_]
    await run(bench)
    assert not bench.ehr.sent and change(bench, id_).state == State.READY
    enter(bench.workspace, id_, 0, Entry(row.change_digest))
    telecom = [PATIENT["telecom"][0], {**PATIENT["telecom"][1], "value": "555 0199"}]
    bench.ehr.put(exact_object({**bench.ehr.current("Patient/example"), "telecom": telecom}))
    await run(bench)
    assert not bench.ehr.sent and change(bench, id_).state == State.VERIFIED


async def test_with_the_axes_not_asked_it_would_be_sent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the same profile, the intersection switched off at intake and at sending."""
    refuse(bench, "documented")
    open_ = Answer("Patient", "update", "yes", ())
    monkeypatch.setattr(survey, "answer_for", lambda *_: open_)
    monkeypatch.setattr(guards, "refusal_now", lambda *_: None)
    id_ = (await proposed(bench)).proposal.id
    approve(bench, id_)
    await run(bench)
    assert bench.ehr.sent[0].type == "Patient"


async def test_it_is_never_automatic(bench: Bench) -> None:
    automatic(bench)
    assert (await proposed(bench)).outcome == "auto"
    # Of one axis alone, so that it is not also a write that cannot be undone.
    refuse(bench, "contract")
    staged = await proposed(bench, correlation_id="c-2")
    row = change(bench, staged.proposal.id)
    assert (staged.outcome, row.state) == ("review", State.PENDING)


async def test_what_policy_denies_stays_denied(bench: Bench) -> None:
    refuse(bench, "documented")
    staged = await proposed(bench, purpose="HMARKT")
    assert change(bench, staged.proposal.id).state == State.DENIED
    assert "no-api-write" not in codes(staged)


async def test_an_edit_keeps_it_on_the_road_by_hand(bench: Bench) -> None:
    refuse(bench, "documented")
    id_ = (await proposed(bench)).proposal.id
    row = change(bench, id_)
    from core.review.content import read_content

    resource = editable(row, read_content(bench.ledger, row))
    resource["telecom"][1]["value"] = "555 0177"
    draft = check_edit(bench.ledger, id_, 0, resource, bench.clock.now())
    assert draft.verdict.outcome == "review"
    edit(bench.workspace, id_, 0, resource, row.change_digest)
    row = change(bench, id_)
    assert (row.state, row.rung) == (State.PENDING, "by-hand")
    assert "no-api-write" in {reason["code"] for reason in row.reason_list}


async def test_what_cannot_be_undone_there_is_on_a_higher_tier_and_not_automatic(
    bench: Bench,
) -> None:
    """Epic's Condition is create-only; its DocumentReference can be updated."""
    plain = change(bench, (await proposed(bench)).proposal.id)
    is_a(bench, "epic")
    staged = await proposed(bench, correlation_id="c-2")
    row = change(bench, staged.proposal.id)
    assert "not-correctable" in codes(staged) and plain.tier != row.tier
    automatic(bench)
    assert (await proposed(bench, correlation_id="c-3")).outcome != "auto"
    is_a(bench, "sandbox")
    assert (await proposed(bench, correlation_id="c-4")).outcome == "auto"
