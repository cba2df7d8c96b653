"""What happens when the chart moves between approval and sending."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.canonical import exact
from core.gateway import refresh
from core.ports import Fetched
from core.view import view_proposal
from sync.store.verify import verify_store
from tests.builders import CONDITION, PATIENT, Bench, exact_object
from tests.core.gateway.scenario import approve, approved_phone, change, edit, run, staged


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


TELECOM = [PATIENT["telecom"][0], {"system": "phone", "value": "555 0177", "use": "mobile"}]


@pytest.mark.parametrize(
    "elements",
    [{"telecom": TELECOM}, {"active": False}, {"deceasedBoolean": True}],
    ids=["touched element", "guard element", "guard choice element"],
)
async def test_touched_or_guard_element_voids_the_approval(bench: Bench, elements: dict) -> None:
    id_ = await approved_phone(bench)
    seen = change(bench, id_)
    edit(bench, **elements)

    done = await run(bench)

    assert done.sent == 0 and done.returned == 1 and not bench.ehr.sent
    now = change(bench, id_)
    assert now.state == "pending-human-review" and now.void == "base-moved"
    assert now.revision == seen.revision + 1 and now.change_digest != seen.change_digest
    assert [vote.void for vote in bench.ledger.decisions(id_, 0)] == ["base-moved"]
    proposal = bench.ledger.proposal(id_)
    assert proposal is not None
    view = view_proposal(bench.ledger, proposal).changes[0]
    assert view.moved and {"path", "effect"} <= set(view.moved[0])
    if "telecom" in elements:
        assert view.moved[0]["before"] == "555 0111" and view.moved[0]["after"] == "555 0177"
        assert view.content is not None
        assert [(item.before, item.after) for item in view.content.delta] == [
            ("555 0177", "555 0199")
        ]
    assert verify_store(bench.connection).ok


async def test_after_another_approval_the_new_revision_is_written(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    edit(bench, telecom=TELECOM)
    await run(bench)
    approve(bench, id_)

    await run(bench)

    assert change(bench, id_).state == "verified"
    stored = bench.ehr.current("Patient/example")
    assert [item["value"] for item in stored["telecom"]] == ["555 0100", "555 0199"]
    assert stored["meta"]["versionId"] == "3"


async def test_another_element_is_rebased_written_and_recorded(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    edit(bench, birthDate="1970-01-02", maritalStatus={"text": "M"})

    done = await run(bench)

    assert done.sent == 1 and done.verified == 1
    stored = bench.ehr.current("Patient/example")
    assert stored["birthDate"] == "1970-01-02" and stored["maritalStatus"] == {"text": "M"}
    assert stored["telecom"][1]["value"] == "555 0199"
    assert bench.ehr.sent[0].headers["If-Match"] == 'W/"2"'
    now = change(bench, id_)
    assert now.rebased_digest is not None and now.rebased_digest != now.bytes_digest
    types = [entry.leaf["type"] for entry in bench.ledger.trail(id_)]
    assert types.index("write.rebased") < types.index("write.intended")
    assert verify_store(bench.connection).ok


async def test_control_without_the_base_guard_a_touched_element_is_overwritten(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the guard switched off the chart's newer value is lost: the guard is what stops it."""
    await approved_phone(bench)
    edit(bench, active=False)
    monkeypatch.setattr(refresh, "disturbed", lambda *_: ())
    await run(bench)
    assert bench.ehr.current("Patient/example")["telecom"][1]["value"] == "555 0199"


async def test_base_that_moves_after_the_last_look_is_refused_by_if_match(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.before_bytes = lambda: edit(bench, telecom=exact(TELECOM)) and None

    await run(bench)

    bench.ehr.before_bytes = lambda: None
    assert bench.ehr.current("Patient/example")["telecom"][1]["value"] == "555 0177"
    assert change(bench, id_).state == "pending-human-review"


async def test_target_that_is_gone_returns_to_review(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    del bench.ehr.versions["Patient/example"]
    await run(bench)
    assert change(bench, id_).state == "pending-human-review"
    assert change(bench, id_).void == "target-gone"


CONDITION_PATCH = [{"op": "replace", "path": "/code/text", "value": "Hypertension, essential"}]


async def _approved_condition_update(bench: Bench) -> str:
    condition = {**CONDITION, "id": "c1", "code": {**CONDITION["code"], "text": "Hypertension"}}
    bench.ehr.put(exact_object(condition))
    id_ = await staged(
        bench,
        {"op": "update", "target": "Condition/c1", "base_version": "1", "patch": CONDITION_PATCH},
        evidence=[],
    )
    approve(bench, id_)
    edit(bench, "Condition/c1", subject={"reference": "Patient/other"})
    return id_


async def test_target_that_moved_to_another_patient_is_never_written(bench: Bench) -> None:
    id_ = await _approved_condition_update(bench)
    for _ in range(2):
        await run(bench)
        assert not bench.ehr.sent
        now = change(bench, id_)
        assert (now.state, now.void) == ("pending-human-review", "other-patient")
        approve(bench, id_)


async def test_control_without_the_patient_check_another_chart_is_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await _approved_condition_update(bench)
    monkeypatch.setattr(refresh, "belongs_to", lambda *_, **__: True)
    await run(bench)
    approve(bench, id_)
    await run(bench)
    assert bench.ehr.current("Condition/c1")["subject"] == {"reference": "Patient/other"}
    assert bench.ehr.sent


async def test_a_base_that_names_no_version_any_more_stays_unsent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await approved_phone(bench)
    read = bench.ehr.read

    async def unversioned(reference: str, version: str | None = None) -> Fetched | None:
        found = await read(reference, version)
        return None if found is None else replace(found, version="")

    with monkeypatch.context() as patch:
        patch.setattr(bench.ehr, "read", unversioned)
        await run(bench)
    assert not bench.ehr.sent and change(bench, id_).state == "ready-for-write"
    await run(bench)
    assert change(bench, id_).state == "verified"
