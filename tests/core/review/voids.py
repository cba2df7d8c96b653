"""Approved changes of every guarded type, and what makes their approvals void."""

from __future__ import annotations

from typing import Any

from core.adoption import adopt
from core.lifecycle import State
from core.policy import sample_policy
from sync.keys.ring import Ed25519Signer
from tests.builders import Bench, exact_object, phone_change
from tests.core.gateway.scenario import approve, change, staged

PATIENT = {"reference": "Patient/example"}
CODE = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}
MEDICINE = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1191"}]}
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


CHART: dict[str, dict[str, Any]] = {
    "Condition": {
        "clinicalStatus": coded(CLINICAL, "active"),
        "verificationStatus": coded(VERIFIED, "provisional"),
        "code": CODE,
        "subject": PATIENT,
    },
    "Observation": {
        "status": "final",
        "code": CODE,
        "subject": PATIENT,
        "valueQuantity": {"value": 68, "unit": "kg"},
    },
    "MedicationRequest": {
        "status": "draft",
        "intent": "proposal",
        "medicationCodeableConcept": MEDICINE,
        "subject": PATIENT,
        "dosageInstruction": [{"text": "one a day"}],
    },
    "MedicationStatement": {
        "status": "active",
        "medicationCodeableConcept": MEDICINE,
        "subject": PATIENT,
        "dosage": [{"text": "one a day"}],
    },
    "AllergyIntolerance": {
        "clinicalStatus": coded(
            "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active"
        ),
        "code": CODE,
        "patient": PATIENT,
    },
}

ALLOW = """
[[allow]]
id = "notes-of-everything"
agents = ["scribe-1"]
ehrs = ["sandbox"]
types = ["Observation", "MedicationRequest", "MedicationStatement", "AllergyIntolerance"]
operations = ["update"]
paths = [
  "Observation.*", "MedicationRequest.*", "MedicationStatement.*", "AllergyIntolerance.*",
]
purposes = ["TREAT"]
workflows = ["*"]
models = ["*"]
prompts = ["*"]
tier = "medium"
route = "clinician"
"""

SHOWN = {**PATIENT, "display": "Ada S."}
ENCOUNTER = {"reference": "Encounter/e1"}
MOVES: dict[tuple[str, str], dict[str, Any]] = {
    ("Condition", "clinicalStatus"): {"clinicalStatus": coded(CLINICAL, "resolved")},
    ("Condition", "verificationStatus"): {"verificationStatus": coded(VERIFIED, "confirmed")},
    ("Condition", "code"): {"code": {**CODE, "text": "Weight"}},
    ("Condition", "subject"): {"subject": SHOWN},
    ("Condition", "encounter"): {"encounter": ENCOUNTER},
    ("Observation", "status"): {"status": "amended"},
    ("Observation", "code"): {"code": {**CODE, "text": "Weight"}},
    ("Observation", "subject"): {"subject": SHOWN},
    ("Observation", "encounter"): {"encounter": ENCOUNTER},
    ("Observation", "value"): {"valueQuantity": {"value": 86, "unit": "kg"}},
    ("MedicationRequest", "status"): {"status": "active"},
    ("MedicationRequest", "medication"): {"medicationCodeableConcept": {"text": "another"}},
    ("MedicationRequest", "subject"): {"subject": SHOWN},
    ("MedicationRequest", "encounter"): {"encounter": ENCOUNTER},
    ("MedicationRequest", "dosageInstruction"): {"dosageInstruction": [{"text": "two a day"}]},
    ("MedicationStatement", "status"): {"status": "stopped"},
    ("MedicationStatement", "medication"): {"medicationCodeableConcept": {"text": "another"}},
    ("MedicationStatement", "subject"): {"subject": SHOWN},
    ("MedicationStatement", "dosage"): {"dosage": [{"text": "two a day"}]},
    ("AllergyIntolerance", "clinicalStatus"): {
        "clinicalStatus": coded(
            "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "inactive"
        )
    },
    ("AllergyIntolerance", "verificationStatus"): {
        "verificationStatus": coded(
            "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification", "refuted"
        )
    },
    ("AllergyIntolerance", "code"): {"code": {**CODE, "text": "Peanut"}},
    ("AllergyIntolerance", "patient"): {"patient": SHOWN},
    ("AllergyIntolerance", "encounter"): {"encounter": ENCOUNTER},
    ("Patient", "active"): {"active": False},
    ("Patient", "deceased"): {"deceasedBoolean": True},
    ("Patient", "link"): {"link": [{"other": {"reference": "Patient/2"}, "type": "seealso"}]},
}
"""(type, guard element) → how another's hand moves it."""


ROUTE = 'id = "coordinator"\nroles = ["coordinator"]\nquorum = 1\nexpires = "8h"'


def adopt_policy(bench: Bench, *replaced: tuple[str, str]) -> None:
    text = sample_policy("sandbox") + ALLOW
    for old, new in replaced:
        assert old in text, old
        text = text.replace(old, new)
    adopt(bench.workspace, "policy", text)


def adopt_roster(bench: Bench, *replaced: tuple[str, str]) -> None:
    config = bench.ledger.config("roster")
    assert config is not None
    text = config.document
    for old, new in replaced:
        assert old in text, old
        text = text.replace(old, new, 1)
    adopt(bench.workspace, "roster", text)


def _joins(person: str, role: str, signer: Ed25519Signer) -> tuple[str, str]:
    """Return what puts a person into the roster's text."""
    key = f'[[people.keys]]\nkid = "{signer.kid}"\nx = "{signer.x}"'
    mark = "# The key that"
    return mark, f'[[people]]\nid = "{person}"\nroles = ["{role}"]\n{key}\n\n{mark}'


async def approved(bench: Bench, type_: str = "Patient", *replaced: tuple[str, str]) -> str:
    """Return an approved update: a phone number, or a note on a resource of that type."""
    adopt_policy(bench, *replaced)
    if type_ == "Patient":
        id_ = await staged(bench, phone_change())
    else:
        bench.ehr.put(exact_object({"resourceType": type_, "id": "r1", **CHART[type_]}))
        patch = [{"op": "add", "path": "/note", "value": [{"text": "Seen today."}]}]
        update = {"op": "update", "target": f"{type_}/r1", "base_version": "1", "patch": patch}
        id_ = await staged(bench, update, evidence=[])
    approve(bench, id_)
    assert change(bench, id_).state == State.READY
    return id_


def reference(type_: str) -> str:
    return "Patient/example" if type_ == "Patient" else f"{type_}/r1"
