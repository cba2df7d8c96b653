"""Whose chart a resource belongs to, and every patient that it mentions.

One wrong patient is the worst error of this work, so anything unusual counts against belonging.
Source: hub-protocol §8 (one patient); FHIR R4 patient compartment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from core.canonical import Json, JsonObject
from core.grounding.references import contained, nodes, objects, string

# The elements by which R4 resources are in a patient's compartment as being about that patient.
_SUBJECT_KEYS = ("subject", "patient", "beneficiary", "for", "individual", "candidate")
# Where these hold a logical reference without a type, it can only be taken for a patient.
_PATIENT_KEYS = ("subject", "patient", "beneficiary", "for")
_URI_KEYS = ("reference", "url", "uri")
_URI_SUFFIXES = ("Uri", "Url", "Canonical")
_HISTORY = re.compile(r"/_history/[A-Za-z0-9.-]{1,64}$")
_PLAIN = re.compile(r"(?:https?://[^\s?#]+/)?Patient/[A-Za-z0-9.-]{1,64}")
_MENTIONS_PATIENT = re.compile(r"(?:^|[/\s])Patient(?:[/?\s]|$)")


def belongs_to(resource: JsonObject, patient: str, *, base: str | None = None) -> bool:
    """Return whether `resource` is about `patient` (`Patient/1`) and about no other patient.

    True when the resource is that Patient, or when its subject element refers to it by exactly
    that relative reference (`/_history/n` tolerated) and no other patient is mentioned anywhere.
    With `base` (the EHR's own base URL) an absolute reference below it counts as relative. False
    for no patient, several, a contained or logical one, or an absolute reference elsewhere. A
    Patient's own `link` may name others: links are what a merge looks like.
    """
    if re.fullmatch(r"Patient/[A-Za-z0-9.-]{1,64}", patient) is None:
        return False
    if resource.get("resourceType") == "Patient":
        unlinked = {key: value for key, value in resource.items() if key != "link"}
        mentioned = {_relative(item, base) for item in patient_references(unlinked)}
        return patient == f"Patient/{string(resource.get('id'))}" and mentioned <= {patient}
    subjects = {_relative(_normal(item), base) for item in _subjects(resource)}
    mentioned = {_relative(item, base) for item in patient_references(resource)}
    return patient in subjects and mentioned == {patient}


def patient_references(resource: JsonObject) -> set[str]:
    """Return every reference to a patient found anywhere in `resource`.

    Shapes: `Patient/x`, `https://host/base/Patient/x` (both without `/_history/n`), `#id` of a
    contained Patient, `identifier:system|value` of a logical reference (type Patient, or no type
    where the element is about a patient). Any other spelling that names Patient (a search, an
    escaped or padded path) is returned as it stands, so it never equals a plain reference.
    """
    local = contained(resource)
    found = {name for name, kind in local.items() if kind == "Patient"}
    for key, node in nodes(resource):
        found.update(_in_object(key, node, local))
    return found


def _in_object(key: str, node: JsonObject, local: dict[str, str]) -> Iterator[str]:
    is_patient = node.get("type") == "Patient"
    reference = node.get("reference")
    if isinstance(reference, str) and (is_patient or local.get(reference) == "Patient"):
        yield _normal(reference)
    elif reference is None and (is_patient or (key in _PATIENT_KEYS and "type" not in node)):
        for identifier in objects(node.get("identifier")):
            system, value = string(identifier.get("system")), string(identifier.get("value"))
            yield f"identifier:{system}|{value}"
    for name, value in node.items():
        if name in _URI_KEYS or name.endswith(_URI_SUFFIXES):
            yield from _named(value)


def _named(value: Json) -> Iterator[str]:
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and _MENTIONS_PATIENT.search(unquote(text)):
            yield _normal(text)


def _normal(reference: str) -> str:
    unversioned = _HISTORY.sub("", reference)
    return unversioned if _PLAIN.fullmatch(unversioned) else reference


def _subjects(resource: JsonObject) -> Iterator[str]:
    for key in _SUBJECT_KEYS:
        for item in objects(resource.get(key)):
            yield string(item.get("reference"))
    for participant in objects(resource.get("participant")):
        for actor in objects(participant.get("actor")):
            yield string(actor.get("reference"))


def _relative(reference: str, base: str | None) -> str:
    # The whole string is compared afterwards, so cutting the base cannot match a longer host.
    head = f"{base.rstrip('/')}/" if base else ""
    return reference.removeprefix(head) if head else reference
