"""Editing a change: the same checks as at intake, a new revision, and nothing approved by it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from core.canonical import JsonObject
from core.errors import BadInput, Conflict, Refused
from core.lifecycle import State
from core.review import edit as editing
from core.review.content import read_content
from core.review.decide import Answer, decide
from core.review.edit import check_edit, edit, editable
from core.statement import verify
from tests.builders import Bench, phone_change, problem_change
from tests.core.gateway.scenario import approve, change, run, staged


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def draft(bench: Bench, id_: str, index: int = 0) -> dict[str, Any]:
    row = change(bench, id_, index)
    return copy.deepcopy(editable(row, read_content(bench.ledger, row)))


def with_phone(bench: Bench, id_: str, value: str = "555 0177") -> JsonObject:
    found = draft(bench, id_)
    found["telecom"][1]["value"] = value
    return found


def saved(bench: Bench, id_: str, resource: JsonObject, index: int = 0) -> str:
    seen = change(bench, id_, index).change_digest
    return edit(bench.workspace, id_, index, resource, seen)


async def test_an_edit_is_a_new_revision_that_is_decided_anew_and_sent_as_edited(
    bench: Bench,
) -> None:
    id_ = await staged(bench, phone_change())
    before = change(bench, id_)
    digest = saved(bench, id_, with_phone(bench, id_))
    after = change(bench, id_)
    assert (after.revision, after.state) == (before.revision + 1, State.PENDING)
    assert digest == after.change_digest != before.change_digest
    with pytest.raises(Conflict, match="hash"):
        decide(bench.workspace, id_, 0, Answer("approve", seen=before.change_digest))
    approve(bench, id_)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED
    assert bench.ehr.current("Patient/example")["telecom"][1]["value"] == "555 0177"


async def test_a_create_keeps_its_operation_and_its_stamps(bench: Bench) -> None:
    id_ = await staged(bench, problem_change(), evidence=[])
    before = read_content(bench.ledger, change(bench, id_)).resource
    found = draft(bench, id_)
    assert "id" not in found and "identifier" not in found and "meta" not in found
    found["note"] = [{"text": "Seen by me."}]
    saved(bench, id_, found)
    after = read_content(bench.ledger, change(bench, id_)).resource
    assert {key: value for key, value in after.items() if key != "note"} == before
    approve(bench, id_)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED


async def test_an_edit_voids_what_was_approved_before(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    with pytest.raises(Conflict, match="ready-for-write"):
        saved(bench, id_, with_phone(bench, id_))
    row = change(bench, id_)
    assert row.state == State.READY


async def test_what_rests_on_an_edited_change_is_looked_at_again(bench: Bench) -> None:
    id_ = await staged(bench, phone_change(), problem_change(depends_on=[0]))
    approve(bench, id_, 1)
    assert change(bench, id_, 1).state == State.READY
    saved(bench, id_, with_phone(bench, id_))
    assert change(bench, id_, 1).state == State.PENDING
    assert change(bench, id_, 1).void == "dependency-edited"


async def test_the_edit_is_signed_and_the_agents_own_words_stay(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    original = change(bench, id_).body_seq
    saved(bench, id_, with_phone(bench, id_))
    entry = next(one for one in bench.ledger.trail(id_) if one.leaf["type"] == "change.edited")
    keys = {bench.ring.signer("reviewer").kid: bench.ring.public("reviewer")}
    payload = verify(entry.leaf["data"]["statement"], "edit", keys).payload
    assert payload["change"] == change(bench, id_).change_digest
    assert payload["reviewer"] == "dr-lee"
    kept = bench.ledger.entry(original)
    assert kept is not None and kept.body is not None
    assert kept.body["resource"]["telecom"][1]["value"] == "555 0199"


def _other_patient(found: dict[str, Any]) -> None:
    found["id"] = "other"


def _not_valid(found: dict[str, Any]) -> None:
    found["telecom"][1]["system"] = "pigeon"


def _other_type(found: dict[str, Any]) -> None:
    found["resourceType"] = "Person"


def _rules(found: dict[str, Any]) -> None:
    found["implicitRules"] = "urn:x"


def _huge(found: dict[str, Any]) -> None:
    found["telecom"][1]["value"] = "5" * 300_000


@pytest.mark.parametrize("spoil", [_other_patient, _not_valid, _other_type, _rules, _huge])
async def test_what_intake_would_refuse_an_edit_may_not_bring(bench: Bench, spoil: Any) -> None:
    id_ = await staged(bench, phone_change())
    found = draft(bench, id_)
    spoil(found)
    before = bench.ledger.size
    with pytest.raises(BadInput) as caught:
        saved(bench, id_, found)
    assert caught.value.field and bench.ledger.size == before


async def test_what_policy_denies_is_refused_and_nothing_changes(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    found = draft(bench, id_)
    found["gender"] = "other"
    before = bench.ledger.size
    with pytest.raises(Refused, match="policy denies"):
        saved(bench, id_, found)
    assert bench.ledger.size == before


async def test_control_without_asking_policy_the_denied_edit_would_be_recorded(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await staged(bench, phone_change())
    allowed = check_edit(bench.ledger, id_, 0, with_phone(bench, id_), bench.clock.now()).verdict
    monkeypatch.setattr(editing, "judge_again", lambda *_: allowed)
    found = draft(bench, id_)
    found["gender"] = "other"
    saved(bench, id_, found)
    assert change(bench, id_).revision == 1


async def test_an_edit_that_changes_nothing_or_takes_everything_back_is_refused(
    bench: Bench,
) -> None:
    id_ = await staged(bench, phone_change())
    with pytest.raises(Conflict, match="changes nothing"):
        saved(bench, id_, draft(bench, id_))
    with pytest.raises(Conflict, match="nothing of the proposal is left"):
        saved(bench, id_, with_phone(bench, id_, "555 0111"))


async def test_a_stale_hash_an_expired_change_and_a_missing_role(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await staged(bench, phone_change())
    with pytest.raises(Conflict, match="hash"):
        edit(bench.workspace, id_, 0, with_phone(bench, id_), "0" * 64)
    with monkeypatch.context() as patch:
        patch.setattr(editing, "reviewer_of", _refuse)
        with pytest.raises(Refused):
            saved(bench, id_, with_phone(bench, id_))
    bench.clock.advance(hours=30)
    with pytest.raises(Conflict, match="expired"):
        saved(bench, id_, with_phone(bench, id_))
    assert change(bench, id_).revision == 0


def _refuse(*_: object) -> None:
    raise Refused("no")


async def test_checking_records_nothing(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    before = bench.ledger.size
    found = check_edit(bench.ledger, id_, 0, with_phone(bench, id_), bench.clock.now())
    assert [item.after for item in found.content.delta] == ["555 0177"]
    assert bench.ledger.size == before
