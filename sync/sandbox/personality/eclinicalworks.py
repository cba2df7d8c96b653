"""eClinicalWorks, beyond its profile: rules behind its published numbers.

Source: Error Code Reference Guide v1.0 (2026-07). That HTTP answers 200 where the number tells of a
failure is the sandbox's reading: the harder one for a client.
"""

from __future__ import annotations

from typing import ClassVar

from core.canonical import RESPONSE, JsonObject, parse_object
from sync.sandbox.manner import Arrival
from sync.sandbox.personality.numbers import by_number
from sync.sandbox.personality.product import Product
from sync.sandbox.search import parse_condition
from sync.sandbox.store import Store

BY_TELEPHONE = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VR",
}  # fmt: skip
EXISTS, LOCKED, BAD_CHARACTERS, TOO_LONG = 202, 139, 108, 109
LONGEST = 1_000
"""Characters of a code's text; the guide names no number, so this one is the sandbox's."""


class EClinicalWorks(Product):
    """A number and a key in the body of every answer to a write; patients stand once."""

    numbers: ClassVar = {
        "structure": 100, "required": 100, "value": 100, "invalid": 100, "too-long": 109,
        "exception": 104,
    }  # fmt: skip

    def check(self, resource: JsonObject, interaction: str, store: Store) -> None:
        """Refuse a patient who is there, a locked encounter, characters that it cannot hold."""
        if interaction == "create" and resource.get("resourceType") == "Patient":
            birth = str(resource.get("birthDate", ""))
            family = {str(name.get("family")) for name in resource.get("name") or []}
            query = parse_condition("Patient", "", [("birthdate", birth)]) if birth else None
            there = store.find(query).matches if query else ()
            if any(family & _families(parse_object(one.body, RESPONSE)) for one in there):
                raise by_number(self.profile.failures, EXISTS)
        if _is_locked(resource, store):
            raise by_number(self.profile.failures, LOCKED)
        if any("\x00" <= sign < " " for sign in _words(resource)):
            raise by_number(self.profile.failures, BAD_CHARACTERS)
        if len(_words(resource)) > LONGEST:
            raise by_number(self.profile.failures, TOO_LONG)

    def shaped(self, resource: JsonObject, arrival: Arrival) -> JsonObject:
        """File a new encounter as one by telephone."""
        if resource.get("resourceType") != "Encounter" or arrival.interaction != "create":
            return resource
        return {**resource, "class": dict(BY_TELEPHONE)}


def _families(patient: JsonObject) -> set[str]:
    return {str(name.get("family")) for name in patient.get("name") or []}


def _is_locked(resource: JsonObject, store: Store) -> bool:
    held = resource.get("encounter")
    reference = held.get("reference") if isinstance(held, dict) else None
    id_ = str(reference).partition("Encounter/")[2]
    found = store.read("Encounter", id_) if id_ else None
    return found is not None and parse_object(found.body, RESPONSE).get("status") == "finished"


def _words(resource: JsonObject) -> str:
    concept = resource.get("code")
    text = concept.get("text") if isinstance(concept, dict) else None
    return text if isinstance(text, str) else ""
