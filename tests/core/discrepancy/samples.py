"""Small synthetic resources, as a clinic might hold them, in exact JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core.canonical import JsonObject, exact
from core.stamps import AI_LABEL, OPERATION_SYSTEM

BASE = "https://ehr.example/fhir"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem"
OPERATION = {"system": OPERATION_SYSTEM, "value": "7d1f9a6c-53a7-4f53-8e0e-2f8a7b1f0001"}


def coded(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def quantity(value: str, unit: str, code: str) -> dict[str, Any]:
    return {"value": Decimal(value), "unit": unit, "system": UCUM, "code": code}


PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "meta": {"versionId": "3", "profile": ["http://a.example/x", "http://a.example/y"]},
    "extension": [
        {"url": "http://a.example/birthplace", "valueAddress": {"city": "Lund"}},
        {"url": "http://a.example/importance", "valueCode": "high"},
    ],
    "identifier": [
        {"use": "usual", "system": "urn:mrn", "value": "12345"},
        {"use": "official", "system": "urn:national", "value": "19740712-9999"},
    ],
    "active": True,
    "name": [
        {"use": "official", "family": "Sandoval", "given": ["Ines", "Maria"]},
        {"use": "nickname", "given": ["Nessi"]},
    ],
    "telecom": [
        {"system": "phone", "value": "+46 40 123 456", "use": "home", "rank": 2},
        {"system": "phone", "value": "+46 70 765 432", "use": "mobile", "rank": 1},
        {"system": "email", "value": "ines@mail.example"},
    ],
    "gender": "female",
    "birthDate": "1974-07-12",
    "_birthDate": {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
                "valueDateTime": "1974-07-12T14:35:45+02:00",
            }
        ]
    },
    "deceasedBoolean": False,
    "address": [
        {"use": "home", "line": ["12 Elm Street", "Floor 3"], "city": "Lund", "country": "SE"},
        {"use": "work", "line": ["4 Dock Road"], "city": "Malmo", "country": "SE"},
    ],
    "contact": [
        {"name": {"family": "Sandoval"}, "telecom": [{"system": "phone", "value": "111 222"}]},
        {"name": {"family": "Berg"}, "telecom": [{"system": "phone", "value": "333 444"}]},
    ],
    "generalPractitioner": [{"reference": "Practitioner/g1"}, {"reference": "Organization/o1"}],
}

BLOOD_PRESSURE: dict[str, Any] = {
    "resourceType": "Observation",
    "meta": {"security": [AI_LABEL]},
    "identifier": [OPERATION],
    "status": "final",
    "category": [coded(f"{HL7}/observation-category", "vital-signs", "Vital Signs")],
    "code": {
        "coding": [
            {"system": LOINC, "code": "85354-9", "display": "Blood pressure panel"},
            {"system": SNOMED, "code": "75367002", "display": "Blood pressure"},
        ]
    },
    "subject": {"reference": "Patient/p1"},
    "encounter": {"reference": "Encounter/e1"},
    "effectiveDateTime": "2024-03-01T09:30:00+01:00",
    "performer": [{"reference": "Practitioner/g1"}],
    "bodySite": coded(SNOMED, "368208006", "Structure of left upper arm"),
    "note": [{"text": "Seated, after five minutes of rest"}, {"text": "Cuff size large"}],
    "component": [
        {
            "code": coded(LOINC, "8480-6", "Systolic"),
            "valueQuantity": quantity("128", "mmHg", "mm[Hg]"),
        },
        {
            "code": coded(LOINC, "8462-4", "Diastolic"),
            "valueQuantity": quantity("82", "mmHg", "mm[Hg]"),
        },
    ],
}

POTASSIUM: dict[str, Any] = {
    "resourceType": "Observation",
    "identifier": [OPERATION],
    "status": "final",
    "code": coded(LOINC, "2823-3", "Potassium"),
    "subject": {"reference": "Patient/p1"},
    "issued": "2024-03-01T09:45:10.250Z",
    "effectiveDateTime": "2024-03-01T09:30:00Z",
    "valueQuantity": quantity("4.10", "mmol/L", "mmol/L"),
    "referenceRange": [
        {"low": quantity("3.5", "mmol/L", "mmol/L"), "high": quantity("5.0", "mmol/L", "mmol/L")}
    ],
}

DIABETES: dict[str, Any] = {
    "resourceType": "Condition",
    "identifier": [OPERATION],
    "clinicalStatus": {"coding": [{"system": f"{HL7}/condition-clinical", "code": "active"}]},
    "verificationStatus": {
        "coding": [{"system": f"{HL7}/condition-ver-status", "code": "confirmed"}]
    },
    "category": [coded(f"{HL7}/condition-category", "problem-list-item", "Problem List Item")],
    "code": {
        "coding": [
            {"system": SNOMED, "code": "44054006", "display": "Diabetes mellitus type 2"},
            {"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11.9"},
        ],
        "text": "Type 2 diabetes without complications",
    },
    "subject": {"reference": "Patient/p1", "display": "Ines Sandoval"},
    "encounter": {"reference": "Encounter/e1"},
    "onsetDateTime": "2019-05-01",
    "recordedDate": "2024-03-01T10:00:00Z",
    "evidence": [{"detail": [{"reference": "Observation/a1c"}, {"reference": "Observation/fpg"}]}],
    "note": [{"time": "2024-03-01T10:00:00Z", "text": "Diet controlled, no medication so far"}],
}

METFORMIN: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "identifier": [OPERATION],
    "status": "draft",
    "intent": "proposal",
    "medicationCodeableConcept": coded(
        "http://www.nlm.nih.gov/research/umls/rxnorm", "860975", "metformin ER 500 mg"
    ),
    "subject": {"reference": "Patient/p1"},
    "authoredOn": "2024-03-01T10:05:00Z",
    "requester": {"reference": "Practitioner/g1"},
    "dosageInstruction": [
        {
            "sequence": 1,
            "text": "One tablet with the evening meal for two weeks",
            "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": quantity("500", "mg", "mg")}],
        },
        {
            "sequence": 2,
            "text": "Then one tablet twice a day",
            "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": quantity("500", "mg", "mg")}],
            "maxDosePerPeriod": {
                "numerator": quantity("2000", "mg", "mg"),
                "denominator": quantity("1", "day", "d"),
            },
        },
    ],
}

PENICILLIN: dict[str, Any] = {
    "resourceType": "AllergyIntolerance",
    "identifier": [OPERATION],
    "clinicalStatus": {
        "coding": [{"system": f"{HL7}/allergyintolerance-clinical", "code": "active"}]
    },
    "verificationStatus": {
        "coding": [{"system": f"{HL7}/allergyintolerance-verification", "code": "confirmed"}]
    },
    "category": ["medication", "environment"],
    "criticality": "high",
    "code": coded(SNOMED, "91936005", "Allergy to penicillin"),
    "patient": {"reference": "Patient/p1"},
    "reaction": [
        {"manifestation": [coded(SNOMED, "39579001", "Anaphylaxis")], "severity": "severe"},
        {"manifestation": [coded(SNOMED, "247472004", "Wheal")], "severity": "mild"},
    ],
}

NOTE: dict[str, Any] = {
    "resourceType": "DocumentReference",
    "meta": {"tag": [{"system": "urn:a", "code": "one"}, {"system": "urn:b", "code": "two"}]},
    "contained": [
        {"resourceType": "Practitioner", "id": "author", "name": [{"family": "Holm"}]},
        {"resourceType": "Organization", "id": "ward", "name": "Ward Four"},
    ],
    "identifier": [OPERATION],
    "status": "current",
    "docStatus": "preliminary",
    "type": coded(LOINC, "11506-3", "Progress note"),
    "subject": {"reference": "Patient/p1"},
    "date": "2024-03-01T10:10:00Z",
    "author": [{"reference": "#author"}, {"reference": "#ward"}],
    "description": "Progress note of the morning round",
    "content": [{"attachment": {"contentType": "text/plain", "data": "U3RhYmxlLg=="}}],
    "context": {"encounter": [{"reference": "Encounter/e1"}]},
}

SAMPLES: dict[str, JsonObject] = {
    name: exact(resource)  # type: ignore[misc]
    for name, resource in {
        "patient": PATIENT,
        "blood-pressure": BLOOD_PRESSURE,
        "potassium": POTASSIUM,
        "diabetes": DIABETES,
        "metformin": METFORMIN,
        "penicillin": PENICILLIN,
        "note": NOTE,
    }.items()
}
