"""The walk over both resources."""

from __future__ import annotations

from core.canonical import Json, JsonObject
from core.concept_maps import NO_MAPS, Maps
from core.discrepancy.alignment import align
from core.discrepancy.case import Case, Finding, Scope, scope_of
from core.discrepancy.classes import MISSING, Comparison, Discrepancy, Missing, Side, worst
from core.discrepancy.contained import follow_ids
from core.discrepancy.demographics import same_sequence
from core.discrepancy.meaning import leaves
from core.discrepancy.moved import told
from core.discrepancy.place import Place, root
from core.discrepancy.rules import RENAMED, REORDERED, judge
from core.discrepancy.wholes import settle


def compare(
    intended: JsonObject,
    persisted: JsonObject,
    *,
    base_url: str | None = None,
    maps: Maps = NO_MAPS,
    region: str | None = None,
) -> Comparison:
    """Compare what was intended with what the EHR keeps; both are exact JSON of one resource.

    `base_url` is the EHR whose absolute references are its own; without it an absolute reference
    is never taken to be a relative one. `maps` say which codes mean the same. `region` (ISO 3166,
    "SE") is where national telephone numbers are at home; without it only international ones are
    read as numbers. Paths start with the intended resource's type. Nothing is raised for odd
    content: whatever no rule knows is
    `changed`. Source: design §10.
    """
    stated = intended.get("resourceType")
    name, names = stated if isinstance(stated, str) else "Resource", root(intended)
    walk = _Walk(scope_of(intended, base_url, maps, region))
    if name == persisted.get("resourceType", name):
        walk.objects(Place(name, names), intended, persisted)
    else:
        place = Place(f"{name}.resourceType", f"{names}.resourceType")
        held = (intended, persisted)
        walk.judged(Case(place, name, persisted["resourceType"], walk.scope, held))
    found = told(walk.found)
    return Comparison(worst(one.class_ for one in found), found, walk.examined)


class _Walk:
    """Collects the differences and counts the leaves."""

    def __init__(self, scope: Scope):
        self.scope = scope
        self.found: list[Discrepancy] = []
        self.examined = 0

    def objects(self, place: Place, intended: JsonObject, persisted: JsonObject) -> None:
        """Compare two objects member by member, in the intended order."""
        within = place.within(intended)
        if "contained" in intended and "contained" in persisted:
            followed = follow_ids(intended, persisted, self.scope.base_url)
            if followed is not persisted:
                self._record(
                    within.member("contained"),
                    RENAMED,
                    intended["contained"],
                    persisted["contained"],
                )
                persisted = followed
        for name in dict.fromkeys((*intended, *persisted)):
            ours, theirs = intended.get(name, MISSING), persisted.get(name, MISSING)
            if ours == theirs:
                self.examined += _leaves(ours)
                continue
            case = Case(within.member(name), ours, theirs, self.scope, (intended, persisted))
            # A companion refers to its primitives by index, so their order counts.
            self.values(case, ordered=f"_{name}" in intended or f"_{name}" in persisted)

    def values(self, case: Case, *, ordered: bool = False) -> None:
        """Compare the two sides of a case, of whatever kind they are."""
        ours, theirs = case.intended, case.persisted
        if isinstance(ours, dict) and isinstance(theirs, dict):
            self.objects(case.place, *self._settled(case, ours, theirs))
        elif not ordered and (finding := same_sequence(case)) is not None:
            self.examined += _leaves(ours)
            self._record(case.place, finding, ours, theirs)
        elif _one_is(list, ours, theirs):
            self._lists(case, _items(ours), _items(theirs), ordered=ordered)
        elif case.place.type == "Meta" and _one_is(dict, ours, theirs):
            # A server that keeps its book starts a meta; each entry is judged for itself.
            self.objects(case.place, _members(ours), _members(theirs))
        else:
            self.judged(case)

    def _lists(
        self, case: Case, intended: list[Json], persisted: list[Json], *, ordered: bool
    ) -> None:
        place, base_url = case.place, self.scope.base_url
        found = align(intended, persisted, place.names, base_url, ordered=ordered)
        if found.reordered:
            self._record(place, REORDERED, intended, persisted)
        # In a companion's list a null only keeps the place of a primitive without one.
        absent: object = None if case.name.startswith("_") else MISSING
        for i, j in found.pairs:
            ours = MISSING if i is None or intended[i] is absent else intended[i]
            theirs = MISSING if j is None or persisted[j] is absent else persisted[j]
            if ours == theirs:
                self.examined += _leaves(ours)
                continue
            at = place.item(i if i is not None else j or 0)
            held = (intended, persisted)
            index = i if i is not None else j or 0
            alone = absent is None and not any(
                _has_primitive(holder, case.name, index) for holder in case.holders
            )
            self.values(Case(at, ours, theirs, self.scope, held, j in found.repeated, alone))

    def judged(self, case: Case) -> None:
        """Ask the rules about a case that is compared no further."""
        self.examined += max(_leaves(case.intended), _leaves(case.persisted))
        self._record(case.place, judge(case), case.intended, case.persisted)

    def _settled(
        self, case: Case, intended: JsonObject, persisted: JsonObject
    ) -> tuple[JsonObject, JsonObject]:
        """Record what both say as wholes; return what is left to compare member by member."""
        whole = settle(case, intended, persisted)
        if whole is None:
            return intended, persisted
        self._record(case.place, whole.finding, case.intended, case.persisted)
        self.examined += len(whole.members & (intended.keys() | persisted.keys()))
        ours, theirs = (
            {name: item for name, item in side.items() if name not in whole.members}
            for side in (intended, persisted)
        )
        return ours, theirs

    def _record(self, place: Place, finding: Finding, ours: Side, theirs: Side) -> None:
        self.found.append(Discrepancy(place.path, finding.class_, finding.reason, ours, theirs))


def _leaves(side: Side) -> int:
    if isinstance(side, dict | list):
        return leaves(side)
    return 0 if isinstance(side, Missing) else 1


def _has_primitive(holder: Json, companion: str, index: int) -> bool:
    """Tell whether the primitive that a listed companion belongs to is there."""
    listed = holder.get(companion.removeprefix("_")) if isinstance(holder, dict) else None
    return isinstance(listed, list) and index < len(listed) and listed[index] is not None


def _one_is(kind: type, ours: Side, theirs: Side) -> bool:
    """Tell whether both sides are of a kind, or one is, with content, and the other is absent."""
    if ours is MISSING or theirs is MISSING:
        present = theirs if ours is MISSING else ours
        return isinstance(present, kind) and bool(present)
    return isinstance(ours, kind) and isinstance(theirs, kind)


def _items(side: Side) -> list[Json]:
    return side if isinstance(side, list) else []


def _members(side: Side) -> JsonObject:
    return side if isinstance(side, dict) else {}
