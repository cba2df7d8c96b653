"""Comparing two resources of one type: the same fact for certain, likely, or another one.

Source: design §5. An element that is missing on either side is never the same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Literal, TypeAlias

from core.canonical import Json, JsonObject, Number, c14n
from core.duplicates.keys import KEYS, Aspect, Keys
from core.grounding.references import objects, string

Strength: TypeAlias = Literal["certain", "likely"]
_IGNORED = frozenset({"id", "extension", "display", "creation", "title", "userSelected"})


@dataclass(frozen=True, slots=True)
class Match:
    """How surely two resources say the same, and by which aspects."""

    strength: Strength
    same: tuple[Aspect, ...]


def compare(proposed: JsonObject, other: JsonObject) -> Match | None:
    """Return how `other` says what `proposed` says, or None where it does not."""
    keys = KEYS.get(str(proposed.get("resourceType")))
    if keys is None or other.get("resourceType") != proposed.get("resourceType"):
        return None
    if _is_void(other, keys):
        return None
    same = frozenset(_same(proposed, other, keys))
    if any(wanted <= same for wanted in keys.certain) and not _apart(proposed, other, keys):
        return Match("certain", tuple(sorted(same)))
    if any(wanted <= same for wanted in keys.certain + keys.likely):
        return Match("likely", tuple(sorted(same)))
    return None


def codings(concept: Json) -> set[tuple[str, str]]:
    """Return (system, code) of a CodeableConcept, of several, or of a reference to a Medication."""
    found: set[tuple[str, str]] = set()
    for item in objects(concept):
        if string(item.get("reference")):
            found.add(("reference", string(item.get("reference"))))
        for coding in objects(item.get("coding")):
            system, code = string(coding.get("system")), string(coding.get("code"))
            if system and code:
                found.add((system, code))
    return found


def words(concept: Json) -> set[str]:
    """Return the folded texts and displays of a CodeableConcept or reference."""
    found: set[str] = set()
    for item in objects(concept):
        found |= {folded(string(item.get(key))) for key in ("text", "display")}
        found |= {folded(string(one.get("display"))) for one in objects(item.get("coding"))}
    return found - {""}


def folded(text: str) -> str:
    """Return text as it is compared here: composed, without case and runs of white space."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def concepts(resource: JsonObject, keys: Keys) -> list[JsonObject]:
    """Return the concepts that say what a resource is about; a contained one is looked up."""
    local = {f"#{string(item.get('id'))}": item for item in objects(resource.get("contained"))}
    found: list[JsonObject] = []
    for name in keys.code:
        for item in objects(resource.get(name)):
            inner = local.get(string(item.get("reference")))
            found += [item] if inner is None else objects(inner.get("code"))
    return found


def status_of(resource: JsonObject, keys: Keys) -> set[str]:
    """Return the codes of the element that tells whether a fact is open."""
    value = resource.get(keys.status)
    if isinstance(value, str):
        return {value}
    return {code for _, code in codings(value)}


def times(resource: JsonObject, keys: Keys) -> tuple[str, ...]:
    """Return when a fact was so: every time of its elements, those with a zone in UTC."""
    return tuple(_moments({name: resource.get(name) for name in keys.time}))


def _is_void(resource: JsonObject, keys: Keys) -> bool:
    verified = {code for _, code in codings(resource.get("verificationStatus"))}
    stated = {string(resource.get("status")), *verified}
    return not keys.void.isdisjoint(stated)


def _same(ours: JsonObject, theirs: JsonObject, keys: Keys) -> Iterator[Aspect]:
    mine, other = concepts(ours, keys), concepts(theirs, keys)
    if codings(mine) & codings(other):
        yield "code"
    if words(mine) & words(other):
        yield "words"
    first, second = times(ours, keys), times(theirs, keys)
    if first and first == second:
        yield "time"
    if _days(ours, keys) & _days(theirs, keys):
        yield "day"
    if keys.open and _is_open(ours, keys) and _is_open(theirs, keys):
        yield "open"
    pairs: tuple[tuple[Aspect, tuple[str, ...]], ...] = (
        ("value", keys.value), ("dose", keys.dose), ("content", keys.content), ("who", keys.who),
    )  # fmt: skip
    for aspect, names in pairs:
        found = _plain(ours, names)
        if found and found == _plain(theirs, names):
            yield aspect


def _is_open(resource: JsonObject, keys: Keys) -> bool:
    stated = status_of(resource, keys)
    refuted = {code for _, code in codings(resource.get("verificationStatus"))} & {"refuted"}
    # What does not say is taken for open: it may be.
    return not refuted and (not stated or not keys.open.isdisjoint(stated))


def _apart(ours: JsonObject, theirs: JsonObject, keys: Keys) -> bool:
    for name in keys.apart:
        mine, other = ours.get(name), theirs.get(name)
        if name in ("category", "status", "protocolApplied"):
            # These part only where both say something, and nothing in common.
            if mine is None or other is None:
                continue
            if codings(mine) & codings(other):
                continue
        if _plain(ours, (name,)) != _plain(theirs, (name,)):
            return True
    return False


def _days(resource: JsonObject, keys: Keys) -> set[str]:
    """Return the days of its first time: as written, and in UTC."""
    written = next(_texts({name: resource.get(name) for name in keys.time}), "")
    return {text[:10] for text in (written, _utc(written)) if len(text) >= 10}


def _moments(value: Json) -> Iterator[str]:
    return (_utc(text) for text in _texts(value))


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key in sorted(value, key=lambda name: (name != "start", name)):
            yield from _texts(value[key])
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _utc(text: str) -> str:
    if "T" not in text:
        return text
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if found.tzinfo is None else found.astimezone(UTC).isoformat()


def _plain(resource: JsonObject, names: tuple[str, ...]) -> bytes:
    """Return the values of these elements in one form; empty where there is none."""
    found: JsonObject = {}
    for name in names:
        for key in resource:
            if key == name or (name.endswith("*") and key.startswith(name[:-1])):
                found[key] = _bare(resource[key])
    return c14n(found) if found else b""


def _bare(value: Json) -> Json:
    """Return a value without wording and bookkeeping; equal numbers and times are equal."""
    if isinstance(value, Number):
        return _number(value.text)
    if isinstance(value, dict):
        return _bare_object(value)
    if isinstance(value, list):
        return sorted((_bare(item) for item in value), key=c14n)
    return " ".join(_utc(value).split()) if isinstance(value, str) else value


def _bare_object(value: JsonObject) -> JsonObject:
    for name in ("data", "hash", "url"):
        # An attachment is its content, however it is labelled.
        if name in value and "contentType" in value:
            return {name: value[name]}
    ignored = _IGNORED | ({"unit"} if "code" in value else frozenset())
    return {key: _bare(item) for key, item in value.items() if key not in ignored}


def _number(text: str) -> str:
    try:
        return f"number {Decimal(text).normalize():f}"
    except InvalidOperation:
        return f"number {text}"
