"""Seeding: resources from files and folders, with their ids, as version 1.

Seeds are taken as they are: their shape is checked, not their structure, because a chart to try
things on may hold what a server would refuse today. Bundles of type collection, batch and
transaction are containers: their entries are stored, and `urn:uuid` references among them become
references to the stored resources.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from core.canonical import RESPONSE, JsonObject, parse_object
from core.errors import BadInput
from sync.sandbox.bodies import is_id, is_type
from sync.sandbox.store import Store

CONTAINERS = frozenset({"collection", "batch", "transaction"})
_MAX_FILE = 1024 * 1024 * 1024


def load(store: Store, paths: Iterable[Path], new_id: Callable[[], str]) -> int:
    """Store every resource in `paths` and return how many there were.

    A folder is searched for *.json and *.ndjson, recursively; a resource without id gets one. All
    or nothing: BadInput names the file (and line) that cannot be read, holds no resource, or
    repeats one that is stored already.
    """
    count = 0
    with store.transaction():
        for path in paths:
            for file in _files(path):
                for place, resource in _resources(file, new_id):
                    _store(store, place, resource, new_id)
                    count += 1
    return count


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(
            file
            for file in path.rglob("*")
            if file.suffix in (".json", ".ndjson") and file.is_file()
        )
    return [path]


def _resources(file: Path, new_id: Callable[[], str]) -> Iterator[tuple[str, JsonObject]]:
    try:
        if file.stat().st_size > _MAX_FILE:
            raise BadInput("the file is too large", field=str(file), remedy="Split it")
        data = file.read_bytes()
    except OSError as error:
        raise BadInput(
            f"cannot be read: {error.strerror}", field=str(file), remedy="Name a file or folder"
        ) from None
    if file.suffix != ".ndjson":
        yield from _unwrapped(str(file), _parsed(str(file), data), new_id)
        return
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.strip():
            place = f"{file}:{number}"
            yield from _unwrapped(place, _parsed(place, line), new_id)


def _parsed(place: str, data: bytes) -> JsonObject:
    try:
        return parse_object(data, RESPONSE)
    except BadInput as error:
        raise BadInput(error.problem, field=place, remedy="Correct or leave out the file") from None


def _unwrapped(
    place: str, found: JsonObject, new_id: Callable[[], str]
) -> Iterator[tuple[str, JsonObject]]:
    if found.get("resourceType") != "Bundle" or found.get("type") not in CONTAINERS:
        yield place, found
        return
    entries = found.get("entry", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadInput("the Bundle's entries are not objects", field=place)
    places: dict[str, str] = {}
    resources: list[JsonObject] = []
    for entry in entries:
        resource = entry.get("resource")
        if not isinstance(resource, dict):
            raise BadInput("an entry of the Bundle has no resource", field=place)
        if "id" not in resource:
            resource = {**resource, "id": new_id()}
        resources.append(resource)
        url = entry.get("fullUrl")
        if isinstance(url, str) and url.startswith("urn:uuid:"):
            places[url] = f"{resource.get('resourceType')}/{resource['id']}"
    for resource in resources:
        yield place, _resolved(resource, places)


def _resolved(value: Any, places: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_resolved(item, places) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: places[item]
        if name == "reference" and isinstance(item, str) and item in places
        else _resolved(item, places)
        for name, item in value.items()
    }


def _store(store: Store, place: str, resource: JsonObject, new_id: Callable[[], str]) -> None:
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or not is_type(kind):
        raise BadInput("holds no FHIR R4 resource", field=place, remedy="Check resourceType")
    id_ = resource["id"] if "id" in resource else new_id()
    if not isinstance(id_, str) or not is_id(id_):
        raise BadInput("the id does not have the form of an id", field=place)
    if not isinstance(resource.get("meta", {}), dict):
        raise BadInput("meta is not an object", field=place)
    if store.read(kind, id_) is not None:
        raise BadInput(
            f"{kind}/{id_} is stored already", field=place, remedy="Leave one of them out"
        )
    store.put(kind, id_, resource, "PUT")
