"""One place where the sides differ, as a rule sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from core.canonical import Json, JsonObject, Number
from core.concept_maps import NO_MAPS, Maps
from core.discrepancy.classes import MISSING, Class, Side
from core.discrepancy.place import Place, defined_path, is_modifying
from core.discrepancy.references import Target, targets


@dataclass(frozen=True, slots=True)
class Scope:
    """What holds for a whole comparison.

    `base_url` is the EHR whose absolute references are its own; `patients` are the Patients that
    the intended resource is or names, as base, type and id; `maps` are the ConceptMaps by which
    one code may stand for another; `region` is the country (ISO 3166) whose national telephone
    numbers are meant, None when nobody said.
    """

    base_url: str | None
    patients: frozenset[tuple[str, str, str]]
    maps: Maps = NO_MAPS
    region: str | None = None


def scope_of(
    intended: JsonObject,
    base_url: str | None,
    maps: Maps = NO_MAPS,
    region: str | None = None,
) -> Scope:
    """Return the scope for comparing something with `intended`."""
    named = {found.resource for found in targets(intended, base_url) if found.type == "Patient"}
    if intended.get("resourceType") == "Patient" and isinstance(intended.get("id"), str):
        named.add(("", "Patient", intended["id"]))
    return Scope(base_url, frozenset(named), maps, region)


@dataclass(frozen=True, slots=True)
class Case:
    """A difference to be judged: `MISSING` on the side that lacks the element or list item.

    `holders` are the objects or lists on both sides that hold the value; `is_repeated` marks a
    list item that the intended side has and the persisted side has once more; `is_alone` a listed
    companion whose primitive is null on both sides.
    """

    place: Place
    intended: Side
    persisted: Side
    scope: Scope
    holders: tuple[Json, Json]
    is_repeated: bool = False
    is_alone: bool = False

    @property
    def is_added(self) -> bool:
        """Whether only the persisted side has it."""
        return self.intended is MISSING

    @property
    def is_dropped(self) -> bool:
        """Whether only the intended side has it."""
        return self.persisted is MISSING

    @property
    def is_altered(self) -> bool:
        """Whether both sides have it."""
        return not self.is_added and not self.is_dropped

    @property
    def steps(self) -> tuple[str, ...]:
        """The element path's names, the resource type first."""
        return self.place.steps

    @property
    def name(self) -> str:
        """The element's own name."""
        return self.steps[-1]

    @property
    def defined_as(self) -> str:
        """HL7's path of the element's definition (`Coding.display`), empty when there is none."""
        return defined_path(self.place.names)

    @property
    def is_modifying(self) -> bool:
        """Whether the element, or one that it stands in, modifies the meaning of others."""
        return is_modifying(self.place.names)

    @property
    def texts(self) -> tuple[str, str] | None:
        """Both values when both are strings."""
        if isinstance(self.intended, str) and isinstance(self.persisted, str):
            return self.intended, self.persisted
        return None

    @property
    def numbers(self) -> tuple[Number, Number] | None:
        """Both values when both are numbers."""
        if isinstance(self.intended, Number) and isinstance(self.persisted, Number):
            return self.intended, self.persisted
        return None

    def targets(self) -> tuple[Target, Target] | None:
        """Return what an altered `Reference.reference` points to on both sides, where readable."""
        if self.defined_as != "Reference.reference" or self.texts is None:
            return None
        ours, theirs = (
            next(targets({"reference": text}, self.scope.base_url), None) for text in self.texts
        )
        return (ours, theirs) if ours is not None and theirs is not None else None


def holds_extensions_only(case: Case, side: Side) -> bool:
    """Tell whether a side is a primitive's companion with nothing but extensions in it."""
    known = case.name.startswith("_") and bool(case.defined_as)
    return known and isinstance(side, dict) and side.keys() <= {"id", "extension"}


def stands_for_a_value(case: Case) -> bool:
    """Tell whether the case is a companion that says something instead of a value.

    A birth date that is absent for a reason is told by extensions alone; they are no ornament.
    """
    if not case.name.startswith("_"):
        return False
    name = case.name.removeprefix("_")
    if not isinstance(case.holders[0], dict):
        return case.is_alone
    return not any(isinstance(holder, dict) and name in holder for holder in case.holders)


def is_beside_what_it_shows(case: Case) -> bool:
    """Tell whether the case is the words beside a code or a reference, which is the fact."""
    names = {
        "Coding.display": ("code",),
        "CodeableConcept.text": ("coding",),
        "Reference.display": ("reference", "identifier"),
    }
    telling = names.get(case.defined_as, ())
    ours, theirs = case.holders
    return (
        isinstance(ours, dict)
        and isinstance(theirs, dict)
        and any(name in ours and name in theirs for name in telling)
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says of a case: its class and a reviewer's words for it."""

    class_: Class
    reason: str


Rule: TypeAlias = Callable[[Case], Finding | None]
"""A rule answers for the cases it knows and returns None for all others."""
