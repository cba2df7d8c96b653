"""What no proposal may do, whatever policy says: another identity, another patient.

Source: hub-protocol §8 (Identity, One patient, Paths).
"""

from __future__ import annotations

from core.canonical import Json, JsonObject
from core.errors import BadInput
from core.fhir import is_resource_type
from core.grounding import patient_references


def check_create(resource: JsonObject, field: str) -> None:
    """Refuse a create that names its own identity or rules; meta may only list profiles."""
    _check_type(resource, field)
    for key in ("id", "implicitRules", "_id", "_implicitRules"):
        if key in resource:
            raise BadInput(
                "may not be set on a create",
                field=f"{field}.{key.lstrip('_')}",
                remedy="Leave it out; the server and the gateway set it",
            )
    meta = resource.get("meta")
    if meta is not None and (not isinstance(meta, dict) or set(meta) != {"profile"}):
        raise BadInput(
            "may hold nothing but profile", field=f"{field}.meta", remedy="Leave meta out"
        )


def check_update(resource: JsonObject, base: JsonObject, field: str) -> JsonObject:
    """Return the intended resource with the base's id and meta; refuse another identity."""
    _check_type(resource, field)
    for key in ("resourceType", "id"):
        if resource.get(key) != base.get(key):
            raise BadInput(
                "is not that of the target",
                field=f"{field}.{key}",
                remedy="Send the whole target resource, changed",
            )
    meta = resource.get("meta")
    if meta is not None and _own_meta(meta) != _own_meta(base.get("meta")):
        raise BadInput(
            "may not be changed", field=f"{field}.meta", remedy="Leave meta as it was, or out"
        )
    if resource.get("implicitRules") != base.get("implicitRules"):
        raise BadInput(
            "may not be changed", field=f"{field}.implicitRules", remedy="Leave it as it was"
        )
    found = dict(resource)
    if "meta" in base:
        found["meta"] = base["meta"]
    return found


def check_patch(patch: list[JsonObject], field: str) -> None:
    """Refuse RFC 6902 operations on the root or on id, meta or resourceType."""
    for place, operation in enumerate(patch):
        for member in ("path", "from"):
            pointer = operation.get(member)
            if pointer is None and member == "from":
                continue
            where = f"{field}[{place}].{member}"
            if not isinstance(pointer, str) or not pointer.startswith("/"):
                raise BadInput(
                    "is not a JSON Pointer below the root",
                    field=where,
                    remedy="Point at one element, such as /telecom/0/value",
                )
            head = pointer.split("/")[1].replace("~1", "/").replace("~0", "~").lstrip("_")
            if head in ("id", "meta", "resourceType", "implicitRules"):
                raise BadInput(
                    f"may not touch {head}", field=where, remedy="Leave that element alone"
                )


def check_patient(introduced: Json, patient: str, field: str) -> None:
    """Refuse any reference to a patient other than the proposal's."""
    others = patient_references({"content": introduced}) - {patient}
    if others:
        raise BadInput(
            "refers to another patient than the proposal's",
            field=field,
            remedy="Propose for one patient at a time",
        )


def _check_type(resource: JsonObject, field: str) -> None:
    type_ = resource.get("resourceType")
    if not isinstance(type_, str) or not is_resource_type(type_):
        raise BadInput(
            "is not a FHIR R4 resource type",
            field=f"{field}.resourceType",
            remedy="Use a type of FHIR R4 4.0.1",
        )


def _own_meta(meta: Json) -> JsonObject:
    if not isinstance(meta, dict):
        return {}
    return {key: value for key, value in meta.items() if key not in ("versionId", "lastUpdated")}
