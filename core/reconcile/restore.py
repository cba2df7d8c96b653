"""Putting back what was approved into the chart as it is now, and nothing else.

Each difference is undone where it stands, so that what others added beside it stays. Where that
place cannot be told for sure, the whole top-level element is put back; people see that in review.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from core.canonical import JsonObject
from core.delta import content

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
Step = str | int
Slot = tuple[Any, Step]
"""A container and the name or index in it."""


def restored(
    current: JsonObject, approved: JsonObject, differences: Sequence[JsonObject]
) -> JsonObject:
    """Return the chart's resource with these differences undone; `approved` is what was sent.

    The differences are as `Discrepancy.as_json` writes them: approved on the intended side, the
    chart on the persisted side.
    """
    found: JsonObject = copy.deepcopy(dict(content(current)))
    for name, mine in _by_element(differences):
        tried = copy.deepcopy(found)
        if all(_undo(tried, one) for one in mine):
            found = tried
        else:
            _replace(found, approved, name)
    return found


def _by_element(differences: Iterable[JsonObject]) -> list[tuple[str, list[JsonObject]]]:
    groups: dict[str, list[JsonObject]] = {}
    for one in differences:
        steps = _steps(str(one["path"]))
        groups.setdefault(str(steps[0]).lstrip("_"), []).append(one)
    return list(groups.items())


def _replace(resource: JsonObject, approved: JsonObject, name: str) -> None:
    for key in (name, f"_{name}"):
        if key in approved:
            resource[key] = copy.deepcopy(approved[key])
        else:
            resource.pop(key, None)


def _undo(resource: JsonObject, one: JsonObject) -> bool:
    """Undo one difference in place; tell whether its place was sure."""
    steps = _steps(str(one["path"]))
    if "persisted" not in one:
        return _add(resource, steps, copy.deepcopy(one["intended"]))
    places = list(_places(resource, steps, one["persisted"], exact=True))
    places = places or list(_places(resource, steps, one["persisted"], exact=False))
    if len(places) != 1:
        return False
    ((container, step),) = places
    if "intended" in one:
        container[step] = copy.deepcopy(one["intended"])
    else:
        del container[step]
    return True


def _add(resource: JsonObject, steps: Sequence[Step], value: Any) -> bool:
    """Add what was dropped: a list member at its list's end, an element in its object."""
    *way, last = steps
    if any(isinstance(step, int) for step in way):
        return False
    node: Any = resource
    for step in way:
        node = node.setdefault(step, [] if isinstance(last, int) and step is way[-1] else {})
        if not isinstance(node, dict | list):
            return False
    if isinstance(last, int) and isinstance(node, list):
        node.append(value)
    elif isinstance(last, str) and isinstance(node, dict):
        node[last] = value
    else:
        return False
    return True


def _places(node: Any, steps: Sequence[Step], value: Any, *, exact: bool) -> Iterator[Slot]:
    """Yield where a value stands on that path, by its own indexes or by any."""
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        if not isinstance(node, list):
            return
        indexes = [step] if exact else range(len(node))
        slots: list[Slot] = [(node, index) for index in indexes if index < len(node)]
    else:
        slots = [(node, step)] if isinstance(node, dict) and step in node else []
    for container, key in slots:
        if rest:
            yield from _places(container[key], rest, value, exact=exact)
        elif container[key] == value:
            yield container, key


def _steps(path: str) -> list[Step]:
    """Return `Patient.telecom[1].value` as `telecom, 1, value`."""
    found: list[Step] = [
        int(index) if index else name for name, index in _STEP.findall(path.partition(".")[2])
    ]
    return found or [path]
