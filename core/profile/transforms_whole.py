"""Transforms that leave elements out or bring some in."""

from __future__ import annotations

from core.canonical import Json, JsonObject
from core.fhir import element
from core.profile.places import copy, holders
from core.profile.work import Work


def drop(work: Work) -> None:
    """Leave the elements at the path out, with what belongs to them."""
    for holder, name in list(holders(work.resource, work.path)):
        holder.pop(name, None)
        holder.pop(f"_{name}", None)
    if work.resource.get("meta") == {}:
        del work.resource["meta"]


def drop_unknown(work: Work) -> None:
    """Leave out the elements that FHIR R4 does not define, at any depth."""
    _keep_known(work.resource, str(work.resource.get("resourceType")))


def put(work: Work) -> None:
    """Set the element at the path, in every object that can hold it."""
    for holder, name in list(holders(work.resource, work.path)):
        holder[name] = copy(work.value)


def add_default(work: Work) -> None:
    """Set the element at the path where it is missing."""
    for holder, name in list(holders(work.resource, work.path)):
        if name not in holder and f"_{name}" not in holder:
            holder[name] = copy(work.value)


def narrative(work: Work) -> None:
    """Replace the narrative by a generated one, or add it."""
    type_ = work.resource.get("resourceType")
    work.resource["text"] = {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{type_}</div>',
    }


def bookkeeping(work: Work) -> None:
    """Set id, version and time as the server keeps them; `value`, where given, is `meta.source`."""
    around = work.around
    meta = _meta(work.resource)
    work.resource.setdefault("id", around.id)
    meta["versionId"], meta["lastUpdated"] = around.version, around.last_updated
    if isinstance(work.value, str):
        meta["source"] = work.value


def add_identifier(work: Work) -> None:
    """Add an identifier of the server's own system, its value the resource's id."""
    value = str(work.resource.get("id", work.around.id))
    where = element(f"{work.resource.get('resourceType')}.identifier")
    if where is not None and where.is_list:
        _append(work.resource, "identifier", {"system": work.system, "value": value})


def add_extension(work: Work) -> None:
    """Add an extension of that url and value to the resource, unless it is there."""
    added = {"url": work.url, **(work.value if isinstance(work.value, dict) else {})}
    _append(work.resource, "extension", added)


def _keep_known(value: Json, path: str) -> None:
    if isinstance(value, list):
        for item in value:
            _keep_known(item, path)
    elif isinstance(value, dict):
        if path.endswith(".contained"):
            path = str(value.get("resourceType"))
        for name in list(value):
            below = f"{path}.{name.lstrip('_')}"
            if name != "resourceType" and element(below) is None:
                del value[name]
            else:
                _keep_known(value[name], below)


def _append(resource: JsonObject, name: str, item: Json) -> None:
    found = resource.setdefault(name, [])
    if isinstance(found, list) and item not in found:
        found.append(copy(item))


def _meta(resource: JsonObject) -> JsonObject:
    found = resource.get("meta")
    if not isinstance(found, dict):
        found = resource["meta"] = {}
    return found
