"""What an EHR may restate without saying more: displays, units, addresses, defaults, narratives."""

from __future__ import annotations

import re
from random import Random
from typing import Any

from core.canonical import JsonObject, Number
from tests.core.discrepancy.transforms import BASE

ROUTINE = """Communication CommunicationRequest DeviceRequest MedicationRequest RequestGroup
    ServiceRequest SupplyRequest Task""".split()
ACTIVE = ["Group", "Linkage", "OrganizationAffiliation", "Practitioner", "PractitionerRole"]
# Chosen from HL7's pages, apart from the table under test.
REGISTERED = {
    "http://snomed.info/sct": "urn:oid:2.16.840.1.113883.6.96",
    "http://loinc.org": "urn:oid:2.16.840.1.113883.6.1",
    "http://unitsofmeasure.org": "urn:oid:2.16.840.1.113883.6.8",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "urn:oid:2.16.840.1.113883.6.88",
    "http://hl7.org/fhir/sid/us-ssn": "urn:oid:2.16.840.1.113883.4.1",
}
LOCAL = "as the EHR calls it"
DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><table><tr><td>made anew</td></tr></table></div>'


def display_case(rnd: Random, path: str, kind: str, value: Any) -> Any:
    if kind != "Coding" or not isinstance(value.get("display"), str) or "code" not in value:
        return value
    shown = value["display"]
    other = rnd.choice([shown.lower(), shown.upper(), shown.title()])
    return {**value, "display": other if other.lower() == shown.lower() else shown}


def semantic_tag(_: Random, path: str, kind: str, value: Any) -> Any:
    if kind != "Coding" or value.get("system") != "http://snomed.info/sct" or "code" not in value:
        return value
    shown = str(value.get("display", ""))
    if shown.endswith(" (body structure)"):
        return {**value, "display": shown.removesuffix(" (body structure)")}
    known = shown and not shown.rstrip().endswith(")")
    return {**value, "display": f"{shown} (finding)"} if known else value


def unit_as_code(_: Random, path: str, kind: str, value: Any) -> Any:
    known = kind == "Quantity" and "system" in value and "unit" not in value and "code" in value
    return {**value, "unit": value["code"]} if known else value


def mark_codes(rnd: Random, path: str, kind: str, value: Any) -> Any:
    if kind == "Coding" and "code" in value and "userSelected" not in value and path[:5] != "Meta.":
        return {**value, "userSelected": False}
    if kind == "CodeableConcept" and "text" not in value and value.get("coding"):
        shown = value["coding"][0].get("display")
        return {**value, "text": shown} if shown and shown != LOCAL else value
    return value


def translate(rnd: Random, path: str, kind: str, value: Any) -> Any:
    if kind != "CodeableConcept" or path.startswith("Timing.") or not value.get("coding"):
        return value
    local = {"system": "urn:oid:1.2.3.4.5", "code": f"L-{rnd.randrange(99)}", "display": LOCAL}
    return {**value, "coding": [*value["coding"], local]}


def envelope(_: Random, path: str, kind: str, value: Any) -> Any:
    if kind != "Address" or "text" in value or "city" not in value or "_line" in value:
        return value
    parts = [*value.get("line", []), value["city"], value.get("state"), value.get("postalCode")]
    return {**value, "text": "\n".join(filter(None, parts))}


def attachment_links(_: Random, path: str, kind: str, value: Any) -> Any:
    """Write a link to a resource of the EHR relative to its base as an absolute one."""
    literal = path == "Attachment.url" and re.fullmatch(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]+", value)
    return f"{BASE}/{value}" if literal else value


def state_defaults(resource: JsonObject, rnd: Random) -> JsonObject:
    kind = str(resource["resourceType"])
    if kind in ROUTINE:
        return {"priority": "routine", **resource}
    if kind in ACTIVE:
        resource = {"active": True, **resource}
    if kind == "Group" and "member" in resource:
        return {**resource, "member": [{"inactive": False, **one} for one in resource["member"]]}
    return resource


def state_item_defaults(_: Random, path: str, kind: str, value: Any) -> Any:
    if not path.startswith("Questionnaire.item") or not isinstance(value, dict):
        return value
    known = "linkId" in value and "resourceType" not in value
    return {"required": False, "repeats": False, **value} if known else value


def other_system_name(rnd: Random, path: str, kind: str, value: Any) -> Any:
    known = path in ("Coding.system", "Identifier.system", "Quantity.system")
    return REGISTERED.get(value, value) if known else value


def state_factor(_: Random, path: str, kind: str, value: Any) -> Any:
    return {"factor": Number("1"), **value} if kind == "SampledData" else value


def regenerate_narrative(resource: JsonObject, rnd: Random) -> JsonObject:
    held = resource.get("text")
    if not isinstance(held, dict) or held.get("status") not in ("generated", "extensions"):
        return resource
    return {**resource, "text": {"status": rnd.choice(["generated", "extensions"]), "div": DIV}}
