"""Epic, beyond its profile: rules behind its published numbers.

Source: fhir.epic.com/Specifications (the numbers); which resource meets which rule is the
sandbox's own choice, so that each can be met.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from core.canonical import RESPONSE, JsonObject, encode, parse_object
from sync.sandbox.exchange import Answer, Call
from sync.sandbox.manner import Handler
from sync.sandbox.outcome import OutcomeError
from sync.sandbox.personality.answering import is_confidential
from sync.sandbox.personality.numbers import Numbered, by_number
from sync.sandbox.personality.product import Product
from sync.sandbox.search import parse_condition
from sync.sandbox.store import Store

MOST = 100
FORM = "application/x-www-form-urlencoded"
DUPLICATE, RESTRICTED, MERGED, NOT_MAPPED = 59141, 4130, 4107, 59187
_LOINC = "http://loinc.org"
_ONCE = ("Condition", "AllergyIntolerance")


class Epic(Product):
    """Numbers in issue.details, no duplicate problems, flowsheets, restricted patients, merges.

    A search by form does not look at the URL, and finds 100 at most.
    """

    numbers: ClassVar = {
        "structure": 59100, "required": 59100, "value": 59100, "invalid": 59100,
        "forbidden": 4118, "business-rule": 59159, "exception": 59177,
    }  # fmt: skip

    def check(self, resource: JsonObject, interaction: str, store: Store) -> None:
        """Refuse a restricted patient, a problem that is there, an unmapped observation."""
        patient = _patient(resource)
        if patient is not None and _is_restricted(store, patient):
            raise by_number(self.profile.failures, RESTRICTED)
        kind = str(resource.get("resourceType"))
        if interaction == "create" and kind in _ONCE and _is_there(store, kind, resource, patient):
            raise by_number(self.profile.failures, DUPLICATE)
        if kind == "Observation" and _LOINC not in {system for system, _ in _codes(resource)}:
            raise by_number(self.profile.failures, NOT_MAPPED)

    def merged(self, location: str) -> OutcomeError:
        """Return the redirect with its number; who follows it reads another chart."""
        found = by_number(self.profile.failures, MERGED)
        return Numbered(301, found.issues, {"Location": location}, MERGED)

    def searching(self, path: str, handler: Handler) -> Handler:
        """Search by the form alone where there is one, and find 100 at most."""
        if path not in ("/{type}", "/{type}/_search"):
            return handler

        def search(call: Call) -> Answer:
            is_form = call.headers.get("content-type", "").startswith(FORM)
            return _first_hundred(handler(replace(call, query="") if is_form else call))

        return search


def _first_hundred(answer: Answer) -> Answer:
    """Return a page of a search without what follows, where it is as long as it may be."""
    found = parse_object(answer.body, RESPONSE) if answer.status == 200 and answer.body else {}
    entries = found.get("entry") or []
    if found.get("type") != "searchset" or len(entries) < MOST:
        return answer
    found["entry"] = entries[:MOST]
    found["link"] = [one for one in found["link"] if one.get("relation") != "next"]
    return replace(answer, body=encode(found))


def _patient(resource: JsonObject) -> str | None:
    held = resource.get("subject") or resource.get("patient")
    reference = held.get("reference") if isinstance(held, dict) else None
    found = str(reference).partition("Patient/")[2]
    return found or None


def _is_restricted(store: Store, patient: str) -> bool:
    found = store.read("Patient", patient)
    return found is not None and is_confidential(parse_object(found.body, RESPONSE))


def _codes(resource: JsonObject) -> Iterator[tuple[str, str]]:
    concept = resource.get("code")
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict):
            yield str(coding.get("system")), str(coding.get("code"))


def _is_there(store: Store, kind: str, resource: JsonObject, patient: str | None) -> bool:
    if patient is None:
        return False
    query = parse_condition(kind, "", [("patient", f"Patient/{patient}")])
    wanted = set(_codes(resource))
    there = (parse_object(one.body, RESPONSE) for one in store.find(query).matches)
    return any(wanted & set(_codes(one)) for one in there)
