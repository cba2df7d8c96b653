"""Clinical hazards: each alters a whole resource in the way that would harm somebody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from core.canonical import JsonObject, Number
from core.fhir import element
from tests.core.discrepancy.tree import put

Hazard = Callable[[JsonObject], Iterator[JsonObject]]
HAZARDS: dict[str, Hazard] = {}

HL7 = "http://terminology.hl7.org/CodeSystem"


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{HL7}/{system}", "code": code}]}


# What a chart could be made to say beside what it says; only where R4 has the element.
ADDED: dict[str, Any] = {
    "abatementDateTime": "2012-01-01",
    "abatementString": "gone",
    "onsetString": "in childhood",
    "doNotPerform": True,
    "implicitRules": "http://a.example/rules",
    "deceasedBoolean": True,
    "active": False,
    "multipleBirthInteger": Number("3"),
    "gender": "unknown",
    "birthDate": "1900-01-01",
    "asNeededBoolean": True,
    "patientInstruction": "Take all at once",
    "priority": "stat",
    "severity": {"text": "mild"},
    "criticality": "low",
    "bodySite": [{"text": "left"}],
    "laterality": {"text": "left"},
    "verificationStatus": {
        "coding": [{"system": f"{HL7}/condition-ver-status", "code": "refuted"}]
    },
    "clinicalStatus": coded("condition-clinical", "resolved"),
    "statusReason": {"text": "changed"},
    "interpretation": [
        {"coding": [{"system": f"{HL7}/v3-ObservationInterpretation", "code": "LL"}]}
    ],
    "dataAbsentReason": {"text": "error"},
    "method": {"text": "guessed"},
    "note": [{"text": "Do not resuscitate."}],
    "comment": "Cancelled",
    "conclusion": "Normal",
    "description": "Another matter",
    "encounter": {"reference": "Encounter/other"},
    "context": {"reference": "Encounter/other"},
    "recorder": {"reference": "Practitioner/other"},
    "asserter": {"reference": "Practitioner/other"},
    "performer": [{"reference": "Practitioner/other"}],
    "author": [{"reference": "Practitioner/other"}],
    "requester": {"reference": "Practitioner/other"},
    "subject": {"reference": "Patient/other"},
    "patient": {"reference": "Patient/other"},
    "replaces": [{"reference": "Procedure/other"}],
    "basedOn": [{"reference": "ServiceRequest/other"}],
    "partOf": [{"reference": "Procedure/other"}],
    "reasonCode": [{"text": "another reason"}],
    "code": {"text": "another matter"},
    "category": [{"text": "another"}],
    "substitution": {"allowedBoolean": True},
    "dispenseRequest": {"numberOfRepeatsAllowed": Number("9")},
    "issued": "2001-01-01T00:00:00Z",
    "contained": [{"resourceType": "Basic", "id": "new", "code": {"text": "x"}}],
    "modifierExtension": [{"url": "http://a.example/not", "valueBoolean": True}],
    "link": [{"other": {"reference": "Patient/other"}, "type": "replaced-by"}],
    "text": {"status": "additional", "div": "<div>Not at all</div>"},
}
STATUSES = ("status", "intent", "clinicalStatus", "verificationStatus", "docStatus", "criticality")
CODES = ("entered-in-error", "refuted", "cancelled", "completed", "active", "plan", "low", "high")


def hazard(mutate: Hazard) -> Hazard:
    HAZARDS[mutate.__name__] = mutate
    return mutate


@hazard
def added_element(resource: JsonObject) -> Iterator[JsonObject]:
    for name, value in ADDED.items():
        found = element(f"{resource['resourceType']}.{name}")
        stem = name.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        if found is None or name in resource or stem:
            continue
        item = value[0] if isinstance(value, list) else value
        yield {**resource, name: [item] if found.is_list else item}


@hazard
def status_flipped(resource: JsonObject) -> Iterator[JsonObject]:
    for name in STATUSES:
        held = resource.get(name)
        for code in CODES:
            if isinstance(held, str) and held != code:
                yield {**resource, name: code}
            coding = held.get("coding") if isinstance(held, dict) else None
            if coding and coding[0].get("code") != code:
                yield put(resource, (name, "coding", 0, "code"), code)


@hazard
def other_resource_type(resource: JsonObject) -> Iterator[JsonObject]:
    yield {**resource, "resourceType": "Basic" if resource["resourceType"] != "Basic" else "Flag"}


@hazard
def only_the_type_is_left(resource: JsonObject) -> Iterator[JsonObject]:
    yield {"resourceType": resource["resourceType"], "id": resource.get("id", "x")}


@hazard
def components_exchanged(resource: JsonObject) -> Iterator[JsonObject]:
    held = resource.get("component", [])[:2]
    if len(held) < 2:
        return
    rest = [{key: each for key, each in item.items() if key != "code"} for item in held]
    if held[0].get("code") == held[1].get("code") or rest[0] == rest[1]:
        return
    changed = put(resource, ("component", 0, "code"), held[1]["code"])
    yield put(changed, ("component", 1, "code"), held[0]["code"])


@hazard
def contained_altered(resource: JsonObject) -> Iterator[JsonObject]:
    for index, item in enumerate(resource.get("contained", [])):
        yield put(resource, ("contained", index, "vendorFlag"), True)
        yield put(resource, ("contained", index, "implicitRules"), "http://a.example/rules")
        yield put(resource, ("contained", index, "id"), "other")
        yield put(resource, ("contained", index, "active"), item.get("active") is False)


@hazard
def contained_exchanged(resource: JsonObject) -> Iterator[JsonObject]:
    """Give two contained resources of two types each other's id, so that references mean others."""
    held = resource.get("contained", [])
    for one in range(len(held)):
        for other in range(one + 1, len(held)):
            changed = deepcopy(resource)
            first, second = changed["contained"][one], changed["contained"][other]
            first["id"], second["id"] = second["id"], first["id"]
            if first["resourceType"] != second["resourceType"]:
                yield changed


@hazard
def companion_instead_of_value(resource: JsonObject) -> Iterator[JsonObject]:
    """Take a value away and leave the word that it is unknown."""
    unknown = {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
                "valueCode": "unknown",
            }
        ]
    }
    for name, value in resource.items():
        if isinstance(value, str) and name not in ("resourceType", "id", "language"):
            left = {key: item for key, item in resource.items() if key != name}
            yield {**left, f"_{name}": unknown}
