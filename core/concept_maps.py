"""Which codes mean the same: FHIR ConceptMaps that a workspace has adopted, and nothing guessed.

A document is one ConceptMap or a Bundle of them. A map is read in both directions, since what two
codes have to do with each other holds both ways; it is never chained with another, and its
`unmapped` defaults are not used. A target with `dependsOn` or `product` holds under conditions
that a Coding does not show, so it never makes two codes the same.
Source: FHIR R4 ConceptMap (https://hl7.org/fhir/R4/conceptmap.html), ConceptMapEquivalence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from core.canonical import RESPONSE, Json, JsonObject, parse_object
from core.errors import BadInput
from core.fhir import problems

KIND: Final = "maps"
"""The kind under which a workspace adopts its maps, as it does policy and roster."""

Relation = Literal["same", "broader", "narrower", "overlapping", "unmatched"]
"""What the second code is to the first."""

_RELATIONS: Final[Mapping[str, Relation]] = {
    "equal": "same",
    "equivalent": "same",
    "wider": "broader",
    "subsumes": "broader",
    "narrower": "narrower",
    "specializes": "narrower",
    "inexact": "overlapping",
    "relatedto": "overlapping",
    "unmatched": "unmatched",
    "disjoint": "unmatched",
}
_REVERSED: Final[Mapping[Relation, Relation]] = {
    "same": "same",
    "broader": "narrower",
    "narrower": "broader",
    "overlapping": "overlapping",
    "unmatched": "unmatched",
}
# Where maps disagree, the later one here counts.
_ORDER: Final[tuple[Relation, ...]] = ("same", "broader", "narrower", "overlapping", "unmatched")
_ANY: Final = ""

Pair: TypeAlias = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement: a relation, and the versions of the two systems that it was made for."""

    relation: Relation
    source_version: str | None
    target_version: str | None


@dataclass(frozen=True, slots=True)
class Maps:
    """The statements of all maps by source system, source code, target system, target code.

    A target code of "" says that the source has no match in the target system.
    """

    entries: Mapping[Pair, tuple[Entry, ...]] = field(default_factory=dict)

    def relation(self, ours: object, theirs: object) -> Relation | None:
        """Return what `theirs` is to `ours` (both Codings), None where no map says anything."""
        if not self.entries or not isinstance(ours, dict) or not isinstance(theirs, dict):
            return None
        there = set(self._stated(ours, theirs))
        back = {_REVERSED[one] for one in self._stated(theirs, ours)}
        said = there | back
        if {"broader", "narrower"} <= said:
            said |= {"overlapping"}
        return max(said, key=_ORDER.index, default=None)

    def is_same(self, ours: object, theirs: object) -> bool:
        """Tell whether a map calls the two Codings equal or equivalent, and none contradicts."""
        return self.relation(ours, theirs) == "same"

    def _stated(self, source: JsonObject, target: JsonObject) -> Iterator[Relation]:
        named = [one.get(name) for one in (source, target) for name in ("system", "code")]
        if not all(isinstance(one, str) for one in named):
            return
        system, code, its_system, its_code = map(str, named)
        for its in (its_code, _ANY):
            for entry in self.entries.get((system, code, its_system, its), ()):
                versions = (entry.source_version, entry.target_version)
                if all(map(_agree, versions, (source.get("version"), target.get("version")))):
                    yield entry.relation


NO_MAPS: Final = Maps()


@lru_cache(maxsize=8)
def parse_maps(text: str) -> Maps:
    """Read a ConceptMap or a Bundle of them; raises BadInput for anything else.

    Each must be valid R4 and active, and each group must name both systems.
    """
    document = parse_object(text.encode("utf-8"), RESPONSE)
    found: defaultdict[Pair, list[Entry]] = defaultdict(list)
    for at, one in _resources(document):
        _check(at, one)
        for index, group in enumerate(one.get("group", [])):
            for pair, entry in _group(f"{at}.group[{index}]", group):
                found[pair].append(entry)
    if not found:
        raise BadInput("maps no code", field="ConceptMap.group", remedy="Give a map with targets")
    return Maps({pair: tuple(entries) for pair, entries in found.items()})


def _resources(document: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    if document.get("resourceType") != "Bundle":
        yield "ConceptMap", document
        return
    entries = document.get("entry")
    for index, item in enumerate(entries if isinstance(entries, list) else []):
        held = item.get("resource") if isinstance(item, dict) else None
        yield f"Bundle.entry[{index}].resource", held if isinstance(held, dict) else {}


def _check(at: str, one: JsonObject) -> None:
    if one.get("resourceType") != "ConceptMap":
        raise BadInput(
            "is no ConceptMap", field=at, remedy="Give a ConceptMap, or a Bundle of nothing else"
        )
    wrong = problems(one)
    if wrong:
        raise BadInput(
            f"is no valid R4 ConceptMap: {wrong[0].path}: {wrong[0].message}",
            field=at,
            remedy="Correct it",
        )
    if one["status"] != "active":
        raise BadInput(
            f"the map is {one['status']}",
            field=f"{at}.status",
            remedy="Only an active map may be used",
        )


def _group(at: str, group: JsonObject) -> Iterable[tuple[Pair, Entry]]:
    source, target = group.get("source"), group.get("target")
    if not isinstance(source, str) or not isinstance(target, str):
        raise BadInput(
            "names no source or no target system", field=at, remedy="Name both code systems"
        )
    versions = (group.get("sourceVersion"), group.get("targetVersion"))
    for element in group["element"]:
        for one in element.get("target", []):
            relation = _RELATIONS[one["equivalence"]]
            if relation == "same" and ("dependsOn" in one or "product" in one):
                relation = "overlapping"
            code = one.get("code", _ANY)
            if "code" in element and (code != _ANY or relation == "unmatched"):
                yield (source, element["code"], target, code), Entry(relation, *versions)


def _agree(stated: str | None, version: Json) -> bool:
    return stated is None or version is None or stated == version
