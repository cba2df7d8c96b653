"""The same fact, likely the same, another one: the table of keys type by type."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.duplicates import KEYS, compare
from tests.builders import exact_object

SCT, LNC = "http://snomed.info/sct", "http://loinc.org"


def coded(system: str, code: str, text: str = "") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}], **({"text": text} if text else {})}


def status(code: str) -> dict[str, Any]:
    return coded("http://terminology.hl7.org/CodeSystem/condition-clinical", code)


WEIGHT = {
    "resourceType": "Observation", "status": "final", "code": coded(LNC, "29463-7", "Body weight"),
    "effectiveDateTime": "2026-11-21T11:05:00Z",
    "valueQuantity": {"value": Decimal("68.4"), "unit": "kg", "code": "kg"},
}  # fmt: skip
PROBLEM = {
    "resourceType": "Condition", "clinicalStatus": status("active"), "code": coded(SCT, "49436004"),
}  # fmt: skip
ORDER = {
    "resourceType": "MedicationRequest", "status": "draft", "intent": "proposal",
    "medicationCodeableConcept": coded(SCT, "386864001", "Amlodipine"),
    "dosageInstruction": [{"text": "1 tablet once a day"}],
}  # fmt: skip
NOTE = {
    "resourceType": "DocumentReference", "status": "current", "type": coded(LNC, "11506-3"),
    "date": "2026-11-21T11:05:00Z",
    "content": [{"attachment": {"contentType": "text/plain", "data": "QUJD"}}],
}  # fmt: skip
ALLERGY = {
    "resourceType": "AllergyIntolerance", "clinicalStatus": status("active"),
    "code": coded(SCT, "91936005", "Penicillin"),
}  # fmt: skip
SHOT = {
    "resourceType": "Immunization", "status": "completed", "occurrenceDateTime": "2026-10-01",
    "vaccineCode": coded("http://hl7.org/fhir/sid/cvx", "140"),
}  # fmt: skip
VISIT = {
    "resourceType": "Appointment", "status": "booked", "start": "2026-12-01T09:00:00Z",
    "end": "2026-12-01T09:20:00Z", "participant": [{"actor": {"reference": "Patient/example"}}],
}  # fmt: skip
TASK = {
    "resourceType": "Task", "status": "requested", "intent": "order",
    "code": {"text": "Follow-up visit"},
}  # fmt: skip
LATE = {"effectiveDateTime": "2026-11-21T18:00:00Z"}
SAME_KILOS = {"valueQuantity": {"value": Decimal("68.40"), "unit": "Kg", "code": "kg"}}
KILOS = {"valueQuantity": {"value": 70, "unit": "kg", "code": "kg"}}
TEXT_ONLY = {"code": {"text": "body  WEIGHT"}}


@pytest.mark.parametrize(
    ("ours", "others", "strength"),
    [
        (WEIGHT, {}, "certain"),
        (WEIGHT, SAME_KILOS, "certain"),
        (WEIGHT, {"effectiveDateTime": "2026-11-21T12:05:00+01:00"}, "certain"),
        (WEIGHT, KILOS, "likely"),
        (WEIGHT, LATE, "likely"),
        (WEIGHT, {"bodySite": coded(SCT, "1")}, "likely"),
        (WEIGHT, TEXT_ONLY, "likely"),
        (WEIGHT, {"effectiveDateTime": "2026-11-20T11:05:00Z"}, None),
        (WEIGHT, {"code": coded(LNC, "8302-2")}, None),
        (WEIGHT, {"code": coded(SCT, "29463-7")}, None),
        (WEIGHT, {"status": "entered-in-error"}, None),
        (PROBLEM, {}, "certain"),
        (PROBLEM, {"clinicalStatus": status("recurrence")}, "certain"),
        (PROBLEM, {"clinicalStatus": None}, "certain"),
        (PROBLEM, {"clinicalStatus": status("resolved")}, "likely"),
        (PROBLEM, {"verificationStatus": status("refuted")}, "likely"),
        (PROBLEM, {"bodySite": [coded(SCT, "7771000")]}, "likely"),
        (PROBLEM, {"verificationStatus": status("entered-in-error")}, None),
        (PROBLEM, {"code": coded(SCT, "1")}, None),
        (ORDER, {"status": "active", "intent": "order"}, "certain"),
        (ORDER, {"dosageInstruction": [{"text": "2 tablets once a day"}]}, "likely"),
        (ORDER, {"medicationCodeableConcept": {"text": "amlodipine"}}, "likely"),
        (ORDER, {"doNotPerform": True}, "likely"),
        (ORDER, {"status": "stopped"}, None),
        (NOTE, {"status": "superseded"}, "certain"),
        (NOTE, {"date": "2026-01-01T00:00:00Z"}, "likely"),
        (NOTE, {"content": [{"attachment": {"contentType": "text/plain", "data": "abc"}}],
                "date": "2026-11-22T00:00:00Z"}, None),
        (NOTE, {"content": [{"attachment": {"contentType": "text/plain", "data": "qujd"}}],
                "date": "2026-11-22T00:00:00Z"}, None),
        (ALLERGY, {}, "certain"),
        (ALLERGY, {"code": {"text": "penicillin"}}, "likely"),
        (SHOT, {}, "certain"),
        (SHOT, {"status": "not-done"}, "likely"),
        (SHOT, {"occurrenceDateTime": "2026-10-01T10:00:00Z"}, "likely"),
        (SHOT, {"occurrenceDateTime": "2025-10-01"}, None),
        (VISIT, {}, "certain"),
        (VISIT, {"participant": [{"actor": {"reference": "Practitioner/p"}}]}, "likely"),
        (VISIT, {"status": "cancelled"}, None),
        (TASK, {"status": "in-progress"}, "likely"),
        (TASK, {"status": "completed"}, None),
    ],
)  # fmt: skip
def test_how_surely_it_is_the_same(
    ours: dict[str, Any], others: dict[str, Any], strength: str | None
) -> None:
    theirs = {key: item for key, item in {**ours, **others}.items() if item is not None}
    found = compare(exact_object(ours), exact_object(theirs))
    assert (None if found is None else found.strength) == strength


def test_a_type_without_keys_is_not_compared() -> None:
    resource = {"resourceType": "Basic", "code": coded(SCT, "1")}
    assert "Basic" not in KEYS and compare(resource, resource) is None


@pytest.mark.parametrize("type_", sorted(KEYS))
def test_a_resource_that_says_nothing_is_the_same_as_none(type_: str) -> None:
    assert compare({"resourceType": type_}, {"resourceType": type_}) is None
