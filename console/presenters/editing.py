"""A proposed resource as fields that a person can type in, and what was typed as a resource again.

Only values that the change adds or replaces are fields; numbers keep the text they are typed in.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.canonical import Json, JsonObject, Number, parse
from core.errors import BadInput

Path = tuple[str | int, ...]
_OWN = ("resourceType", "id", "meta")


@dataclass(frozen=True, slots=True)
class Field:
    """One value that can be edited."""

    path: Path
    before: str | None
    """What the chart has in its place; None where the change adds it."""
    value: str
    kind: str
    """`text`, `number` or `yes/no`."""

    @property
    def name(self) -> str:
        """The path as people read it: `telecom[1].value`."""
        return _name(self.path)


def fields(resource: JsonObject, base: JsonObject | None) -> list[Field]:
    """Return the values that the change adds or replaces, in the resource's order."""
    found = []
    for path, value in _leaves(resource, ()):
        before = None if base is None else _at(base, path)
        if path[0] in _OWN or (base is not None and before == value):
            continue
        shown = before is not None and not isinstance(before, dict | list)
        found.append(Field(path, _text(before) if shown else None, _text(value), _kind(value)))
    return found


def edited(resource: JsonObject, typed: Mapping[Path, str]) -> JsonObject:
    """Return the resource with what was typed; an emptied value is taken out.

    BadInput names the field whose text is no value of its kind.
    """
    found = copy.deepcopy(resource)
    for path, text in typed.items():
        old = _at(resource, path)
        _put(found, path, _value(text, _kind(old), _name(path)) if text else None)
    return _without_empty(found)


def _value(text: str, kind: str, name: str) -> Json:
    if kind == "text":
        return text
    try:
        value = parse(text.encode("utf-8"))
    except BadInput:
        value = None
    if isinstance(value, Number if kind == "number" else bool):
        return value
    raise BadInput(
        f"is not a {kind}" if kind == "number" else "is neither true nor false",
        field=name,
        remedy="Write it as 5.4" if kind == "number" else "Write true or false",
    )


def _leaves(value: Json, path: Path) -> Iterator[tuple[Path, Json]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _leaves(item, (*path, place))
    elif path:
        yield path, value


def _at(value: Json, path: Path) -> Json:
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _put(root: JsonObject, path: Path, value: Json) -> None:
    holder: Json = root
    for step in path[:-1]:
        holder = holder[step]  # type: ignore[index]
    if isinstance(holder, dict) and value is None:
        del holder[str(path[-1])]
    else:
        holder[path[-1]] = value  # type: ignore[index]


def _without_empty(value: JsonObject) -> JsonObject:
    """Return the object without what became empty: FHIR has no empty objects, lists or nulls."""
    found: JsonObject = {}
    for key, item in value.items():
        kept = _pruned(item)
        if kept is not None:
            found[key] = kept
    return found


def _pruned(value: Json) -> Json:
    if isinstance(value, dict):
        return _without_empty(value) or None
    if isinstance(value, list):
        return [kept for kept in map(_pruned, value) if kept is not None] or None
    return value


def _text(value: Json) -> str:
    if isinstance(value, Number):
        return value.text
    return value if isinstance(value, str) else json.dumps(value)


def _kind(value: Json) -> str:
    if isinstance(value, Number):
        return "number"
    return "yes/no" if isinstance(value, bool) else "text"


def _name(path: Path) -> str:
    parts = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(parts).lstrip(".")
