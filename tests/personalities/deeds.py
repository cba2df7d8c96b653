"""A handful of changes, as agents propose them every day, and the chart that they are for."""

from __future__ import annotations

import base64
from typing import Any

from tests.builders import CONDITION, NOTE, PATIENT, phone_change, problem_change

PATIENT_REF = {"reference": "Patient/example"}
NOTE_TEXT = "Seen today; feels well. Weight 72.5 kg. Plan: the same medication, review in May."
HELD: dict[str, Any] = {
    **CONDITION,
    "id": "held",
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "195967001"}]},
    "onsetDateTime": "2019-04-02",
}
OTHER: dict[str, Any] = {
    "resourceType": "Patient", "id": "other", "birthDate": "1950-05-05",
    "name": [{"family": "Synthetic", "given": ["Ben"]}],
}  # fmt: skip
CHART: tuple[dict[str, Any], ...] = (PATIENT, OTHER, NOTE, HELD)

WEIGHT: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "category": [
        {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                    "code": "vital-signs",
                }
            ]
        }
    ],
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
    "subject": PATIENT_REF,
    "effectiveDateTime": "2026-11-20T10:00:00Z",
    "performer": [{"reference": "Practitioner/p1"}],
    "valueQuantity": {
        "value": 72.5, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg",
    },
}  # fmt: skip
VISIT_NOTE: dict[str, Any] = {
    "resourceType": "DocumentReference",
    "status": "current",
    "docStatus": "final",
    "type": {"coding": [{"system": "http://loinc.org", "code": "11506-3"}]},
    "subject": PATIENT_REF,
    "date": "2026-11-20T10:05:00Z",
    "content": [
        {
            "attachment": {
                "contentType": "text/plain",
                "data": base64.b64encode(NOTE_TEXT.encode()).decode(),
            }
        }
    ],
}
APPOINTMENT: dict[str, Any] = {
    "resourceType": "Appointment",
    "status": "proposed",
    "description": "Review of blood pressure",
    "start": "2027-05-03T08:00:00Z",
    "end": "2027-05-03T08:20:00Z",
    "participant": [{"actor": PATIENT_REF, "status": "needs-action"}],
}
TASK: dict[str, Any] = {
    "resourceType": "Task",
    "status": "requested",
    "intent": "order",
    "description": "Call back about the result",
    "for": PATIENT_REF,
}
ANSWERS: dict[str, Any] = {
    "resourceType": "QuestionnaireResponse",
    "status": "completed",
    "questionnaire": "http://example.org/Questionnaire/intake",
    "subject": PATIENT_REF,
    "authored": "2026-11-20T09:55:00Z",
    "item": [{"linkId": "1", "text": "Do you smoke?", "answer": [{"valueBoolean": False}]}],
}
_RESOLVED = [
    {"op": "replace", "path": "/clinicalStatus/coding/0/code", "value": "resolved"},
    {"op": "add", "path": "/abatementDateTime", "value": "2026-11-20"},
]

_THREE_CODINGS = {
    "coding": [
        {"system": "http://snomed.info/sct", "code": "38341003", "userSelected": False},
        {"system": "http://hl7.org/fhir/sid/icd-10", "code": "I10", "userSelected": True},
        {"system": "http://hl7.org/fhir/sid/icd-9", "code": "401.9", "userSelected": False},
    ]
}

DEEDS: dict[str, dict[str, Any]] = {
    "telephone number (Patient update)": phone_change(),
    "problem (Condition create)": problem_change(),
    "problem resolved (Condition update)": {
        "op": "update", "target": "Condition/held", "base_version": "1", "patch": _RESOLVED,
    },
    "weight (Observation create)": {"op": "create", "resource": WEIGHT},
    "note (DocumentReference create)": {"op": "create", "resource": VISIT_NOTE},
    "problem that is there already (Condition create)": problem_change(
        resource={**CONDITION, "code": HELD["code"]}
    ),
    "problem in three codings (Condition create)": problem_change(
        resource={**CONDITION, "code": _THREE_CODINGS}
    ),
    "weight on a day (Observation create)": {
        "op": "create", "resource": {**WEIGHT, "effectiveDateTime": "2026-11-20"},
    },
    "draft of a note (DocumentReference create)": {
        "op": "create", "resource": {**VISIT_NOTE, "docStatus": "preliminary"},
    },
    "appointment (Appointment create)": {"op": "create", "resource": APPOINTMENT},
    "task (Task create)": {"op": "create", "resource": TASK},
    "questionnaire (QuestionnaireResponse create)": {"op": "create", "resource": ANSWERS},
}  # fmt: skip
