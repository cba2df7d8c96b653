"""What a change rests on: the version of a resource that it alters, and how it can be written.

Source: design §5 (base and intended resource), §9 (write ladder); hub-protocol §8 (one patient).
"""

from __future__ import annotations

from dataclasses import dataclass

from core.canonical import JsonObject
from core.delta import disturbed
from core.errors import BadInput
from core.grounding import belongs_to
from core.intake import hardening
from core.intake.build import (
    Built,
    build_create,
    build_update,
    check_valid,
    narrative_of,
    reapply,
)
from core.ports import Capability, Ehr, Fetched
from core.proposal import Create, Update

NO_VERSION = ""
"""What stands for the version where the EHR names none; what is there now is then the base."""
UNFENCED = "search-around"
"""The rung of a create with a search before and after it: only where policy allows `unfenced`."""


@dataclass(frozen=True, slots=True)
class Based:
    """One change built on what the EHR holds now; `rung` is None where nothing writes it safely."""

    base: Fetched | None
    built: Built
    rung: str | None
    capability: Capability
    """What the EHR says it can do with the type."""
    stale: bool = False
    """A touched or guard element moved since the version that the agent read."""

    @property
    def resource(self) -> JsonObject | None:
        """The resource that it alters; None for a create."""
        return None if self.base is None else self.base.resource


async def based_on(
    ehr: Ehr,
    change: Create | Update,
    patient: str,
    field: str,
    refused: frozenset[str] = frozenset(),
) -> Based:
    """Read the base of a change and build it; raises BadInput naming the field, Unreachable.

    `refused` are the rungs that were measured to fail on this EHR.
    """
    if isinstance(change, Create):
        built = build_create(change, patient, field)
        capability = await ehr.capability(change.type)
        return Based(None, built, _create_rung(capability, refused), capability)
    base, built, stale = await _build_update(ehr, change, patient, field)
    capability = await ehr.capability(change.type)
    # Without a version there is nothing that an update could be made conditional on.
    rung = _update_rung(capability, refused) if base.version else None
    return Based(base, built, rung, capability, stale)


async def create_rung(ehr: Ehr, type_: str, refused: frozenset[str] = frozenset()) -> str | None:
    """Return the safest way to create that the EHR says it has, or None (design §9)."""
    return _create_rung(await ehr.capability(type_), refused)


def _create_rung(capability: Capability, refused: frozenset[str]) -> str | None:
    offered = {
        "if-none-match": capability.update_create,
        "if-none-exist": capability.create and capability.conditional_create,
    }
    return next((rung for rung, has in offered.items() if has and rung not in refused), None)


async def unfenced_rung(ehr: Ehr, type_: str) -> str | None:
    """Return the rung of a create that can at least be searched for, or None."""
    capability = await ehr.capability(type_)
    return UNFENCED if capability.create and capability.search else None


async def update_rung(ehr: Ehr, type_: str, refused: frozenset[str] = frozenset()) -> str | None:
    """Return `if-match` where the EHR says that it updates by version, else None."""
    return _update_rung(await ehr.capability(type_), refused)


def _update_rung(capability: Capability, refused: frozenset[str]) -> str | None:
    offered = capability.update and capability.versioned
    return "if-match" if offered and "if-match" not in refused else None


async def _build_update(
    ehr: Ehr, change: Update, patient: str, field: str
) -> tuple[Fetched, Built, bool]:
    """Build on the version that the agent read, then carry the change to the current one.

    The last member tells whether a touched or guard element moved in between.
    """
    current = await ehr.read(change.target)
    if current is None:
        raise BadInput("does not exist on this EHR", field=f"{field}.target", remedy="Check its id")
    if current.redacted:
        raise BadInput(
            "is shown redacted to us and cannot be the base of an update",
            field=f"{field}.target",
            remedy="Ask for access to the whole resource",
        )
    if not belongs_to(current.resource, patient, base=ehr.base_url):
        raise BadInput(
            "does not belong to the proposal's patient",
            field=f"{field}.target",
            remedy="Propose for one patient at a time",
        )
    if current.version in (NO_VERSION, change.base_version):
        return current, build_update(change, current.resource, patient, field), False
    read = await ehr.read(change.target, change.base_version)
    if read is None:
        raise BadInput(
            "never existed",
            field=f"{field}.base_version",
            remedy="Name the version that the agent read (meta.versionId)",
        )
    if not belongs_to(read.resource, patient, base=ehr.base_url):
        raise BadInput(
            "did not belong to the proposal's patient then",
            field=f"{field}.base_version",
            remedy="Read the resource again and propose against its newest version",
        )
    built = build_update(change, read.resource, patient, field)
    moved = disturbed(read.resource, current.resource, built.delta)
    if moved:
        return read, built, True
    resource, found = reapply(current.resource, built.resource, built.delta)
    # The pieces were checked against the older version; together they are a new resource.
    check_valid(resource, current.resource, field)
    hardening.check_patient(resource, current.resource, patient, field)
    return current, Built(resource, found, narrative_of(current.resource, resource)), False
