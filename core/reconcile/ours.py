"""Which differences of a later look undo what we wrote, and which are somebody else's business.

Of an update only what it touched is ours, of a create everything. What a later approved write of
ours put there, or took away, is no drift of the earlier one. Source: design §10 (drift).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.canonical import Json, JsonObject, encode
from core.delta import Difference, delta, element_path
from core.discrepancy import MISSING, Discrepancy
from core.discrepancy.classes import Side

Leaf = tuple[str, str]
"""An element path without indexes, and the JSON text of its value."""


@dataclass(frozen=True, slots=True)
class Ours:
    """What one write put into a resource, placed as in the record that was verified.

    `whole`: all of it, as of a create. Else `paths` are where it set a value, `taken` what it
    removed.
    """

    whole: bool = False
    paths: frozenset[str] = frozenset()
    taken: frozenset[Leaf] = frozenset()


@dataclass(frozen=True, slots=True)
class Later:
    """What later approved writes of ours did to the same resource.

    `elements` are those of which only the paths are known, since their content was erased.
    """

    put: frozenset[Leaf] = frozenset()
    replaced: frozenset[Leaf] = frozenset()
    elements: frozenset[str] = field(default_factory=frozenset)


WHOLE = Ours(whole=True)


def of_update(base: JsonObject, verified: JsonObject, touched: Iterable[tuple[str, str]]) -> Ours:
    """Return what an update put there: how the record verified differs from its base, as touched.

    `touched` are its element paths with their effect (`ChangeRow.touched`).
    """
    wanted = [path for path, _ in touched]
    mine = [one for one in delta(base, verified) if _overlaps(one.element, wanted)]
    taken = [leaf for one in mine if one.effect == "removed" for leaf in leaves(one, one.before)]
    return Ours(
        paths=frozenset(one.path for one in mine if one.effect != "removed"),
        taken=frozenset(taken),
    )


def of_paths(touched: Iterable[tuple[str, str]]) -> Ours:
    """Return what an update put there where its content is gone: whole top-level elements."""
    return Ours(paths=frozenset(".".join(path.split(".")[:2]) for path, _ in touched))


def is_ours(item: Discrepancy, ours: Ours) -> bool:
    """Tell whether a difference between the record verified and the current one undoes ours."""
    if ours.whole:
        return True
    if any(_within(item.path, path) for path in ours.paths):
        return True
    if item.intended is not MISSING:
        return any(_within(path, item.path) for path in ours.paths)
    return bool(ours.taken & side_leaves(item.path, item.persisted))


def later_of(differences: Sequence[Difference]) -> Later:
    """Return what a later write did, from its approved delta."""
    return Later(
        frozenset(leaf for one in differences for leaf in leaves(one, one.after)),
        frozenset(leaf for one in differences for leaf in leaves(one, one.before)),
    )


def both(one: Later, other: Later) -> Later:
    """Return what two later writes did."""
    return Later(one.put | other.put, one.replaced | other.replaced, one.elements | other.elements)


def is_explained(item: Discrepancy, later: Later) -> bool:
    """Tell whether a difference is what later approved writes of ours made.

    They put all that came, or they replaced all that is gone: then ours was superseded by people.
    """
    if any(_same_branch(element_path(item.path), path) for path in later.elements):
        return True
    before = side_leaves(item.path, item.intended)
    after = side_leaves(item.path, item.persisted)
    gone, come = before - after, after - before
    if not gone and not come:
        return False
    superseded = bool(gone) and gone <= later.replaced
    return superseded or (come <= later.put and gone <= later.replaced)


def leaves(one: Difference, value: Json) -> frozenset[Leaf]:
    """Return the values of one side of a change of ours, each with its element path."""
    return frozenset() if value is None else frozenset(_walk(one.element, value))


def side_leaves(path: str, side: Side) -> frozenset[Leaf]:
    """Return the values of one side of a difference, each with its element path."""
    return frozenset() if side is MISSING else frozenset(_walk(element_path(path), side))


def _walk(path: str, value: Json) -> Iterable[Leaf]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _walk(f"{path}.{name.lstrip('_')}", item)
    elif isinstance(value, list):
        for item in value:
            yield from _walk(path, item)
    else:
        yield path, encode(value).decode("utf-8")


def _overlaps(element: str, wanted: Iterable[str]) -> bool:
    return any(_same_branch(element, path) for path in wanted)


def _same_branch(one: str, other: str) -> bool:
    return one == other or one.startswith(other + ".") or other.startswith(one + ".")


def _within(path: str, outer: str) -> bool:
    """Tell whether `path` is `outer` or lies in it; a companion `_x` counts as `x`."""
    path, outer = path.replace("._", "."), outer.replace("._", ".")
    return path == outer or path.startswith((outer + ".", outer + "["))
