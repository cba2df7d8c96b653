"""What a resource can be found by: the rows of the search index.

A token row is (system or None, value); a reference row is (type, id), the type preceded by
`base/` when the reference is absolute. The version of a reference is dropped, so that
`target=Task/1` finds `Task/1/_history/2` too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from core.canonical import Json, JsonObject
from sync.sandbox.parameters import TOKENS, parameters

_REFERENCE = re.compile(
    r"((?:https?://[^\s|?#]+/)?[A-Z][A-Za-z]{1,63})/([A-Za-z0-9.-]{1,64})(?:/_history/[^/\s]+)?"
)


class Entry(NamedTuple):
    """One way to find a resource."""

    name: str
    system: str | None
    value: str


def entries(resource: JsonObject) -> set[Entry]:
    """Return the index entries of a resource; what has an unexpected shape is not indexed."""
    found: set[Entry] = set()
    for name, paths in parameters(str(resource.get("resourceType"))).items():
        for path in paths:
            for value in _values(resource, path.split(".")):
                rows = _tokens(value) if name in TOKENS else _references(value)
                found.update(
                    Entry(name, system, text)
                    for system, text in rows
                    if name != "patient" or _is_patient(system)
                )
    return found


def split_reference(text: str) -> tuple[str, str] | None:
    """Return (type, id) of `Type/id[/_history/v]` or its absolute form, else None."""
    found = _REFERENCE.fullmatch(text)
    return (found[1], found[2]) if found else None


def _values(value: Json, path: list[str]) -> Iterator[Json]:
    if isinstance(value, list):
        for item in value:
            yield from _values(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _values(value[path[0]], path[1:])


def _tokens(value: Json) -> Iterator[tuple[str | None, str]]:
    if isinstance(value, str):
        yield None, value
    elif isinstance(value, dict):
        if isinstance(value.get("coding"), list):
            for coding in value["coding"]:
                yield from _tokens(coding)
        system = value.get("system")
        for text in (value.get("value"), value.get("code")):
            if isinstance(text, str):
                yield system if isinstance(system, str) else None, text


def _references(value: Json) -> Iterator[tuple[str | None, str]]:
    text = value.get("reference") if isinstance(value, dict) else None
    found = split_reference(text) if isinstance(text, str) else None
    if found:
        yield found


def _is_patient(kind: str | None) -> bool:
    return kind is not None and (kind == "Patient" or kind.endswith("/Patient"))
