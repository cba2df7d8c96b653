"""Looking at the chart again after verification, whether what we wrote is still there.

Compared are the record as it was verified and the current one; of the differences only those count
that undo what we wrote (`core.reconcile.ours`). Source: design §10 (drift).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from core.canonical import JsonObject
from core.delta import delta
from core.discrepancy import VERIFIED, Discrepancy, compare, worst
from core.errors import Moved, Refused, Unreachable
from core.gateway.events import intent_of
from core.gateway.readback import submitted
from core.ports import Ehr, Fetched, Reads
from core.profile.region import region_in_force
from core.reconcile.maps import maps_in_force
from core.reconcile.ours import (
    WHOLE,
    Later,
    Ours,
    both,
    is_explained,
    is_ours,
    later_of,
    of_paths,
    of_update,
)
from core.reconcile.placed import Placed, placed
from core.reconcile.sides import Missing, sides
from core.records import ChangeRow
from core.review.content import Erased, read_content
from core.workspace import Workspace

Outcome = Literal["same", "drift", "unread", "unknown"]
DRIFT, GONE, MOVED, SIDE = "drift", "missing", "moved", "side-effect"
"""Kinds of the exceptions that a look opens."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look found.

    `kind` is the exception that drift opens; `code` why nothing could be compared. `others` counts
    differences that are not ours.
    """

    outcome: Outcome
    class_: str = "identical"
    kind: str | None = None
    code: str = ""
    differences: tuple[Discrepancy, ...] = ()
    sides: tuple[Missing, ...] = ()
    examined: int = 0
    others: int = 0
    current: Fetched | None = None
    changed_by: str = ""
    """Shown: who changed it, as the chart tells; empty where it does not."""

    @property
    def wrong(self) -> tuple[Discrepancy | Missing, ...]:
        """Everything that is not as it should be."""
        return (*self.differences, *self.sides)


async def look(workspace: Workspace, change: ChangeRow) -> Looked:
    """Read one written resource as it is now; raises Unreachable or Refused where it cannot be."""
    reads = workspace.ledger
    written = placed(reads, change)
    if written is None:
        return Looked("unknown", code="record-erased")
    ehr = workspace.ehr(change.ehr)
    try:
        current = await ehr.read(written.location)
    except Moved:
        return Looked("drift", "critical", MOVED, examined=1)
    if current is None:
        return Looked("drift", "critical", GONE, examined=1)
    if current.redacted:
        return Looked("unread", code="redacted")
    try:
        verified, mine = _verified(reads, change)
    except Erased:
        return Looked("unknown", code="record-erased")
    looked = _compared(workspace, change, written, current, (verified, mine))
    if looked.examined == 0:
        return Looked("unread", code="nothing-examined")
    beside = await sides(workspace, change, written)
    looked = replace(
        looked,
        class_=worst(
            [item.class_ for item in looked.differences] + [item.class_ for item in beside.missing]
        ),
        sides=beside.missing,
        examined=looked.examined + beside.examined,
    )
    return await _judged(ehr, written, looked)


async def changed_since(
    workspace: Workspace, change: ChangeRow, stored: Fetched, current: Fetched
) -> Looked:
    """Compare what the EHR stored for a write with a later version that stands there already.

    What goes with it is left to the schedule; raises Unreachable or Refused.
    """
    written = placed(workspace.ledger, change)
    if written is None:
        return Looked("unknown", code="record-erased")
    mine = _mine(workspace.ledger, change, stored.resource)
    looked = _compared(workspace, change, written, current, (stored.resource, mine))
    return await _judged(workspace.ehr(change.ehr), written, looked)


def _compared(
    workspace: Workspace,
    change: ChangeRow,
    written: Placed,
    current: Fetched,
    known: tuple[JsonObject, Ours],
) -> Looked:
    """Compare the record as it is known with the current one: what undoes ours is harmful."""
    reads, (verified, mine) = workspace.ledger, known
    found = compare(
        verified,
        current.resource,
        base_url=workspace.ehr(change.ehr).base_url,
        maps=maps_in_force(reads),
        region=region_in_force(reads, change.ehr),
    )
    later = _later(reads, change, written)
    harmful = [
        item
        for item in found.differences
        if item.class_ not in VERIFIED and is_ours(item, mine) and not is_explained(item, later)
    ]
    return Looked(
        "same",
        worst(item.class_ for item in harmful),
        differences=tuple(harmful),
        examined=found.examined,
        others=len(found.differences) - len(harmful),
        current=current,
    )


async def _judged(ehr: Ehr, written: Placed, looked: Looked) -> Looked:
    if not looked.differences and not looked.sides:
        return looked
    kind = DRIFT if looked.differences else SIDE
    by = await _changed_by(ehr, written) if looked.differences else ""
    return replace(looked, outcome="drift", kind=kind, changed_by=by)


def is_later(current: Fetched, stored: Fetched) -> bool:
    """Tell whether one version of a record follows the other, as far as that can be known.

    An EHR whose reads lag behind its writes may still show the one before. By versions that are
    counted, else by `lastUpdated`; where neither tells it is not later, and the schedule will see.
    """
    if current.version.isdecimal() and stored.version.isdecimal():
        return int(current.version) > int(stored.version)
    one, other = _updated(current), _updated(stored)
    return one is not None and other is not None and one > other


def _updated(found: Fetched) -> datetime | None:
    at = _member(found.resource.get("meta"), "lastUpdated")
    try:
        when = datetime.fromisoformat(at) if isinstance(at, str) else None
    except ValueError:
        return None
    return when if when is not None and when.tzinfo is not None else None


def told_of_change(looked: Looked) -> JsonObject:
    """Return what an event's body says of who changed the record, and when."""
    meta = {} if looked.current is None else looked.current.resource.get("meta")
    changed = meta.get("lastUpdated") if isinstance(meta, dict) else None
    return {
        "changed_by": looked.changed_by or None,
        "changed_at": changed if isinstance(changed, str) else None,
    }


def _verified(reads: Reads, change: ChangeRow) -> tuple[JsonObject, Ours]:
    """Return the record as it was verified, and what in it is ours.

    Where the record is gone, or there never was one, what was sent stands in for it. Raises Erased.
    """
    row = reads.recheck(change.operation)
    entry = None if row is None or row.baseline is None else reads.entry(row.baseline)
    kept = None if entry is None or entry.body is None else entry.body.get("persisted")
    verified = kept if isinstance(kept, dict) else submitted(intent_of(reads, change))
    return verified, _mine(reads, change, verified)


def _mine(reads: Reads, change: ChangeRow, verified: JsonObject) -> Ours:
    """Return what in a record that was verified is ours."""
    if change.op == "create":
        return WHOLE
    try:
        base = read_content(reads, change).base
    except Erased:
        base = None
    touched = change.touched
    return of_paths(touched) if base is None else of_update(base, verified, touched)


def _later(reads: Reads, change: ChangeRow, written: Placed) -> Later:
    """Return what our later writes did to the same resource."""
    found = Later()
    for row in reads.writes_at(change.ehr, written.location):
        if row.operation == change.operation or (row.receipt_seq or 0) < written.seq:
            continue
        other = reads.change(row.proposal, row.idx)
        if other is not None:
            found = both(found, _did(reads, other))
    for other in reads.entered(change.ehr, change.patient_tag):
        own = other.operation == change.operation
        if not own and other.type == change.type and other.state_seq > written.seq:
            found = both(found, _entered(reads, other))
    return found


def _entered(reads: Reads, change: ChangeRow) -> Later:
    """Return what an entry by hand did, by what was to be typed."""
    try:
        return later_of(read_content(reads, change).delta)
    except Erased:
        return Later(elements=frozenset(path for path, _ in change.touched))


def _did(reads: Reads, change: ChangeRow) -> Later:
    """Return what one of them did, by what was approved and what was sent."""
    try:
        content = read_content(reads, change)
        sent = submitted(intent_of(reads, change))
    except Erased:
        return Later(elements=frozenset(path for path, _ in change.touched))
    base = content.base
    differences = (*content.delta, *(() if base is None else delta(base, sent)))
    return later_of(differences)


async def _changed_by(ehr: Ehr, written: Placed) -> str:
    """Return who changed the resource since, as its newest Provenance that is not ours tells."""
    try:
        found = await ehr.search("Provenance", {"target": written.location})
    except (Unreachable, Refused):
        return "not known: the EHR's Provenance could not be read"
    newer = [
        one.resource
        for one in found
        if str(one.resource.get("recorded", "")) > written.at and not _is_own(one.resource)
    ]
    if not newer:
        return ""
    newest = max(newer, key=lambda one: str(one.get("recorded", "")))
    return ", ".join(_names(newest.get("agent")))


def _is_own(resource: JsonObject) -> bool:
    agents = resource.get("agent")
    return any(
        str(_member(_member(_member(one, "who"), "identifier"), "system")).startswith(
            "urn:countersign:"
        )
        for one in (agents if isinstance(agents, list) else [])
    )


def _names(agents: object) -> Sequence[str]:
    found = []
    for one in agents if isinstance(agents, list) else []:
        who = _member(one, "who")
        name = _member(who, "display") or _member(who, "reference")
        if isinstance(name, str):
            found.append(name)
    return found


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None
