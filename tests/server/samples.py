"""The smallest valid resource of each R4 type, built from HL7's definitions."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from core.fhir import resource_types
from core.fhir.tables import Field, codes, node, table
from tests.server.contract import Resource

PRIMITIVES: dict[str, Any] = {
    "base64Binary": "eA==",
    "boolean": False,
    "date": "2020-01-02",
    "dateTime": "2020-01-02",
    "decimal": 1,
    "instant": "2020-01-02T03:04:05Z",
    "integer": 1,
    "positiveInt": 1,
    "unsignedInt": 1,
    "time": "03:04:05",
    "xhtml": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>',
    "uri": "urn:countersign:test",
    "url": "urn:countersign:test",
    "canonical": "urn:countersign:test",
    "uuid": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
    "oid": "urn:oid:1.2.3",
    "id": "x",
    "code": "x",
    "markdown": "x",
    "string": "x",
}
TYPES: dict[str, Any] = {
    "CodeableConcept": {"text": "x"},
    "Coding": {"system": "urn:countersign:test", "code": "x"},
    "Reference": {"display": "x"},
    "Identifier": {"system": "urn:countersign:test", "value": "x"},
    "Quantity": {"value": 1},
    "Period": {"start": "2020-01-02"},
    "Attachment": {"title": "x"},
    "Timing": {"event": ["2020-01-02"]},
}
# Codes that make a resource harmless.
STATUS = ("draft", "entered-in-error", "off", "inactive")
# Where an invariant asks for more than the elements do.
MORE: dict[str, Resource] = {
    "EventDefinition": {"trigger": [{"type": "named-event", "name": "x"}]},
}
CLINICAL = tuple(
    """AllergyIntolerance Appointment AuditEvent Basic Bundle CarePlan CareTeam ClinicalImpression
    Communication CommunicationRequest Composition Condition Consent Coverage Device
    DiagnosticReport DocumentReference Encounter EpisodeOfCare Flag Goal Group Immunization List
    Location Media MedicationAdministration MedicationRequest MedicationStatement Observation
    Organization Patient Person Practitioner PractitionerRole Procedure Provenance
    QuestionnaireResponse RelatedPerson Schedule ServiceRequest Slot Specimen Task""".split()
)
"""The types that are written on any server; definitions and the like only on the sandbox."""


def all_types() -> list[str]:
    """Return the resource types of R4, Parameters aside, which is not stored."""
    return sorted(resource_types() - {"Parameters"})


def minimal(kind: str) -> Resource:
    """Return a resource of the type with what is required and no more, without an id."""
    return copy.deepcopy(_minimal(kind))


@cache
def _minimal(kind: str) -> Resource:
    return {"resourceType": kind, **_object(kind), **MORE.get(kind, {})}


def _object(key: str) -> Resource:
    of = node(key)
    found: Resource = {}
    for _, names in of.required:
        name = names[0]
        value = _value(of.fields[name])
        found[name] = [value] if of.fields[name].element.is_list else value
    if not found:
        # An object must not be empty: the first thing that it may hold.
        for name in ("value", "description", "text", "code", "name", "type"):
            if name in of.fields and key in table()["types"] and key not in resource_types():
                found[name] = _value(of.fields[name])
                break
    return found


def _value(field: Field) -> Any:
    if field.element.value_set and field.primitive == "code":
        allowed = sorted(code for some in codes(field.element.value_set).values() for code in some)
        return next((code for code in STATUS if code in allowed), allowed[0])
    if field.primitive:
        return PRIMITIVES[field.primitive]
    if field.type in TYPES:
        return copy.deepcopy(TYPES[field.type])
    if field.type == "Resource":
        return {"resourceType": "Basic", "code": {"text": "x"}}
    return _object(field.node or field.type)
