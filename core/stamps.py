"""What the gateway puts into a resource before review, so that the approver signs what is sent.

Source: design §9 (stamps), hub-protocol §2, HL7 security label AIAST.
"""

from __future__ import annotations

from core.canonical import Json, JsonObject
from core.fhir import element

AI_LABEL = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "AIAST",
}
OPERATION_SYSTEM = "urn:countersign:operation"


def label(resource: JsonObject) -> JsonObject:
    """Return the resource with the AI-asserted security label, once."""
    meta = dict(resource.get("meta") or {})
    security = list(meta.get("security") or [])
    if not any(_is_label(coding) for coding in security):
        meta["security"] = [*security, dict(AI_LABEL)]
    return _with_meta(resource, meta)


def identify(resource: JsonObject, operation: str) -> JsonObject:
    """Return a new resource that carries its operation id.

    In `identifier` where the type has a list of them, else as one `meta.tag`.
    """
    type_ = str(resource["resourceType"])
    holder = element(f"{type_}.identifier")
    if holder is not None and holder.max == "*":
        own = {"system": OPERATION_SYSTEM, "value": operation}
        return {**resource, "identifier": [*(resource.get("identifier") or []), own]}
    meta = dict(resource.get("meta") or {})
    meta["tag"] = [*(meta.get("tag") or []), {"system": OPERATION_SYSTEM, "code": operation}]
    return _with_meta(resource, meta)


def bare(resource: JsonObject, base: JsonObject | None, operation: str) -> JsonObject:
    """Return the resource without what the gateway put into it; the reverse of the stamps.

    A create loses the client id and the label; an update gets the base's `meta` back.
    """
    found = {key: value for key, value in resource.items() if key != "meta"}
    if base is not None:
        return _with_meta(found, base["meta"]) if "meta" in base else found
    found.pop("id", None)
    own = [item for item in found.get("identifier") or [] if not _is_operation(item, operation)]
    if isinstance(found.get("identifier"), list):
        found.pop("identifier")
        if own:
            found["identifier"] = own
    meta = resource.get("meta")
    profile = meta.get("profile") if isinstance(meta, dict) else None
    return found if profile is None else _with_meta(found, {"profile": profile})


def _is_operation(item: Json, operation: str) -> bool:
    return (
        isinstance(item, dict)
        and item.get("system") == OPERATION_SYSTEM
        and item.get("value") == operation
    )


def search_for(type_: str, operation: str) -> dict[str, str]:
    """Return the search parameters that find a resource by its operation id."""
    holder = element(f"{type_}.identifier")
    name = "identifier" if holder is not None and holder.max == "*" else "_tag"
    return {name: f"{OPERATION_SYSTEM}|{operation}"}


def carries(resource: JsonObject, operation: str) -> bool:
    """Tell whether a resource carries this operation id."""
    return operation in operations(resource)


def operations(resource: JsonObject) -> set[str]:
    """Return every operation id that a resource carries, whatever its shape."""
    meta = resource.get("meta")
    tags = meta.get("tag") if isinstance(meta, dict) else None
    return {
        str(item.get(key))
        for items, key in ((resource.get("identifier"), "value"), (tags, "code"))
        for item in (items if isinstance(items, list) else [items])
        if isinstance(item, dict) and item.get("system") == OPERATION_SYSTEM
    }


def _is_label(coding: JsonObject) -> bool:
    return all(coding.get(key) == value for key, value in AI_LABEL.items())


def _with_meta(resource: JsonObject, meta: JsonObject) -> JsonObject:
    """Keep the place of `meta` in key order; a new one goes after type and id."""
    if "meta" in resource:
        return {**resource, "meta": meta}
    head: JsonObject = {key: resource[key] for key in ("resourceType", "id") if key in resource}
    rest = {key: value for key, value in resource.items() if key not in head}
    return {**head, "meta": meta, **rest}
