"""Searching a chart where "nothing found" and "not read" must never look alike. Source: §14.5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from core.canonical import JsonObject
from core.errors import Refused, Unreachable
from core.grounding import belongs_to
from core.intake.sensitive import groups_of
from core.ports import Ehr, Fetched

Why: TypeAlias = Literal["not-offered", "not-reached", "refused", "withheld"]
"""Why something was not read: the EHR offers no search, was away, refused, or hid a part."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a search found, or why it could not be made; never both."""

    items: tuple[Fetched, ...]
    why_not: Why | None = None


async def search(ehr: Ehr, type_: str, patient: str, parameters: Mapping[str, str]) -> Read:
    """Search one patient's resources of a type; whatever stands in the way is an answer.

    A resource of another patient is left out. One that is shown redacted makes the whole unread:
    what it hides may be what was looked for.
    """
    try:
        if not (await ehr.capability(type_)).search:
            return Read((), "not-offered")
        found = await ehr.search(type_, {"patient": patient, **parameters})
    except Unreachable:
        return Read((), "not-reached")
    except Refused:
        return Read((), "refused")
    mine = [one for one in found if belongs_to(one.resource, patient, base=ehr.base_url)]
    if any(one.redacted for one in mine):
        return Read((), "withheld")
    return Read(tuple(mine))


def origin(item: Fetched) -> JsonObject:
    """Return where something was read: reference, version, its groups of sensitive labels."""
    found: JsonObject = {"reference": item.reference, "version": item.version}
    return found | marks(item.resource)


def marks(resource: JsonObject) -> JsonObject:
    """Return `labels`, the groups of a resource's sensitive labels, where it bears any."""
    found = groups_of(resource)
    return {"labels": sorted(found)} if found else {}
