"""FHIR resources from the few words that `charts.toml` and the cases say of them.

Numbers keep their text. Codes are SNOMED CT, LOINC and HL7's; source: FHIR R4.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from core.canonical import JsonObject, Number

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem"
TEST_LABEL = {"system": f"{HL7}/v3-ActReason", "code": "HTEST"}
MRN = "urn:example:synthetic-mrn"
FILLER = "The patient is synthetic; this sentence fills the note so that it has to be scrolled. "


def concept(system: str, code: str, text: str | None = None) -> JsonObject:
    """Return a CodeableConcept with one coding."""
    found: JsonObject = {"coding": [{"system": system, "code": code}]}
    return found if text is None else {**found, "text": text}


def subject(patient: str) -> JsonObject:
    """Return a reference to a patient by id."""
    return {"reference": f"Patient/{patient}"}


def patient(item: Mapping[str, Any]) -> JsonObject:
    """Return a Patient; the first phone is the home one, the second the mobile."""
    uses = ("home", "mobile")
    found: JsonObject = {
        "resourceType": "Patient",
        "id": item["id"],
        "identifier": [
            {
                "type": concept(f"{HL7}/v2-0203", "MR", "Medical record number"),
                "system": MRN,
                "value": str(item["id"]).upper(),
            }
        ],
        "active": True,
        "name": [{"use": "official", "family": item["family"], "given": list(item["given"])}],
        "telecom": [
            {"system": "phone", "value": value, "use": use}
            for value, use in zip(item["phones"], uses, strict=False)
        ],
        "gender": item["gender"],
        "birthDate": item["birth"],
        "address": [
            {"use": "home", "line": [item["address"]], "city": "Testville", "country": "US"}
        ],
    }
    if "deceased" in item:
        found["deceasedDateTime"] = item["deceased"]
    return found


def practitioner(item: Mapping[str, Any]) -> JsonObject:
    """Return a Practitioner."""
    return {
        "resourceType": "Practitioner",
        "id": item["id"],
        "name": [{"family": item["family"], "given": list(item["given"])}],
    }


def note(of: str, item: Mapping[str, Any]) -> JsonObject:
    """Return a DocumentReference with its text inline; `long` fills it up to so many characters."""
    text = str(item["text"])
    if "long" in item:
        text = FILLER * (int(item["long"]) // len(FILLER) // 2) + text + " " + FILLER * (
            (int(item["long"]) - len(text)) // len(FILLER) // 2
        )  # fmt: skip
    found: JsonObject = {
        "resourceType": "DocumentReference",
        "id": item["id"],
        "status": item.get("status", "current"),
        "docStatus": "final",
        "type": concept(LOINC, "11506-3", "Progress note"),
        "subject": subject(of),
        "date": item["date"],
        "author": [{"reference": "Practitioner/prac-1", "display": "Synthetic clinician"}],
        "content": [{"attachment": attachment(text)}],
    }
    if "replaces" in item:
        target = {"reference": f"DocumentReference/{item['replaces']}"}
        found["relatesTo"] = [{"code": "replaces", "target": target}]
    return found


def attachment(text: str) -> JsonObject:
    """Return plain text as an inline attachment."""
    data = base64.b64encode(text.encode("utf-8")).decode("ascii")
    return {"contentType": "text/plain; charset=utf-8", "data": data}


def problem(of: str, item: Mapping[str, Any]) -> JsonObject:
    """Return a Condition of the problem list; without an id it is one to be created."""
    found: JsonObject = {
        "resourceType": "Condition",
        "clinicalStatus": concept(f"{HL7}/condition-clinical", item.get("status", "active")),
        "verificationStatus": concept(
            f"{HL7}/condition-ver-status", item.get("verification", "confirmed")
        ),
        "category": [concept(f"{HL7}/condition-category", "problem-list-item")],
        "code": concept(SNOMED, item["code"], item["text"]),
        "subject": subject(of),
    }
    return _with_id(found, item)


def medicine(of: str, item: Mapping[str, Any]) -> JsonObject:
    """Return a MedicationRequest."""
    found: JsonObject = {
        "resourceType": "MedicationRequest",
        "status": item.get("status", "active"),
        "intent": item.get("intent", "order"),
        "medicationCodeableConcept": {"text": item["text"]},
        "subject": subject(of),
        "dosageInstruction": [{"text": item["dose"]}],
    }
    return _with_id(found, item)


def allergy(of: str, item: Mapping[str, Any]) -> JsonObject:
    """Return an AllergyIntolerance."""
    found: JsonObject = {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": concept(f"{HL7}/allergyintolerance-clinical", "active"),
        "verificationStatus": concept(f"{HL7}/allergyintolerance-verification", "confirmed"),
        "code": {"text": item["text"]},
        "patient": subject(of),
        "reaction": [{"manifestation": [{"text": item["reaction"]}]}],
    }
    if "criticality" in item:
        found["criticality"] = item["criticality"]
    return _with_id(found, item)


def observation(of: str, item: Mapping[str, Any]) -> JsonObject:
    """Return an Observation with a quantity."""
    kind = item.get("category", "vital-signs")
    found: JsonObject = {
        "resourceType": "Observation",
        "status": "final",
        "category": [concept(f"{HL7}/observation-category", kind)],
        "code": concept(LOINC, item["code"], item["text"]),
        "subject": subject(of),
        "effectiveDateTime": item["date"],
        "valueQuantity": {
            "value": Number(item["value"]),
            "unit": item["unit"],
            "system": UCUM,
            "code": item["unit"],
        },
    }
    return _with_id(found, item)


def encounter(of: str, item: Mapping[str, Any]) -> JsonObject:
    """Return a finished ambulatory Encounter."""
    found: JsonObject = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": f"{HL7}/v3-ActCode", "code": "AMB"},
        "subject": subject(of),
        "period": {"start": item["start"], "end": item["end"]},
    }
    return _with_id(found, item)


def appointment(of: str, item: Mapping[str, Any]) -> JsonObject:
    """Return an Appointment of a patient."""
    found: JsonObject = {
        "resourceType": "Appointment",
        "status": item["status"],
        "start": item["start"],
        "end": item["end"],
        "participant": [{"actor": subject(of), "status": "accepted"}],
    }
    return _with_id(found, item)


def coverage(of: str, item: Mapping[str, Any]) -> JsonObject:
    """Return a Coverage."""
    found: JsonObject = {
        "resourceType": "Coverage",
        "status": item["status"],
        "beneficiary": subject(of),
        "payor": [{"display": item["payer"]}],
    }
    return _with_id(found, item)


def consent(of: str, item: Mapping[str, Any]) -> JsonObject:
    """Return a Consent whose base provision permits or denies one purpose."""
    found: JsonObject = {
        "resourceType": "Consent",
        "status": "active",
        "scope": concept(f"{HL7}/consentscope", "patient-privacy"),
        "category": [concept(LOINC, "59284-0")],
        "patient": subject(of),
        "policyRule": concept(f"{HL7}/v3-ActCode", "OPTIN"),
        "provision": {
            "type": item["type"],
            "purpose": [{"system": f"{HL7}/v3-ActReason", "code": item["purpose"]}],
        },
    }
    return _with_id(found, item)


def _with_id(found: JsonObject, item: Mapping[str, Any]) -> JsonObject:
    if "id" not in item:
        return found
    return {"resourceType": found["resourceType"], "id": item["id"], **found}
