"""Laying the items of two lists side by side.

A set's items are matched by meaning first, then by likeness, so that a difference is reported
inside an item rather than as one dropped and one added. An ordered list keeps its order. Work is
bounded: likeness is judged between at most 64 items a side, and by leaf texts, never by comparing
in full.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import product, zip_longest
from typing import TypeAlias

from core.canonical import Json
from core.discrepancy.meaning import features, key
from core.discrepancy.place import definition
from core.discrepancy.sets import is_set
from core.discrepancy.systems import one_name

MAX_LIKENESS = 64
Pair: TypeAlias = tuple[int | None, int | None]

# Two items that disagree in one of these are two things, however alike the rest is.
_IDENTITY = {
    "Identifier": ("system",),
    "ContactPoint": ("system",),
    "Coding": ("system",),
    "Extension": ("url",),
    "Resource": ("id",),
}
# A meta label says one thing: another code is another label, not an altered one.
_LABEL = ("system", "code")
_PLACES = re.compile(r"~\d+")
_NONE: frozenset[int] = frozenset()
_TELLING = ("system", "use", "code", "url", "id", "type", "value", "sequence")


@dataclass(frozen=True, slots=True)
class Alignment:
    """Pairs of indexes (intended, persisted), None where a side has no such item.

    `reordered` tells that a set's items stand in another order; `repeated` holds the persisted
    indexes of surplus copies of an intended item.
    """

    pairs: tuple[Pair, ...]
    reordered: bool
    repeated: frozenset[int]


def align(
    intended: Sequence[Json],
    persisted: Sequence[Json],
    names: str,
    base_url: str | None,
    *,
    ordered: bool = False,
) -> Alignment:
    """Lay the items of two lists at one element path side by side, in intended order.

    `ordered` keeps a set's order, because something else refers to its items by their index.
    """
    if names.rpartition(".")[2].startswith("_"):
        # Companions stand at the same index as the primitives they belong to.
        return Alignment(_by_position(range(len(intended)), range(len(persisted))), False, _NONE)
    in_order = ordered or not is_set(names)
    if plain := _at_a_glance(intended, persisted, names, in_order=in_order):
        return Alignment(plain, False, _NONE)
    ours = [key(item, names, base_url) for item in intended]
    theirs = [key(item, names, base_url) for item in persisted]
    if in_order:
        return Alignment(_in_order(ours, theirs), False, _NONE)
    pairs = _same_places(ours, theirs) or _equal(ours, theirs)
    matched, taken, known = {i for i, _ in pairs}, {j for _, j in pairs}, set(ours)
    left = [i for i in range(len(ours)) if i not in matched]
    right = [j for j in range(len(theirs)) if j not in taken]
    repeated = frozenset(j for j in right if theirs[j] in known)
    if max(len(left), len(right)) > MAX_LIKENESS:
        rest = _by_essence(intended, persisted, left, right, names, base_url)
    else:
        ours_left = {i: intended[i] for i in left}
        theirs_left = {j: persisted[j] for j in right if j not in repeated}
        rest = _alike(ours_left, theirs_left, names, base_url)
        rest += tuple((None, j) for j in sorted(repeated))
    found = sorted(pairs + rest, key=_intended_first)
    moved = [j for i, j in found if i is not None and j is not None]
    return Alignment(tuple(found), moved != sorted(moved), repeated)


def _at_a_glance(
    intended: Sequence[Json], persisted: Sequence[Json], names: str, *, in_order: bool
) -> tuple[Pair, ...]:
    """Pair by position where that is plain: as many items, of which no more than one differs."""
    count = len(intended)
    if count != len(persisted):
        return ()
    found: tuple[Pair, ...] = tuple((k, k) for k in range(count))
    if in_order:
        # Of as many items each is held against its own: a harmless mark on every item must not
        # pair an item with the one that it now resembles.
        return found
    differing = [k for k in range(count) if intended[k] != persisted[k]]
    if len(differing) > 1 or count > MAX_LIKENESS:
        return ()
    alone = [persisted[k] for k in differing]
    if any(one in intended or _are_two_things(intended[differing[0]], one, names) for one in alone):
        return ()
    return found


def _intended_first(pair: Pair) -> tuple[bool, int]:
    i, j = pair
    return (False, i) if i is not None else (True, j or 0)


def _by_position(left: Sequence[int], right: Sequence[int]) -> tuple[Pair, ...]:
    return tuple(zip_longest(left, right))


def _in_order(ours: list[str], theirs: list[str]) -> tuple[Pair, ...]:
    shared = min(len(ours), len(theirs))
    head = next((k for k in range(shared) if ours[k] != theirs[k]), shared)
    rest = shared - head
    tail = next((k for k in range(rest) if ours[-1 - k] != theirs[-1 - k]), rest)
    end, other_end = len(ours) - tail, len(theirs) - tail
    found: list[Pair] = [(k, k) for k in range(head)]
    if max(end, other_end) - head > MAX_LIKENESS:
        found.extend(_by_position(range(head, end), range(head, other_end)))
    else:
        matcher = SequenceMatcher(None, ours[head:end], theirs[head:other_end], autojunk=False)
        for _, i1, i2, j1, j2 in matcher.get_opcodes():
            found.extend(_by_position(range(head + i1, head + i2), range(head + j1, head + j2)))
    found.extend(zip(range(end, len(ours)), range(other_end, len(theirs)), strict=True))
    return tuple(found)


def _by_essence(
    intended: Sequence[Json],
    persisted: Sequence[Json],
    left: Sequence[int],
    right: Sequence[int],
    names: str,
    base_url: str | None,
) -> tuple[Pair, ...]:
    """Pair what is equal but for ids, displays and extensions, and the rest by position."""
    ours = [key(_essence(intended[i]), names, base_url) for i in left]
    theirs = [key(_essence(persisted[j]), names, base_url) for j in right]
    found = tuple((left[a or 0], right[b or 0]) for a, b in _equal(ours, theirs))
    matched, taken = {i for i, _ in found}, {j for _, j in found}
    return found + _by_position(
        [i for i in left if i not in matched], [j for j in right if j not in taken]
    )


def _essence(value: Json) -> Json:
    if isinstance(value, dict):
        kept = value if "resourceType" in value else {k: value[k] for k in value if k != "id"}
        return {
            name: _essence(item)
            for name, item in kept.items()
            if name not in ("extension", "display") and not name.startswith("_")
        }
    return [_essence(item) for item in value] if isinstance(value, list) else value


def _same_places(ours: list[str], theirs: list[str]) -> tuple[Pair, ...]:
    """Pair by position where only the decimals that are stated differ: 1.0 and 1.00 are two items.

    Otherwise zeros added to every value would pair an item with the one that it now resembles.
    """
    if len(ours) != len(theirs) or ours == theirs:
        return ()
    plain = ([_PLACES.sub("", text) for text in side] for side in (ours, theirs))
    return tuple((k, k) for k in range(len(ours))) if next(plain) == next(plain) else ()


def _equal(ours: list[str], theirs: list[str]) -> tuple[Pair, ...]:
    waiting: defaultdict[str, deque[int]] = defaultdict(deque)
    for j, text in enumerate(theirs):
        waiting[text].append(j)
    return tuple((i, waiting[text].popleft()) for i, text in enumerate(ours) if waiting[text])


def _alike(
    intended: Mapping[int, Json], persisted: Mapping[int, Json], names: str, base_url: str | None
) -> tuple[Pair, ...]:
    """Pair the most alike first; what is like nothing on the other side stays alone."""
    ours = {i: frozenset(features(item, names, base_url)) for i, item in intended.items()}
    theirs = {j: frozenset(features(item, names, base_url)) for j, item in persisted.items()}
    only = len(ours) == 1 and len(theirs) == 1
    scored = []
    for i, j in product(ours, theirs):
        if not _are_two_things(intended[i], persisted[j], names):
            score = len(ours[i] & theirs[j]) / max(1, len(ours[i] | theirs[j]))
            score += _agreement(intended[i], persisted[j])
            if score or only:
                scored.append((-score, abs(i - j), i, j))
    found: list[Pair] = []
    for _, _, i, j in sorted(scored):
        if i in ours and j in theirs:
            found.append((i, j))
            del ours[i], theirs[j]
    return (*found, *((i, None) for i in ours), *((None, j) for j in theirs))


def _are_two_things(ours: Json, theirs: Json, names: str) -> bool:
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return True
    found = definition(names)
    if found is None:
        return False
    held = found.path.startswith("Meta.")
    telling = _LABEL if held else _IDENTITY.get(found.types[0], ())
    return any(_plain(ours.get(name)) != _plain(theirs.get(name)) for name in telling)


def _plain(value: Json) -> Json:
    return one_name(value) if isinstance(value, str) else value


def _agreement(ours: Json, theirs: Json) -> int:
    """Count the telling members on which two items agree."""
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return 0
    return sum(name in ours and ours[name] == theirs.get(name) for name in _TELLING)
