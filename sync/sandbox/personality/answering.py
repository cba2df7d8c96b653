"""Answers as a product gives them: without versions, without a body, redacted, redirected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from core.canonical import RESPONSE, JsonObject, encode, parse_object
from core.profile.places import copy
from sync.sandbox.exchange import Answer

Change = Callable[[JsonObject], JsonObject]
OBSERVATION_VALUE = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
_CONFIDENTIAL = frozenset({"R", "V"})
_KEPT = ("resourceType", "id", "meta", "status", "subject", "patient")


def each_resource(answer: Answer, change: Change) -> Answer:
    """Return the answer with `change` made to its resource, or to each of its Bundle."""
    if not answer.body or not 200 <= answer.status < 300:
        return answer
    found = parse_object(answer.body, RESPONSE)
    if found.get("resourceType") == "Bundle":
        for entry in found.get("entry") or []:
            if isinstance(entry.get("resource"), dict):
                entry["resource"] = change(entry["resource"])
        return replace(answer, body=encode(found))
    return replace(answer, body=encode(change(found)))


def without_version(resource: JsonObject) -> JsonObject:
    """Return it as a server shows it that keeps no version ids."""
    meta = resource.get("meta")
    if not isinstance(meta, dict):
        return resource
    return {**resource, "meta": {key: value for key, value in meta.items() if key != "versionId"}}


def without_versions(answer: Answer) -> Answer:
    """Return the answer of a server that goes by no versions: no ETag, no `_history`."""
    headers = {name: value for name, value in answer.headers.items() if name != "ETag"}
    if "Location" in headers:
        headers["Location"] = headers["Location"].partition("/_history/")[0]
    return each_resource(replace(answer, headers=headers), without_version)


def is_confidential(resource: JsonObject) -> bool:
    """Tell whether a resource is labelled restricted or very restricted."""
    meta = resource.get("meta")
    labels = meta.get("security") if isinstance(meta, dict) else None
    found = labels if isinstance(labels, list) else []
    return any(isinstance(one, dict) and one.get("code") in _CONFIDENTIAL for one in found)


def redacted(resource: JsonObject) -> JsonObject:
    """Return what is shown to who may not see it: hardly anything, and a label that says so."""
    found: JsonObject = {key: copy(resource[key]) for key in _KEPT if key in resource}
    label = {"system": OBSERVATION_VALUE, "code": "REDACTED"}
    meta = found.setdefault("meta", {})
    meta["security"] = [*(meta.get("security") or []), label]
    return found


def redacted_if_confidential(resource: JsonObject) -> JsonObject:
    """Return a confidential resource redacted, any other as it is."""
    return redacted(resource) if is_confidential(resource) else resource


def survivor(resource: JsonObject) -> str | None:
    """Return the reference of the patient that this one was merged into."""
    links = resource.get("link")
    for link in links if isinstance(links, list) else ():
        other = link.get("other") if isinstance(link, dict) else None
        if isinstance(other, dict) and link.get("type") == "replaced-by":
            reference = other.get("reference")
            return reference if isinstance(reference, str) else None
    return None
