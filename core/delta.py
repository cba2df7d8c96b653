"""What a change does to its base, element by element.

A delta is always computed from base and intended, never read from a patch's text, so a patch
cannot touch more than it seems to. Source: design §5, hub-protocol §2 (delta) and §8 (paths).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from core.canonical import Json, JsonObject, c14n

Effect = Literal["added", "changed", "removed"]

# Elements of which any move voids an approval, whatever the change touches. Source: hub-protocol
# §2 (guard elements); choice elements by their stem.
GUARDS = (
    "status",
    "clinicalStatus",
    "verificationStatus",
    "code",
    "subject",
    "patient",
    "encounter",
    "medication",
    "dosageInstruction",
    "dosage",
    "value",
    "active",
    "deceased",
    "link",
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One element that differs: `path` with indexes, both values, and the effect."""

    path: str
    effect: Effect
    before: Json
    after: Json

    @property
    def element(self) -> str:
        """The element path without indexes, as policy names it (`Patient.telecom.value`)."""
        return element_path(self.path)

    def as_json(self) -> JsonObject:
        """Return `{path, before, after}`; a value that is not there is left out."""
        found: JsonObject = {"path": self.path}
        if self.effect != "added":
            found["before"] = self.before
        if self.effect != "removed":
            found["after"] = self.after
        return found


def element_path(path: str) -> str:
    """Return `path` without list indexes; a primitive's `_x` companion counts as `x`."""
    return re.sub(r"\[\d+\]", "", path).replace("._", ".")


def delta(base: JsonObject | None, intended: JsonObject) -> tuple[Difference, ...]:
    """Return every difference between base and intended in a stable order.

    A create (no base) adds each top-level element whole. `resourceType`, `id`, `meta.versionId`
    and `meta.lastUpdated` belong to the server and are never part of a delta.
    """
    root = str(intended.get("resourceType", "Resource"))
    if base is None:
        return tuple(
            Difference(f"{root}.{key}", "added", None, value)
            for key, value in sorted(_content(intended).items())
        )
    return tuple(_objects(root, _content(base), _content(intended)))


def touched(differences: Iterable[Difference]) -> tuple[tuple[str, Effect], ...]:
    """Return the distinct (element path, effect) pairs, sorted."""
    return tuple(sorted({(item.element, item.effect) for item in differences}))


def disturbed(
    old: JsonObject, new: JsonObject, differences: Iterable[Difference]
) -> tuple[Difference, ...]:
    """Return how `new` differs from `old` in elements that were touched or guard the meaning.

    `old` is the base that was approved, `new` the fresh one, `differences` the approved delta.
    Empty means that the change may be rebased. Top-level elements are compared whole, because a
    move next to the touched value inside the same element can change its meaning.
    """
    touched_elements = {item.element.split(".")[1] for item in differences if "." in item.element}
    moved = delta(old, new)
    return tuple(item for item in moved if _top(item) in touched_elements or is_guard(_top(item)))


def is_guard(element: str) -> bool:
    """Tell whether a top-level element guards the meaning (`valueQuantity` counts as `value`)."""
    return any(element == guard or re.fullmatch(rf"{guard}[A-Z]\w*", element) for guard in GUARDS)


def content(resource: JsonObject) -> JsonObject:
    """Return the resource without `meta.versionId` and `meta.lastUpdated`.

    This is what a fingerprint covers (hub-protocol §2) and what the gateway sends.
    """
    found = dict(resource)
    meta = found.get("meta")
    if isinstance(meta, dict):
        kept = {
            key: value
            for key, value in meta.items()
            if key.lstrip("_") not in ("versionId", "lastUpdated")
        }
        if kept:
            found["meta"] = kept
        else:
            del found["meta"]
    return found


def _content(resource: JsonObject) -> JsonObject:
    return {
        key: value for key, value in content(resource).items() if key not in ("resourceType", "id")
    }


def _top(item: Difference) -> str:
    return item.element.split(".")[1]


def _objects(path: str, before: JsonObject, after: JsonObject) -> Iterator[Difference]:
    for key in sorted(before.keys() | after.keys()):
        here = f"{path}.{key}"
        if key not in after:
            yield Difference(here, "removed", before[key], None)
        elif key not in before:
            yield Difference(here, "added", None, after[key])
        else:
            yield from _values(here, here, before[key], after[key])


def _values(old: str, new: str, before: Json, after: Json) -> Iterator[Difference]:
    """Compare two values that stand at `old` in the base and at `new` in the intended resource.

    What has no value on one side (null, as in the companions of primitive lists), or another shape
    there, is not a change of it: it is removed, added or both.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _objects(new, before, after)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(new, before, after)
    elif before == after:
        return
    elif _is_scalar(before) and _is_scalar(after):
        yield Difference(new, "changed", before, after)
    else:
        if before is not None:
            yield Difference(old, "removed", before, None)
        if after is not None:
            yield Difference(new, "added", None, after)


def _is_scalar(value: Json) -> bool:
    return value is not None and not isinstance(value, dict | list)


def _lists(path: str, before: list[Json], after: list[Json]) -> Iterator[Difference]:
    """Align equal items; pair what lies between in order; the rest is added or removed."""
    old, new = [c14n(item) for item in before], [c14n(item) for item in after]
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            continue
        paired = min(i2 - i1, j2 - j1)
        for step in range(paired):
            old_place, new_place = f"{path}[{i1 + step}]", f"{path}[{j1 + step}]"
            yield from _values(old_place, new_place, before[i1 + step], after[j1 + step])
        for index in range(i1 + paired, i2):
            yield Difference(f"{path}[{index}]", "removed", before[index], None)
        for index in range(j1 + paired, j2):
            yield Difference(f"{path}[{index}]", "added", None, after[index])
