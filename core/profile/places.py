"""The places in a resource that an element path names, in every member of the lists on its way.

A path begins with the resource type, or with `Resource` for any type; its names are those of the
JSON: `Patient.name.family`, `Observation.valueQuantity.value`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from core.canonical import Json, JsonObject

ANY = "Resource"
PATH = re.compile(r"[A-Z][A-Za-z]{1,63}(\.[A-Za-z]{1,64}){0,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """One value: `holder[key]`."""

    holder: Any
    key: str | int

    @property
    def value(self) -> Json:
        """What stands there."""
        found: Json = self.holder[self.key]
        return found

    def put(self, value: Json) -> None:
        """Put another value there."""
        self.holder[self.key] = value


def copy(value: Json) -> Json:
    """Return a copy that shares nothing that can be changed."""
    if isinstance(value, dict):
        return {name: copy(item) for name, item in value.items()}
    if isinstance(value, list):
        return [copy(item) for item in value]
    return value


def is_of(path: str, resource: JsonObject) -> bool:
    """Tell whether a path is about resources of this type."""
    return path.partition(".")[0] in (ANY, resource.get("resourceType"))


def holders(resource: JsonObject, path: str) -> Iterator[tuple[JsonObject, str]]:
    """Yield every object that has, or could have, the path's last element, with its name."""
    if not is_of(path, resource):
        return
    *way, last = path.split(".")[1:]
    yield from ((one, last) for one in _objects(resource, way))


def places(resource: JsonObject, path: str) -> Iterator[Place]:
    """Yield the places of every value at a path; a list yields each of its members."""
    for holder, name in holders(resource, path):
        found = holder.get(name)
        if isinstance(found, list):
            yield from (Place(found, index) for index in range(len(found)))
        elif name in holder:
            yield Place(holder, name)


def everywhere(holder: Any, wanted: Callable[[Place], bool]) -> Iterator[Place]:
    """Yield every place at or below an object or list that `wanted` takes."""
    keys: Any = list(holder) if isinstance(holder, dict) else range(len(holder))
    for key in keys:
        place = Place(holder, key)
        if wanted(place):
            yield place
        if isinstance(holder[key], dict | list):
            yield from everywhere(holder[key], wanted)


def _objects(value: Json, way: list[str]) -> Iterator[JsonObject]:
    if isinstance(value, list):
        for item in value:
            yield from _objects(item, way)
    elif isinstance(value, dict):
        if not way:
            yield value
        elif way[0] in value:
            yield from _objects(value[way[0]], way[1:])
