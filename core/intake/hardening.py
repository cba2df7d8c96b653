"""What no proposal may do, whatever policy says: another identity, another patient.

Source: hub-protocol §8 (Identity, One patient, Paths).
"""

from __future__ import annotations

from core import stamps
from core.canonical import MAX_BYTES, MAX_DEPTH, Json, JsonObject
from core.errors import BadInput
from core.fhir import element, is_resource_type
from core.grounding import belongs_to, patient_references


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
    meta = resource.get("meta", {"profile": []})
    if not isinstance(meta, dict) or set(meta) != {"profile"}:
        raise BadInput(
            "may hold nothing but profile", field=f"{field}.meta", remedy="Leave meta out"
        )
    _check_operations(resource, {}, field)


def check_update(resource: JsonObject, base: JsonObject, field: str) -> JsonObject:
    """Return the intended resource with the base's id and meta; refuse another identity."""
    _check_type(resource, field)
    for key in ("resourceType", "id", "_id"):
        if resource.get(key) != base.get(key):
            raise BadInput(
                "is not that of the target",
                field=f"{field}.{key.lstrip('_')}",
                remedy="Send the whole target resource, changed",
            )
    meta = resource.get("meta")
    if meta is not None and _own_meta(meta) != _own_meta(base.get("meta")):
        raise BadInput(
            "may not be changed", field=f"{field}.meta", remedy="Leave meta as it was, or out"
        )
    for key in ("implicitRules", "_implicitRules"):
        if resource.get(key) != base.get(key):
            raise BadInput(
                "may not be changed", field=f"{field}.implicitRules", remedy="Leave it as it was"
            )
    _check_operations(resource, base, field)
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


def check_growth(value: Json, base: Json, field: str) -> None:
    """Refuse what a patch made too deep, or larger by more than a proposal may hold.

    Copies upon copies double a document, and nest it, with each step.
    """
    depth, extent = _measure(value)
    if depth > MAX_DEPTH or extent > _measure(base)[1] + MAX_BYTES:
        raise BadInput(
            "makes the resource too deep or too large", field=field, remedy="Propose less"
        )


def _measure(value: Json) -> tuple[int, int]:
    """Return the depth and the number of characters and values, without recursion."""
    deepest, extent = 0, 0
    stack: list[tuple[Json, int]] = [(value, 0)]
    while stack:
        item, depth = stack.pop()
        extent += 1
        if isinstance(item, str):
            extent += len(item)
        elif isinstance(item, dict | list):
            deepest = max(deepest, depth + 1)
            inner = item.values() if isinstance(item, dict) else item
            extent += sum(map(len, item)) if isinstance(item, dict) else 0
            stack.extend((one, depth + 1) for one in inner)
    return deepest, extent


def check_patient(resource: JsonObject, base: JsonObject | None, patient: str, field: str) -> None:
    """Refuse an intended resource that is about another patient, about nobody, or mentions one.

    The whole resource is looked at, because a part of it does not tell what a reference is. A
    Patient may keep the links that its base has. A type with no subject of its own, such as
    Organization, need not be about anybody.
    """
    mentioned = patient_references(_without_link(resource))
    mentioned |= patient_references(_link(resource)) - patient_references(_link(base or {}))
    if mentioned - {patient}:
        raise BadInput(
            "refers to another patient than the proposal's",
            field=field,
            remedy="Propose for one patient at a time",
        )
    subject = _subject(resource)
    if (base is not None or subject) and not belongs_to(resource, patient):
        raise BadInput(
            "is not about the proposal's patient",
            field=f"{field}.{subject}" if subject else field,
            remedy="Refer to the proposal's patient, as Patient/id",
        )


def _subject(resource: JsonObject) -> str | None:
    type_ = resource["resourceType"]
    return next((name for name in ("subject", "patient") if element(f"{type_}.{name}")), None)


def _link(resource: JsonObject) -> JsonObject:
    return {"link": resource["link"]} if "link" in resource and _is_patient(resource) else {}


def _without_link(resource: JsonObject) -> JsonObject:
    if not _is_patient(resource):
        return resource
    return {key: value for key, value in resource.items() if key != "link"}


def _is_patient(resource: JsonObject) -> bool:
    return resource.get("resourceType") == "Patient"


def _check_operations(resource: JsonObject, base: JsonObject, field: str) -> None:
    """Refuse a forged operation id: by it the gateway tells what it has written itself."""
    if stamps.operations(resource) - stamps.operations(base):
        raise BadInput(
            "may not hold an operation id of the gateway",
            field=f"{field}.identifier",
            remedy="Leave it out; the gateway sets it",
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
