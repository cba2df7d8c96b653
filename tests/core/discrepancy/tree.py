"""Editing a copy of a resource at a path of keys and indexes."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, TypeAlias

from core.canonical import JsonObject

Step: TypeAlias = str | int
Path: TypeAlias = tuple[Step, ...]


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every value below `value` with its path, objects and lists included."""
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    for step, item in pairs:
        yield (*path, step), item
        yield from walk(item, (*path, step))


def get(resource: Any, path: Path) -> Any:
    for step in path:
        resource = resource[step]
    return resource


def put(resource: JsonObject, path: Path, value: Any) -> JsonObject:
    """Return a copy with `value` at `path`; a list index one past the end appends."""
    copy = deepcopy(resource)
    holder = get(copy, path[:-1])
    if isinstance(holder, list) and path[-1] == len(holder):
        holder.append(value)
    else:
        holder[path[-1]] = value
    return copy


def drop(resource: JsonObject, path: Path) -> JsonObject:
    """Return a copy without what stands at `path`; a list that becomes empty goes too."""
    copy = deepcopy(resource)
    holder = get(copy, path[:-1])
    del holder[path[-1]]
    if isinstance(holder, list) and not holder:
        del get(copy, path[:-2])[path[-2]]
    return copy


def names(path: Path) -> tuple[str, ...]:
    return tuple(step for step in path if isinstance(step, str))
