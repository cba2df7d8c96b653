"""Contained resources that an EHR gave other ids, with all references to them following.

The id of a contained resource means something only inside the resource that holds it.
Source: FHIR R4 references (https://hl7.org/fhir/R4/references.html#contained).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import product
from typing import TypeAlias

from core.canonical import Json, JsonObject
from core.discrepancy.meaning import features, key
from core.discrepancy.place import root

Pointing: TypeAlias = dict[str, list[str]]
_MAX = 64
# Texts may hold "#a" without pointing anywhere.
_WORDS = frozenset({"display", "text", "div"})


def follow_ids(intended: JsonObject, persisted: JsonObject, base_url: str | None) -> JsonObject:
    """Return `persisted` with the ids that `intended` uses for the same contained resources.

    The very same object comes back when nothing was renamed. Renaming decides nothing: what is
    returned is still compared in full. Where a reference did not follow, nothing is renamed.
    """
    ours, theirs = _by_id(intended.get("contained")), _by_id(persisted.get("contained"))
    if ours is None or theirs is None or ours == theirs:
        return persisted
    pointing, pointed = _pointing(intended), _pointing(persisted)
    pairs = _paired(ours, theirs, base_url, (pointing, pointed))
    renamed = {other: one for one, other in pairs if one != other}
    left = theirs.keys() - renamed.keys()
    dangling = (set(renamed.values()) - theirs.keys()) & pointed.keys()
    if not renamed or left & set(renamed.values()) or dangling or renamed.keys() - pointed.keys():
        return persisted
    found = _rename(persisted, renamed, "")
    return found if isinstance(found, dict) else persisted


def _by_id(items: object) -> dict[str, JsonObject] | None:
    if not isinstance(items, list):
        return None
    found = {
        item["id"]: item
        for item in items
        if isinstance(item, dict) and isinstance(item.get("id"), str)
    }
    return found if len(found) == len(items) else None


def _paired(
    ours: dict[str, JsonObject],
    theirs: dict[str, JsonObject],
    base_url: str | None,
    pointing: tuple[Pointing, Pointing],
) -> list[tuple[str, str]]:
    """Pair ids by equal content, then by the same id, then by the most alike of one type.

    Of several with the same content those that are pointed to from the same elements come first;
    those that not even that tells apart keep their ids, or go by what points to them.
    """
    bare = {id_: _bare(item) for id_, item in ours.items()}
    other = {id_: _bare(item) for id_, item in theirs.items()}
    said, told = (
        {id_: key(item, root(item), base_url) for id_, item in side.items()}
        for side in (bare, other)
    )
    placed, found_at = (
        {id_: f"{text}{sorted(places.get(id_, ()))}" for id_, text in side.items()}
        for side, places in zip((said, told), pointing, strict=True)
    )
    found = _equal(_unlike(placed), found_at)
    _take(bare, other, found)
    found += _equal({id_: said[id_] for id_ in _unlike(placed) if id_ in bare}, _left(told, other))
    _take(bare, other, found)
    found += [(id_, id_) for id_ in bare if id_ in other and _is_one_type(bare[id_], other[id_])]
    _take(bare, other, found)
    if max(len(bare), len(other)) <= _MAX:
        seen = _seen(ours, bare, base_url), _seen(theirs, other, base_url)
        found += _alike(bare, other, seen)
    else:
        found += _equal(_left(said, bare), _left(told, other))
    return found


def _unlike(texts: dict[str, str]) -> dict[str, str]:
    """Return those that no other has the same text as."""
    count = Counter(texts.values())
    return {id_: text for id_, text in texts.items() if count[text] == 1}


def _left(texts: dict[str, str], items: dict[str, JsonObject]) -> dict[str, str]:
    return {id_: text for id_, text in texts.items() if id_ in items}


def _seen(
    items: dict[str, JsonObject], asked: dict[str, JsonObject], base_url: str | None
) -> dict[str, set[str]]:
    """Return what each of those asked for says, and what those around it say.

    Around it are the contained resources that point to it and those that it points to.
    """
    found = {id_: _said(item, base_url) for id_, item in asked.items()}
    for id_, item in items.items():
        pointed = {to for to, _ in _fragments(item, "") if to in items}
        for to in pointed & found.keys():
            found[to] |= {f"from {text}" for text in _said(item, base_url)}
        for to in pointed if id_ in found else ():
            found[id_] |= {f"to {text}" for text in _said(items[to], base_url)}
    return found


def _said(item: JsonObject, base_url: str | None) -> set[str]:
    return set(features(_bare(item), root(item), base_url))


def _equal(ours: dict[str, str], theirs: dict[str, str]) -> list[tuple[str, str]]:
    waiting: defaultdict[str, list[str]] = defaultdict(list)
    for id_, text in theirs.items():
        waiting[text].append(id_)
    found: list[tuple[str, str]] = []
    for id_, text in ours.items():
        if waiting[text]:
            same = id_ if id_ in waiting[text] else waiting[text][0]
            waiting[text].remove(same)
            found.append((id_, same))
    return found


def _take(
    ours: dict[str, JsonObject], theirs: dict[str, JsonObject], pairs: Iterable[tuple[str, str]]
) -> None:
    for one, other in pairs:
        ours.pop(one, None)
        theirs.pop(other, None)


def _alike(
    ours: dict[str, JsonObject],
    theirs: dict[str, JsonObject],
    seen: tuple[dict[str, set[str]], dict[str, set[str]]],
) -> Iterator[tuple[str, str]]:
    scored = [
        (-len(seen[0][one] & seen[1][other]), place, at, one, other)
        for (place, one), (at, other) in product(enumerate(ours), enumerate(theirs))
        if _is_one_type(ours[one], theirs[other])
    ]
    left, right = set(ours), set(theirs)
    for *_, one, other in sorted(scored):
        if one in left and other in right:
            yield one, other
            left.remove(one)
            right.remove(other)


def _is_one_type(one: JsonObject, other: JsonObject) -> bool:
    return one.get("resourceType") == other.get("resourceType")


def _bare(item: JsonObject) -> JsonObject:
    """Return a contained resource without its id and without what tells fragments apart."""
    return {name: _neutral(value, name) for name, value in item.items() if name != "id"}


def _neutral(value: Json, name: str) -> Json:
    if isinstance(value, dict):
        return {member: _neutral(item, member) for member, item in value.items()}
    if isinstance(value, list):
        return [_neutral(item, name) for item in value]
    return "#" if _is_fragment(value, name) else value


def _pointing(resource: JsonObject) -> Pointing:
    """Return the element paths, without indexes, from which each contained id is pointed to."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for id_, names in _fragments(resource, ""):
        found[id_].append(names)
    return found


def _fragments(value: Json, names: str) -> Iterator[tuple[str, str]]:
    """Yield the id behind every reference to a contained resource, and where it stands."""
    if isinstance(value, dict):
        for member, item in value.items():
            yield from _fragments(item, f"{names}.{member}")
    elif isinstance(value, list):
        for item in value:
            yield from _fragments(item, names)
    elif _is_fragment(value, names.rpartition(".")[2]):
        yield str(value)[1:], names


def _is_fragment(value: Json, name: str) -> bool:
    return isinstance(value, str) and value.startswith("#") and name not in _WORDS


def _rename(value: Json, ids: dict[str, str], name: str) -> Json:
    if isinstance(value, list):
        return [_rename(item, ids, name) for item in value]
    if isinstance(value, dict):
        found = {member: _rename(item, ids, member) for member, item in value.items()}
        id_ = found.get("id")
        if name == "contained" and isinstance(id_, str):
            return {**found, "id": ids.get(id_, id_)}
        return found
    if _is_fragment(value, name):
        return f"#{ids.get(str(value)[1:], str(value)[1:])}"
    return value
