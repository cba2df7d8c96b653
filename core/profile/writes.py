"""May this EHR be written to, so and there? What every axis says, and their intersection.

An axis that says no refuses, whatever the others say. Without a no, it takes a yes of what is
advertised or observed: documents, scopes and contracts alone open nothing, and silence never does.
What the server itself says now counts before what the profile says it advertised.
Source: docs/adr/0027.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.profile.facts import NOWHERE, Basis
from core.profile.profile import AXES, EVERY, Axis, Claim, Profile, Says

OPENING: tuple[Axis, ...] = ("advertised", "observed")
"""The axes whose yes opens a write."""
_UPDATES: tuple[Axis, ...] = ("advertised", "documented")


@dataclass(frozen=True, slots=True)
class Told:
    """What one axis says, and who says so."""

    axis: Axis
    says: Says
    basis: Basis


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a type may be written by an interaction, and what each axis says, in order."""

    type: str
    interaction: str
    says: Says
    told: tuple[Told, ...]

    @property
    def refusing(self) -> Told | None:
        """The first axis that refuses, None where none does."""
        return next((one for one in self.told if one.says == "no"), None)


Seen = Mapping[Axis, Told]
"""What was seen at run time, by axis; it counts before the profile's word on that axis."""


def may_write(profile: Profile, type_: str, interaction: str, seen: Seen | None = None) -> Answer:
    """Return the intersection of the axes; `interaction` is create, update or patch."""
    told = tuple(_told(profile, axis, type_, interaction, seen or {}) for axis in AXES)
    says: Says = "unknown"
    if any(one.says == "no" for one in told):
        says = "no"
    elif any(one.says == "yes" and one.axis in OPENING for one in told):
        says = "yes"
    return Answer(type_, interaction, says, told)


def can_be_undone(profile: Profile, type_: str) -> bool | None:
    """Tell whether a later update can repair a write of that type; None where nothing is known.

    What is claimed of the type counts before what the profile says of all that is written.
    """
    said = {claimed(profile, axis, type_, "update").says for axis in _UPDATES}
    if "no" in said:
        return False
    if "yes" in said:
        return True
    means = profile.correction.value
    if profile.correctable.value is None and means is not None:
        return "update" in means
    return profile.correctable.value


def claimed(profile: Profile, axis: Axis, type_: str, interaction: str) -> Told:
    """Return what the profile says on one axis: of the type itself, else of every other one.

    Where it contradicts itself the no counts, then the unknown.
    """
    of = [one for one in profile.claims if one.axis == axis and one.interaction == interaction]
    found = [one for one in of if one.type == type_] or [one for one in of if one.type == EVERY]
    if not found:
        return Told(axis, "unknown", NOWHERE)
    first = min(found, key=_caution)
    return Told(axis, first.says, first.basis)


def _told(profile: Profile, axis: Axis, type_: str, interaction: str, seen: Seen) -> Told:
    now = seen.get(axis)
    if now is not None and now.says != "unknown":
        return now
    return claimed(profile, axis, type_, interaction)


def _caution(claim: Claim) -> int:
    return ("no", "unknown", "yes").index(claim.says)
