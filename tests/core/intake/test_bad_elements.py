"""What is wrong inside a resource is one clear error in every form that an agent can use."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import BadInput
from core.intake import hardening
from tests.builders import CONDITION, Bench, proposal
from tests.core.intake.scenario import FORMS, bringing, patch, refusal, submit_changes, update

CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
OTHER = {"reference": "Patient/other"}


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


# name: (elements brought into a Condition, what the error says, the end of its field)
CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown element": ({"severityy": "x"}, "not an element", "severityy"),
    "strange key": ({"a b": "x"}, "not an element", "?"),
    "empty key": ({" ": "x"}, "not an element", "?"),
    "wrong kind": ({"recordedDate": 5}, "JSON kind", "recordedDate"),
    "no list": ({"note": {"text": "x"}}, "array", "note"),
    "empty list": ({"note": []}, "empty", "note"),
    "null": ({"recordedDate": None}, "empty", "recordedDate"),
    "no such day": ({"recordedDate": "2026-02-30"}, "format", "recordedDate"),
    "two types of a choice": (
        {"onsetString": "x", "onsetDateTime": "2026"}, "one type", "onset[x]",
    ),
    "required binding": ({"clinicalStatus": coded(CLINICAL, "gone")}, "no code", "clinicalStatus"),
    "its other system": ({"clinicalStatus": coded("urn:x", "active")}, "no code", "clinicalStatus"),
    "binding in a type": ({"identifier": [{"use": "x", "value": "1"}]}, "no code", "[0].use"),
    "con-1": ({"stage": [{"type": {"text": "x"}}]}, "con-1", "stage[0]"),
    "con-2": (
        {"evidence": [{"extension": [{"url": "urn:x", "valueString": "y"}]}]}, "con-2", "nce[0]",
    ),
    "con-4": ({"abatementDateTime": "2026-01-01"}, "con-4", "resource"),
    "con-5": (
        {"verificationStatus": coded(VERIFICATION, "entered-in-error")}, "con-5", "resource",
    ),
    "per-1": ({"onsetPeriod": {"start": "2026-02", "end": "2026-01"}}, "per-1", "onsetPeriod"),
    "ext-1": ({"extension": [{"url": "urn:x"}]}, "ext-1", "extension[0]"),
    "ref-1": ({"asserter": {"reference": "#nobody"}}, "ref-1", "asserter"),
    "subject": ({"subject": OTHER}, "another patient", "resource"),
    "its version": ({"subject": {"reference": "Patient/other/_history/1"}}, "another", "resource"),
    "asserter": ({"asserter": OTHER}, "another patient", "resource"),
    "deep inside": ({"evidence": [{"detail": [OTHER]}]}, "another patient", "resource"),
    "escaped": ({"asserter": {"reference": "Patient%2Fother"}}, "another patient", "resource"),
    "elsewhere": ({"asserter": {"reference": "http://x.org/Patient/other"}}, "another", "resource"),
    "search": ({"asserter": {"reference": "Patient?name=x"}}, "another patient", "resource"),
    "logical": (
        {"subject": {"type": "Patient", "identifier": {"value": "7"}}}, "another", "resource",
    ),
    "in an extension": (
        {"extension": [{"url": "urn:x", "valueReference": OTHER}]}, "another", "resource",
    ),
    "contained patient": (
        {"contained": [{"resourceType": "Patient", "id": "p"}], "subject": {"reference": "#p"}},
        "another patient",
        "resource",
    ),
    "a group": ({"subject": {"reference": "Group/1"}}, "not about", "subject"),
    "escape sequence": ({"note": [{"text": "\x1b[31mred"}]}, "format", "note[0].text"),
    "control character": ({"code": {"text": "a\x00b"}}, "format", "code.text"),
    "forged operation": (
        {"identifier": [{"system": "urn:countersign:operation", "value": "x"}]},
        "operation id",
        "identifier",
    ),
    "rules of its own": ({"implicitRules": "urn:x"}, "may not", "implicitRules"),
    "label of its own": ({"meta": {"security": [{"code": "AIAST"}]}}, "may ", "meta"),
    "tag of its own": ({"meta": {"tag": [{"code": "x"}], "profile": ["urn:x"]}}, "may ", "meta"),
    "id extension": ({"_id": {"id": "x"}}, "", "id"),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CASES)
async def test_a_bad_element_is_one_error_and_nothing_is_stored(
    bench: Bench, name: str, form: str
) -> None:
    elements, words, end = CASES[name]
    change = bringing(form, elements)
    error = await refusal(bench, proposal(change, evidence=[]), BadInput)
    assert error.field is not None and error.field.startswith("changes[0].")
    if form == "patch":
        # A pointer that hardening refuses is named by its place in the patch.
        end = "patch" if end == "resource" else end
        assert error.field.endswith(end) or error.field.endswith(".path"), error.field
    else:
        assert error.field.endswith(end), error.field
        assert words in error.problem


OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]},
    "subject": {"reference": "Patient/example"},
}
ORDER = {
    "resourceType": "MedicationRequest",
    "status": "draft",
    "intent": "proposal",
    "subject": {"reference": "Patient/example"},
    "medicationCodeableConcept": {"text": "x"},
}
DOCUMENT = {
    "resourceType": "DocumentReference",
    "status": "current",
    "subject": {"reference": "Patient/example"},
    "content": [{"attachment": {"contentType": "text/plain", "data": "eA=="}}],
}


@pytest.mark.parametrize(
    ("resource", "words", "end"),
    [
        (OBSERVATION | {"status": "done"}, "no code", "status"),
        (OBSERVATION | {"dataAbsentReason": {"text": "x"}, "valueString": "y"}, "obs-6", ""),
        (
            OBSERVATION
            | {
                "valueString": "y",
                "component": [{"code": OBSERVATION["code"], "valueString": "z"}],
            },
            "obs-7",
            "",
        ),
        (OBSERVATION | {"referenceRange": [{"type": {"text": "x"}}]}, "obs-3", "Range[0]"),
        (OBSERVATION | {"valueQuantity": {"value": 1, "code": "kg"}}, "qty-3", "valueQuantity"),
        (OBSERVATION | {"valueQuantity": {"value": "1"}}, "JSON kind", "valueQuantity.value"),
        ({k: v for k, v in OBSERVATION.items() if k != "subject"}, "not about", "subject"),
        ({k: v for k, v in OBSERVATION.items() if k != "code"}, "required", "code"),
        (ORDER | {"status": "maybe"}, "no code", "status"),
        (ORDER | {"intent": "wish"}, "no code", "intent"),
        (DOCUMENT | {"status": "x"}, "no code", "status"),
        (DOCUMENT | {"docStatus": "x"}, "no code", "docStatus"),
        (DOCUMENT | {"content": [{"attachment": {"data": "eA=="}}]}, "att-1", "attachment"),
        (DOCUMENT | {"content": [{"attachment": {"data": "***"}}]}, "format", "data"),
        (OBSERVATION | {"id": "mine"}, "may not", "id"),
        (OBSERVATION | {"meta": None}, "nothing but profile", "meta"),
        ({"resourceType": "Nonsense"}, "resource type", "resourceType"),
        ({"resourceType": 5}, "resource type", "resourceType"),
        ({"resourceType": "DomainResource"}, "resource type", "resourceType"),
        ({"status": "final"}, "resource type", "resourceType"),
    ],
)
async def test_a_bad_resource_of_other_types(
    bench: Bench, resource: dict[str, Any], words: str, end: str
) -> None:
    error = await refusal(
        bench, proposal({"op": "create", "resource": resource}, evidence=[]), BadInput
    )
    assert words in error.problem
    assert (error.field or "").endswith(end)


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (("replace", "/gender", "f"), "no code"),
        (("replace", "/telecom/0/system", "pigeon"), "no code"),
        (("replace", "/birthDate", "1970-13-01"), "format"),
        (("remove", "/telecom/0/system", None), "cpt-2"),
        (("add", "/contact", [{"gender": "male"}]), "pat-1"),
        (("add", "/link", [{"other": OTHER, "type": "seealso"}]), "another patient"),
        (("add", "/generalPractitioner", [OTHER]), "another patient"),
    ],
)
async def test_a_bad_update_of_the_patient(
    bench: Bench, operation: tuple[str, str, Any], words: str
) -> None:
    change = update("Patient/example", patch=patch(operation))
    assert words in (await refusal(bench, proposal(change, evidence=[]), BadInput)).problem


@pytest.mark.parametrize("path", ["/subject/reference", "/subject"])
async def test_control_without_the_patient_check_another_patient_passes(
    bench: Bench, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    value: Any = OTHER if path == "/subject" else OTHER["reference"]
    change = update("Condition/c1", patch=patch(("replace", path, value)))
    error = await refusal(bench, proposal(change, evidence=[]), BadInput)
    assert "another patient" in error.problem
    monkeypatch.setattr(hardening, "check_patient", lambda *_: None)
    assert (await submit_changes(bench, change)).outcome == "review"


async def test_what_the_base_already_breaks_is_not_held_against_the_change(bench: Bench) -> None:
    broken = {**CONDITION, "id": "c2", "identifier": [{"use": "x", "value": "1"}]}
    bench.ehr.put(broken)
    change = update("Condition/c2", patch=patch(("add", "/note", [{"text": "x"}])))
    assert (await submit_changes(bench, change)).outcome == "review"
    shifted = update(
        "Condition/c2", patch=patch(("add", "/identifier/0", {"use": "usual", "value": "0"}))
    )
    assert (await submit_changes(bench, shifted, correlation_id="c-2")).outcome == "review"
    worse = update("Condition/c2", patch=patch(("replace", "/identifier/0/use", "y")))
    error = await refusal(bench, proposal(worse, evidence=[], correlation_id="c-3"), BadInput)
    assert "no code" in error.problem
