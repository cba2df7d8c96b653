"""What a product makes of a resource when it files it: by its profile alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from core.canonical import JsonObject
from core.profile.places import copy, holders, places
from core.profile.profile import Profile
from core.profile.transforms import Transform, apply_all
from core.profile.work import Around
from sync.sandbox.manner import Arrival
from sync.sandbox.outcome import refusal

UNSIGNED = "preliminary"
_STATES = {"DocumentReference": "docStatus", "Observation": "status"}
"""Where a type says that nobody has signed it yet."""


def transforms(profile: Profile) -> tuple[Transform, ...]:
    """Return its transforms, in order; what it does is not known it does in silence.

    A length limit of unknown effect is played as a cut, an element of unknown fate as dropped.
    """
    silent = replace(
        profile,
        dropped=tuple(
            replace(one, how="ignored") if one.how == "unknown" else one for one in profile.dropped
        ),
        field_limits=tuple(
            replace(one, over="truncate") if one.over == "unknown" else one
            for one in profile.field_limits
        ),
    )
    labels = (
        ("Resource.meta.security", profile.keeps_security.value),
        ("Resource.meta.tag", profile.keeps_tag.value),
        ("Resource.identifier", profile.keeps_identifier.value),
    )
    lost = tuple(Transform("drop", path) for path, kept in labels if kept is False)
    return lost + silent.transforms


def check(profile: Profile, resource: JsonObject) -> None:
    """Raise 422 for a text that is too long, an element that is not taken, a draft where none is.

    Only where the profile says that such is refused.
    """
    for limit in profile.field_limits:
        texts = (place.value for place in places(resource, limit.path))
        too_long = any(isinstance(text, str) and len(text) > limit.chars for text in texts)
        if limit.over == "reject" and too_long:
            raise refusal(422, "too-long", "a text is too long", expression=limit.path)
    for dropped in profile.dropped:
        for path in dropped.paths if dropped.how == "refused" else ():
            if any(name in holder for holder, name in holders(resource, path)):
                raise refusal(422, "not-supported", "an element is not taken", expression=path)
    if profile.persisted_state.value == "final-only":
        draft = resource.get("docStatus", "final") != "final"
        if resource.get("resourceType") == "DocumentReference" and draft:
            path = "DocumentReference.docStatus"
            raise refusal(422, "business-rule", "only final documents", expression=path)


def filed(
    profile: Profile, does: Sequence[Transform], resource: JsonObject, arrival: Arrival
) -> JsonObject:
    """Return what the profile's transforms and state make of a resource."""
    around = Around(arrival.base, arrival.id, str(arrival.version), arrival.at)
    made = apply_all(does, resource, arrival.interaction, around).resource
    name = _STATES.get(str(made.get("resourceType")))
    if profile.persisted_state.value == "unsigned" and name is not None:
        made = cast("JsonObject", copy(made))
        made[name] = UNSIGNED
    return made
