"""What became of a write that a restored store may have sent and forgotten: by reading alone.

What it sent was perhaps carried to a newer base, or decided in a revision that is lost; so every
version after the base is looked at, and the decisions in the chart's Provenance count. What is
surely not there goes back to people: nobody here knows whether it was recalled or rejected since.
Source: hub-protocol §9 (restored backup), design §9 (ambiguity).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.canonical import JsonObject, exact
from core.errors import Moved
from core.gateway import events, provenance
from core.gateway.landing import may_still_land
from core.gateway.ours import is_ours
from core.gateway.readback import Found, find, overtaken, submitted
from core.gateway.refresh import rebuilt
from core.ledger.event import Event
from core.ledger.recovery_events import DOUBTED, WHY
from core.lifecycle import State
from core.ports import Fetched, Reads
from core.probe.measured import proven
from core.reconcile.maps import maps_in_force
from core.records import ChangeRow
from core.review.content import Content, Erased, read_content
from core.review.decide import about, void
from core.workspace import Workspace

MOST_VERSIONS = 100
"""How many versions after the base are looked at; beyond them a person looks."""


def is_doubted(reads: Reads, change: ChangeRow) -> bool:
    """Tell whether a recovery put the write in doubt, and nothing was sent since."""
    written = reads.write(change.operation)
    entry = None if written is None else reads.entry(written.intent_seq)
    return entry is not None and entry.leaf["type"] == DOUBTED


async def settle_doubt(workspace: Workspace, change: ChangeRow) -> None:
    """Find out whether it was written; raises Unreachable or Refused while that cannot be read.

    It is then ours, or a person decides: again, with what stands in the chart now, or about an
    exception. It stays ambiguous while it may still land.
    """
    try:
        intent = events.intent_of(workspace.ledger, change)
        found = await _find(workspace, change, intent)
    except Erased:
        intent, found = {}, Found("person", how="record-erased")
    except Moved:
        intent, found = {}, Found("person", how="moved")
    if found.kind == "ours" and found.seen is not None:
        _ours(workspace, change, found.seen, recorded=bool(_own(intent, change)))
    elif found.kind == "overtaken" and found.seen is not None:
        overtaken(workspace, change, found.seen)
    elif found.kind == "person":
        events.resolve(workspace, change, State.EXCEPTION, found.how)
    elif may_still_land(workspace, change):
        return
    elif found.kind == "absent" and not proven(workspace.ledger, change.ehr, change.rung):
        events.resolve(workspace, change, State.EXCEPTION, "not-found-yet")
    else:
        _back(workspace, change)


async def _find(workspace: Workspace, change: ChangeRow, intent: JsonObject) -> Found:
    """Read what the chart says of it; decisions that its Provenance holds come first."""
    own = _own(intent, change)
    if own:
        return await _witnessed(workspace, change, own)
    if _witnesses(intent):
        return Found("person", how="written-otherwise")
    if change.rung == "if-match":
        return await _find_update(workspace, change, intent)
    return await find(workspace, change)


async def _witnessed(
    workspace: Workspace, change: ChangeRow, own: Sequence[dict[str, Any]]
) -> Found:
    """Return the version that a Provenance with a genuine decision names."""
    place, _, version = str(own[0]["target"]).partition("/_history/")
    seen = await workspace.ehr(change.ehr).read(place, version or None)
    return Found("person", how="written-unreadable") if seen is None else Found("ours", seen)


async def _find_update(workspace: Workspace, change: ChangeRow, intent: JsonObject) -> Found:
    ehr = workspace.ehr(change.ehr)
    reference, base = f"{intent['type']}/{intent['id']}", str(intent["base_version"])
    current = await ehr.read(reference)
    if current is None:
        return Found("person", how="target-gone")
    if current.version == base:
        return Found("not-applied")
    if not (base.isdigit() and current.version.isdigit()):
        return await find(workspace, change)
    steps = range(int(base) + 1, int(current.version) + 1)
    if len(steps) > MOST_VERSIONS:
        return Found("person", how="overtaken-unreadable-history")
    content, before = read_content(workspace.ledger, change), await ehr.read(reference, base)
    for number in steps:
        here = await ehr.read(reference, str(number))
        if here is None:
            return Found("person", how="overtaken-unreadable-history")
        if _is_ours(workspace, change, intent, content, before, here):
            return Found("ours", here)
        before = here
    return Found("overtaken", current)


def _is_ours(
    workspace: Workspace,
    change: ChangeRow,
    intent: JsonObject,
    content: Content,
    before: Fetched | None,
    here: Fetched,
) -> bool:
    """Tell whether a version is what was approved, as it was or carried to the one before it."""
    base_url = workspace.ehr(change.ehr).base_url
    maps = maps_in_force(workspace.ledger)
    if is_ours(submitted(intent), here.resource, base_url, maps):
        return True
    if before is None:
        return False
    carried = rebuilt(change, content, before)
    return bool(carried.delta) and is_ours(carried.resource, here.resource, base_url, maps)


def _ours(workspace: Workspace, change: ChangeRow, seen: Fetched, *, recorded: bool) -> None:
    """Record that it was written; whose approval it had, only its Provenance can tell now."""
    with workspace.ledger.transaction() as transaction:
        transaction.append(
            Event(
                "write.resolved",
                events.actor(workspace),
                about(change),
                data={"how": "read-back", "version": seen.version},
                before=State.AMBIGUOUS,
                after=State.PERSISTED,
                body={"location": seen.reference},
            )
        )
        outcome = "written" if recorded else "failed"
        transaction.append(provenance.event(workspace, change, outcome))


def _back(workspace: Workspace, change: ChangeRow) -> None:
    """Return what was not written to people; what a rule approves by itself waits to be sent."""
    with workspace.ledger.transaction() as transaction:
        now = transaction.change(change.proposal, change.idx)
        if now != change:
            return
        transaction.append(
            Event(
                "write.resolved",
                events.actor(workspace),
                about(change),
                data={"how": "not-applied"},
                before=State.AMBIGUOUS,
                after=State.READY,
                body={"location": None},
            )
        )
        ready = transaction.change(change.proposal, change.idx)
        if ready is not None and ready.outcome != "auto":
            void(workspace, transaction, ready, WHY)


def _own(intent: JsonObject, change: ChangeRow) -> list[dict[str, Any]]:
    """Return the genuine witnesses of this very revision."""
    return [
        one
        for one in _witnesses(intent)
        if one.get("operation") == change.operation
        and one.get("revision") == exact(change.revision)
        and one.get("genuine") is True
    ]


def _witnesses(intent: JsonObject) -> list[dict[str, Any]]:
    found = intent.get("witnesses")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
