"""Side effects of a write, whether they are there and still point to it.

The encounter, what was written in the same proposal and refers to it or is referred to, and the
Provenance that we recorded. Source: design §10 ("with side effects checked too").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.canonical import Json, JsonObject
from core.discrepancy import Class
from core.gateway.events import intent_of
from core.gateway.provenance import UNCONFIRMED
from core.gateway.readback import submitted
from core.lifecycle import State
from core.ports import Ehr, Reads
from core.reconcile.placed import Placed, placed
from core.records import ChangeRow
from core.review.content import Erased
from core.workspace import Workspace

_OF_TYPE = frozenset({"Encounter"})
IN_CHART = frozenset({State.VERIFIED, State.EXCEPTION})


@dataclass(frozen=True, slots=True)
class Missing:
    """A side effect that is not there, or no longer points to the write; `reason` is static."""

    path: str
    class_: Class
    reason: str
    reference: str
    """Shown."""
    unconfirmed: bool = False
    """Whether it is there is not known: the EHR did not say."""

    def as_json(self) -> JsonObject:
        """Return it in the shape of a difference."""
        return {
            "path": self.path, "class": self.class_, "reason": self.reason,
            "intended": self.reference, "side": True,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sides:
    """What was looked at beside a write."""

    missing: tuple[Missing, ...] = ()
    examined: int = 0


async def sides(workspace: Workspace, change: ChangeRow, written: Placed) -> Sides:
    """Look at the side effects of one write; raises Unreachable or Refused."""
    ehr, reads = workspace.ehr(change.ehr), workspace.ledger
    missing: list[Missing] = []
    examined = 0
    for path, reference in _linked(reads, change):
        examined += 1
        if await ehr.read(reference) is None:
            missing.append(
                Missing(path, "critical", "What this entry is linked to is not there.", reference)
            )
    for location in _pointing(reads, change, written.location):
        examined += 1
        found = await ehr.read(location)
        if found is None:
            reason = "What was written together with it is not there."
        elif written.location not in {one for _, one in references("", found.resource)}:
            reason = "What was written together with it no longer points to it."
        else:
            continue
        missing.append(Missing(change.type, "critical", reason, location))
    if written.provenance == "written" and await _searchable(ehr):
        examined += 1
        if not await _has_provenance(ehr, written.location):
            reason = "The record of who proposed and approved it is not there."
            missing.append(Missing("Provenance.target", "changed", reason, written.location))
    if written.provenance == UNCONFIRMED:
        examined += 1
        reason = "The EHR does not say whether the record of who proposed and approved it is there."
        missing.append(
            Missing("Provenance.target", "lossy", reason, written.location, unconfirmed=True)
        )
    return Sides(tuple(missing), examined)


def references(path: str, value: Json) -> Iterator[tuple[str, str]]:
    """Yield every literal reference in a resource with the path of its element."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name == "reference" and isinstance(item, str):
                yield path, item
            else:
                yield from references(f"{path}.{name}" if path else name, item)
    elif isinstance(value, list):
        for item in value:
            yield from references(path, item)


def _linked(reads: Reads, change: ChangeRow) -> list[tuple[str, str]]:
    """Return what was sent as a link to an encounter or to a sibling."""
    own = _sent_references(reads, change)
    siblings = {location for _, location in _siblings(reads, change)}
    return [
        (f"{change.type}.{path}", reference)
        for path, reference in own
        if reference in siblings or reference.partition("/")[0] in _OF_TYPE
    ]


def _pointing(reads: Reads, change: ChangeRow, location: str) -> list[str]:
    """Return the siblings that were sent with a reference to this write."""
    return [
        place
        for other, place in _siblings(reads, change)
        if location in {reference for _, reference in _sent_references(reads, other)}
    ]


def _siblings(reads: Reads, change: ChangeRow) -> list[tuple[ChangeRow, str]]:
    found = []
    for other in reads.changes(change.proposal):
        written = None if other.idx == change.idx else placed(reads, other)
        if written is not None and other.state in IN_CHART:
            found.append((other, written.location))
    return found


def _sent_references(reads: Reads, change: ChangeRow) -> list[tuple[str, str]]:
    try:
        sent = submitted(intent_of(reads, change))
    except Erased:
        return []
    return list(references("", sent))


async def _searchable(ehr: Ehr) -> bool:
    return (await ehr.capability("Provenance")).search


async def _has_provenance(ehr: Ehr, location: str) -> bool:
    found = await ehr.search("Provenance", {"target": location})
    return any(_is_ours(item.resource) for item in found)


def _is_ours(resource: JsonObject) -> bool:
    agents = resource.get("agent")
    return any(
        isinstance(one, dict) and "urn:countersign:" in str(one.get("who"))
        for one in (agents if isinstance(agents, list) else [])
    )
