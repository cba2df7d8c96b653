"""From change and base to intended resource and delta: forms agree, narratives, patch tricks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.canonical import Number, exact
from core.delta import touched
from core.errors import BadInput
from core.fhir import Problem
from core.gateway.run import run_once
from core.intake import build
from core.intake.build import Built, build_create, build_update, check_valid, reapply, stamp
from core.proposal import Create, Update
from core.review.decide import Answer, decide
from tests.builders import CONDITION, PATIENT, PHONE_PATCH, Bench, exact_object, proposal
from tests.core.intake.scenario import (
    PROBLEM,
    codes,
    content,
    edit,
    patch,
    refusal,
    row,
    submit,
    submit_changes,
    update,
)

WRITTEN = {"status": "additional", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Ada</div>'}
GENERATED = PATIENT["text"]
NEW_TELECOM = [PATIENT["telecom"][0], {**PATIENT["telecom"][1], "value": "555 0199"}]


def built(base: dict[str, Any], **body: Any) -> Built:
    change = Update.model_validate(exact(update("Patient/example", **body)))
    return build_update(change, exact_object(base), "Patient/example", "changes[0]")


@pytest.mark.parametrize("text", [GENERATED, WRITTEN, None])
def test_patch_and_full_resource_give_the_same_delta(text: dict[str, str] | None) -> None:
    base = {key: value for key, value in {**PATIENT, "text": text}.items() if value is not None}
    by_patch = built(base, patch=PHONE_PATCH)
    assert by_patch == built(base, resource={**base, "telecom": NEW_TELECOM})
    assert touched(by_patch.delta) == (("Patient.telecom.value", "changed"),)


@pytest.mark.parametrize("status", ["generated", "extensions", "empty"])
@pytest.mark.parametrize("omitted", [False, True])
def test_a_generated_narrative_is_dropped_and_is_not_touched(status: str, omitted: bool) -> None:
    base = {**PATIENT, "text": {**GENERATED, "status": status}}
    sent = {key: value for key, value in base.items() if key != "text" or not omitted}
    found = built(base, resource={**sent, "telecom": NEW_TELECOM})
    assert found.narrative == "dropped"
    assert "text" not in found.resource
    assert touched(found.delta) == (("Patient.telecom.value", "changed"),)


async def test_a_written_narrative_is_kept_and_raises_the_tier(bench: Bench) -> None:
    edit(bench, "Patient/example", text=WRITTEN)
    change = update("Patient/example", base_version="2", patch=PHONE_PATCH)
    staged = await submit_changes(bench, change)
    assert content(bench, staged).narrative == "kept"
    assert content(bench, staged).resource["text"] == WRITTEN
    assert "narrative-kept" in codes(staged)
    assert row(bench, staged).tier == "medium"


async def test_control_without_the_flag_the_tier_stays(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "narrative_of", lambda *_: None)
    edit(bench, "Patient/example", text=WRITTEN)
    change = update("Patient/example", base_version="2", patch=PHONE_PATCH)
    staged = await submit_changes(bench, change)
    assert "narrative-kept" not in codes(staged)
    assert row(bench, staged).tier == "low"


@pytest.mark.parametrize("text", [GENERATED, WRITTEN])
@pytest.mark.parametrize("path", ["/text", "/text/div", "/text/status"])
async def test_a_narrative_that_the_agent_changes_is_denied(
    bench: Bench, text: dict[str, str], path: str
) -> None:
    edit(bench, "Patient/example", text=text)
    div = '<div xmlns="http://www.w3.org/1999/xhtml">changed</div>'
    values: dict[str, Any] = {"/text": {"status": "additional", "div": div}, "/text/div": div}
    operation = ("replace", path, values.get(path, "extensions"))
    if path == "/text/status" and text is GENERATED:
        operation = ("replace", path, "additional")
    change = update("Patient/example", base_version="2", patch=[*PHONE_PATCH, *patch(operation)])
    staged = await submit_changes(bench, change)
    assert staged.outcome == "denied"
    assert "narrative-not-named" in codes(staged)


async def test_a_written_narrative_that_the_agent_leaves_out_is_denied(bench: Bench) -> None:
    edit(bench, "Patient/example", text=WRITTEN)
    sent = {key: value for key, value in PATIENT.items() if key != "text"}
    change = update("Patient/example", base_version="2", resource={**sent, "telecom": NEW_TELECOM})
    staged = await submit_changes(bench, change)
    assert staged.outcome == "denied"
    assert ["Patient.text", "removed"] in [list(pair) for pair in row(bench, staged).touched]


@pytest.mark.parametrize("op", ["replace", "test"])
async def test_a_change_of_nothing_is_denied(bench: Bench, op: str) -> None:
    change = update("Patient/example", patch=patch((op, "/gender", "female")))
    staged = await submit_changes(bench, change)
    assert codes(staged) == {"nothing-changed"}


PATHS = [
    "", "/", "id", "telecom/0", "/id", "/_id", "/~0id", "/meta", "/meta/profile", "/meta/-",
    "/_meta", "/resourceType", "/implicitRules", "/_implicitRules", "/telecom/9", "/telecom/-1",
    "/telecom/x", "/~2", "/gender/x", "/telecom/0/value/0", " /gender", "#/gender", "/active ",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("op", ["add", "replace", "remove", "move", "copy", "test"])
async def test_a_patch_path_that_is_a_trick(bench: Bench, path: str, op: str) -> None:
    operation = {"op": op, "path": path, "value": "x", "from": "/gender"}
    change = update("Patient/example", patch=[operation])
    error = await refusal(bench, proposal(change, evidence=[]), BadInput)
    assert error.field is not None and error.field.startswith("changes[0].patch")


@pytest.mark.parametrize("source", ["", "/", "/id", "/meta", "/resourceType", "/~0id", "id", 5, []])
@pytest.mark.parametrize("op", ["move", "copy"])
async def test_a_patch_source_that_is_a_trick(bench: Bench, source: Any, op: str) -> None:
    operation = {"op": op, "path": "/multipleBirthString", "from": source}
    error = await refusal(
        bench, proposal(update("Patient/example", patch=[operation]), evidence=[]), BadInput
    )
    assert error.field is not None and error.field.startswith("changes[0].patch")


@pytest.mark.parametrize(
    "operation",
    [
        {},
        {"op": "frob", "path": "/gender"},
        {"op": ["add"], "path": "/gender", "value": 1},
        {"op": None, "path": "/gender"},
        {"op": "add", "path": "/gender"},
        {"op": "move", "path": "/gender"},
        {"op": "move", "path": "/gender", "from": None},
        {"op": "move", "path": "/name/0/x", "from": "/name"},
        {"op": "add", "path": ["gender"], "value": "male"},
        {"op": "add", "path": None, "value": "male"},
        {"op": "test", "path": "/gender", "value": "male"},
    ],
)
async def test_an_operation_that_is_none(bench: Bench, operation: dict[str, Any]) -> None:
    change = update("Patient/example", patch=[operation])
    error = await refusal(bench, proposal(change, evidence=[]), BadInput)
    assert error.field is not None and error.field.startswith("changes[0].patch[0]")


@pytest.mark.parametrize(
    "steps",
    [
        # Each copy into itself doubles size and depth.
        [{"op": "copy", "from": "/name", "path": "/name/0/x"}] * 100,
        [{"op": "copy", "from": "/name", "path": f"/name/0/x{n}"} for n in range(100)],
        [{"op": "copy", "from": "/name", "path": "/name/-"}] * 100,
    ],
)
async def test_a_patch_that_grows_without_end(bench: Bench, steps: list[dict[str, Any]]) -> None:
    change = update("Patient/example", patch=steps)
    error = await refusal(bench, proposal(change, evidence=[]), BadInput)
    assert "too deep or too large" in error.problem


@pytest.mark.parametrize("key", ["id", "resourceType"])
async def test_a_full_resource_of_another_identity(bench: Bench, key: str) -> None:
    other = {**PATIENT, key: {"id": "other", "resourceType": "Person"}[key]}
    change = update("Patient/example", resource=other)
    error = await refusal(bench, proposal(change, evidence=[]), BadInput)
    assert error.field == f"changes[0].resource.{key}"


async def test_meta_as_it_was_or_left_out(bench: Bench) -> None:
    meta = {"versionId": "1", "lastUpdated": "2020-01-01T00:00:00Z"}
    with_meta = update(
        "Patient/example", resource={**PATIENT, "telecom": NEW_TELECOM, "meta": meta}
    )
    assert (await submit_changes(bench, with_meta)).outcome == "review"


NUMBERS = ["1.10", "0.50", "1e2", "100.000", "-0.0", "12345678901234567890.1"]


@pytest.mark.parametrize("text", NUMBERS)
async def test_numbers_keep_their_text_to_the_ehr(bench: Bench, text: str) -> None:
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": "Patient/example"},
        "valueQuantity": {"value": 424242},
    }
    value = proposal({"op": "create", "resource": observation}, evidence=[])
    staged = await submit(bench, json.dumps(value).replace("424242", text))
    change = row(bench, staged)
    decide(bench.workspace, staged.proposal.id, 0, Answer("approve", seen=change.change_digest))
    await run_once(bench.workspace, bench.epoch)
    stored = bench.ehr.current(f"Observation/{change.operation}")
    assert stored["valueQuantity"]["value"] == Number(text)
    assert f'"value":{text}'.encode() in bench.ehr.sent[0].body


def test_reapply_takes_what_was_touched_and_leaves_the_rest() -> None:
    first = built(PATIENT, patch=PHONE_PATCH)
    fresh = exact_object({**PATIENT, "gender": "male"})
    resource, found = reapply(fresh, first.resource, first.delta)
    assert resource["gender"] == "male" and resource["telecom"] == NEW_TELECOM
    assert "text" not in resource
    assert touched(found) == touched(first.delta)


def test_reapply_carries_removals_and_companions() -> None:
    base = exact_object({**PATIENT, "_birthDate": {"id": "x"}})
    approved = {k: v for k, v in base.items() if k not in ("birthDate", "_birthDate", "text")}
    first = build.delta(build._without_text(base), approved)
    resource, _ = reapply(base, approved, first)
    assert "birthDate" not in resource and "_birthDate" not in resource


def test_a_create_is_stamped_with_label_operation_and_id() -> None:
    change = Create.model_validate(exact({"op": "create", "resource": CONDITION}))
    found = build_create(change, "Patient/example", "changes[0]")
    stamped = stamp(found.resource, "op-1", "if-none-match", create=True)
    assert stamped["id"] == "op-1" and stamped["meta"]["security"][0]["code"] == "AIAST"
    assert {"system": "urn:countersign:operation", "value": "op-1"} in stamped["identifier"]
    assert "id" not in stamp(found.resource, "op-1", "if-none-exist", create=True)


def test_an_update_is_stamped_with_the_label_alone() -> None:
    stamped = stamp(exact_object(PROBLEM), "op-1", "if-match", create=False)
    assert "identifier" not in stamped and stamped["id"] == "c1"
    assert stamped["meta"] == {"security": [build.stamps.AI_LABEL]}


def test_only_new_problems_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(resource: dict[str, Any]) -> list[Problem]:
        return [Problem(path, "value", "wrong") for path in resource["bad"]]

    monkeypatch.setattr(build, "problems", found)
    base = {"bad": ["Patient.name[0]"]}
    check_valid({"bad": ["Patient.name[1]"]}, base, "x")
    for bad in (["Patient.name[0]", "Patient.name[1]"], ["Patient.photo[0]"]):
        with pytest.raises(BadInput):
            check_valid({"bad": bad}, base, "x")
