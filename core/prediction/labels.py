"""The labels of our own on a write, and whether they survived.

Ours are the AI label in `meta.security`, the operation id (in `identifier`, else in `meta.tag`) and
the Provenance beside the resource. A label of sensitivity that somebody else put there is none of
them: its loss is judged like that of any other content.
Source: design §9 (stamps), §10; docs/adr/0029.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from core.canonical import JsonObject
from core.discrepancy import MISSING, Discrepancy
from core.stamps import AI_LABEL, OPERATION_SYSTEM

Label: TypeAlias = Literal["security", "tag", "identifier", "provenance"]
LABELS: tuple[Label, ...] = get_args(Label)
Fate: TypeAlias = Literal["kept", "dropped", "unseen"]
"""`unseen`: the EHR took it, and a search right afterwards did not find it. It may still show."""
FATES: tuple[Fate, ...] = get_args(Fate)


@dataclass(frozen=True, slots=True)
class Kept:
    """How often a label survived on one EHR, in resources of one type; `last` is the newest.

    `dropped` counts the unseen too.
    """

    kept: int
    dropped: int
    last: Fate


def survival(sent: JsonObject, persisted: JsonObject) -> dict[Label, Fate]:
    """Return the fate of each label that was sent; what was not sent is not measured."""
    found: dict[Label, Fate] = {}
    for label in ("security", "tag", "identifier"):
        ours = _of(sent, label)
        if ours:
            found[label] = "kept" if set(ours) <= set(_of(persisted, label)) else "dropped"
    return found


def lost(item: Discrepancy) -> Label | None:
    """Return which label of ours a difference is the loss of; None for any other difference."""
    held = item.intended
    if item.persisted is not MISSING or not isinstance(held, dict):
        return None
    steps = [step.partition("[")[0] for step in item.path.split(".")[1:]]
    if steps == ["meta", "security"] and held == AI_LABEL:
        return "security"
    if held.get("system") != OPERATION_SYSTEM:
        return None
    if steps == ["meta", "tag"]:
        return "tag"
    return "identifier" if steps == ["identifier"] else None


def without(resource: JsonObject, label: Label) -> JsonObject:
    """Return the resource without one label of ours."""
    if label == "identifier":
        return _put(resource, "identifier", [
            one for one in _items(resource, "identifier") if not _is_ours(one, label)
        ])  # fmt: skip
    meta = resource.get("meta")
    if label == "provenance" or not isinstance(meta, dict):
        return resource
    kept = [one for one in _items(meta, label) if not _is_ours(one, label)]
    return _put(resource, "meta", _put(meta, label, kept))


def _of(resource: JsonObject, label: Label) -> list[tuple[str, str]]:
    holder = resource if label == "identifier" else resource.get("meta")
    member = "value" if label == "identifier" else "code"
    return [
        (str(one.get("system")), str(one.get(member)))
        for one in _items(holder if isinstance(holder, dict) else {}, label)
        if _is_ours(one, label)
    ]


def _is_ours(item: JsonObject, label: Label) -> bool:
    if label == "security":
        return AI_LABEL.items() <= item.items()
    return item.get("system") == OPERATION_SYSTEM


def _items(holder: JsonObject, name: str) -> Iterator[JsonObject]:
    found = holder.get(name)
    return (one for one in (found if isinstance(found, list) else []) if isinstance(one, dict))


def _put(holder: JsonObject, name: str, value: list[JsonObject] | JsonObject) -> JsonObject:
    """Return the holder with another value, or without the member where the value is empty."""
    if not value:
        return {key: item for key, item in holder.items() if key != name}
    return {**holder, name: value}
