"""Finding out what became of a write whose outcome is unknown, by reading; never by resending.

Source: design §9 (ambiguity). An update is ours where our exact content is the base's successor; a
create where the resource carries our operation id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.canonical import RESPONSE, JsonObject, parse_object
from core.concept_maps import Maps
from core.errors import Moved
from core.failure.classes import Failure
from core.gateway import events
from core.gateway.landing import may_still_land
from core.gateway.ours import is_ours
from core.gateway.refresh import rebuilt
from core.gateway.returned import Returned
from core.lifecycle import State
from core.ports import Ehr, Fetched
from core.probe.measured import proven
from core.reconcile.maps import maps_in_force
from core.records import ChangeRow
from core.review.content import Erased, read_content
from core.stamps import carries, search_for
from core.workspace import Workspace

MAX_ATTEMPTS = 5
_SAID_DONE = {Failure.DUPLICATE: "already-there", Failure.ALREADY_DONE: "not-done"}
"""What a person is told where the EHR says that it is there, and reading does not find it ours."""


@dataclass(frozen=True, slots=True)
class Found:
    """What reading found of a write.

    It is ours, certainly not applied, overtaken by another's version, a create without a trace that
    may still come, or something that a person must look at (`how`, a static code).
    """

    kind: Literal["ours", "not-applied", "overtaken", "absent", "person"]
    seen: Fetched | None = None
    how: str = ""


async def resolve(workspace: Workspace, change: ChangeRow) -> None:
    """Resolve one ambiguous write as far as reading allows; raises Unreachable when it does not.

    It is then ours (persisted), certainly not there and the same conditional request is safe
    (ready again), overtaken (back to review), or a person decides (exception, dead letter). It
    stays ambiguous while it may still land.
    """
    try:
        found = await find(workspace, change)
    except Erased:
        found = Found("person", how="record-erased")
    except Moved:
        found = Found("person", how="moved")
    if found.kind == "ours" and found.seen is not None:
        seen = found.seen
        events.resolve(
            workspace, change, State.PERSISTED, "read-back", seen.version, seen.reference
        )
    elif found.kind == "not-applied":
        _not_applied(workspace, change)
    elif found.kind == "overtaken" and found.seen is not None:
        overtaken(workspace, change, found.seen)
    elif found.kind == "absent":
        _absent(workspace, change)
    else:
        events.resolve(workspace, change, State.EXCEPTION, found.how)


async def find(workspace: Workspace, change: ChangeRow) -> Found:
    """Read what became of a write that was sent; raises Unreachable, Refused, Moved or Erased."""
    intent = events.intent_of(workspace.ledger, change)
    ehr = workspace.ehr(change.ehr)
    if change.rung == "if-match":
        return await _find_update(ehr, intent, maps_in_force(workspace.ledger))
    if change.rung == "if-none-match":
        return await _find_put_create(ehr, change, intent)
    return await _find_post_create(ehr, change, intent)


def submitted(intent: JsonObject) -> JsonObject:
    """Return the resource that was sent, from the stored bytes."""
    return parse_object(str(intent["text"]).encode("utf-8"), RESPONSE)


async def _find_update(ehr: Ehr, intent: JsonObject, maps: Maps) -> Found:
    reference = f"{intent['type']}/{intent['id']}"
    sent = submitted(intent)
    current = await ehr.read(reference)
    if current is None:
        return Found("person", how="target-gone")
    if current.version == intent["base_version"]:
        return Found("not-applied")
    if is_ours(sent, current.resource, ehr.base_url, maps):
        return Found("ours", current)
    successor = await _successor(ehr, reference, str(intent["base_version"]))
    if successor is None:
        return Found("person", how="overtaken-unreadable-history")
    if is_ours(sent, successor.resource, ehr.base_url, maps):
        return Found("ours", successor)
    return Found("overtaken", current)


async def _successor(ehr: Ehr, reference: str, base_version: str) -> Fetched | None:
    """Return the version right after the base, where versions are numbers that can be counted."""
    if not base_version.isdigit():
        return None
    return await ehr.read(reference, str(int(base_version) + 1))


async def overwrote(ehr: Ehr, intent: JsonObject, version: str | None, maps: Maps) -> bool:
    """Tell whether an update that was stored as `version` replaced one that nobody had seen.

    A server that checks If-Match and stores in two steps lets two writers through; the version
    that ours should have followed is then not the one before it. It shows only where versions are
    numbers that can be counted. Raises Unreachable.
    """
    base = str(intent["base_version"])
    if version is None or not (base.isdigit() and version.isdigit()):
        return False
    if int(version) <= int(base) + 1:
        return False
    between = await _successor(ehr, f"{intent['type']}/{intent['id']}", base)
    if between is None:
        return False
    return not is_ours(submitted(intent), between.resource, ehr.base_url, maps)


async def _find_put_create(ehr: Ehr, change: ChangeRow, intent: JsonObject) -> Found:
    found = await ehr.read(f"{intent['type']}/{intent['id']}")
    if found is None:
        return await _nothing_there(ehr, f"{intent['type']}/{intent['id']}")
    if carries(found.resource, change.operation):
        return Found("ours", found)
    return Found("person", how="id-taken")


async def _nothing_there(ehr: Ehr, reference: str) -> Found:
    """Tell a create that was never stored from one that somebody has deleted since.

    The id is the write's own, so it was ours that was deleted. To send it again would bring back
    what a clinician took out of the chart: a deleted resource passes `If-None-Match: *`.
    """
    if await ehr.deleted(reference):
        return Found("person", how="deleted")
    return Found("not-applied")


async def _find_post_create(ehr: Ehr, change: ChangeRow, intent: JsonObject) -> Found:
    """Search by operation id; an empty answer is no proof, as a create may commit late."""
    type_ = str(intent["type"])
    found = await ehr.search(type_, search_for(type_, change.operation))
    if len(found) == 1:
        return Found("ours", found[0])
    return Found("person", how="duplicate") if found else Found("absent")


def _not_applied(workspace: Workspace, change: ChangeRow) -> None:
    """Let the same request be sent again: not at once, not for ever, and not for every class."""
    how = _said_done(workspace, change)
    if how is not None:
        events.resolve(workspace, change, State.EXCEPTION, how)
    elif not may_still_land(workspace, change):
        _again(workspace, change)


def _absent(workspace: Workspace, change: ChangeRow) -> None:
    """Send again only what is safe although a search that finds nothing is no proof.

    That is what its class lets go once more, and what this server's conditional create fences:
    where it stood every race, the one that commits late and the one that is sent again are two
    racers of which one wins. Anything else may still commit: a person looks.
    """
    failed = workspace.ledger.failure(change.operation)
    how = _said_done(workspace, change)
    once_more = failed is not None and failed.last_attempt is not None
    if how is None and (once_more or proven(workspace.ledger, change.ehr, change.rung)):
        _again(workspace, change)
    else:
        events.resolve(workspace, change, State.EXCEPTION, how or "not-found-yet")


def _said_done(workspace: Workspace, change: ChangeRow) -> str | None:
    written = workspace.ledger.write(change.operation)
    found = None if written is None else written.failure
    return next((how for one, how in _SAID_DONE.items() if one == found), None)


def _again(workspace: Workspace, change: ChangeRow) -> None:
    written = workspace.ledger.write(change.operation)
    failed = workspace.ledger.failure(change.operation)
    attempt = 0 if written is None else written.attempt
    limit = None if failed is None or failed.ended is not None else failed.last_attempt
    if limit is not None and attempt >= limit:
        events.resolve(workspace, change, State.DEAD_LETTER, "retry-used-up")
    elif limit is None and attempt >= MAX_ATTEMPTS:
        events.resolve(workspace, change, State.DEAD_LETTER, "attempts-used-up")
    else:
        events.resolve(workspace, change, State.READY, "not-applied")


def overtaken(workspace: Workspace, change: ChangeRow, current: Fetched) -> None:
    """Somebody else's version followed the base: ours cannot have been applied."""
    events.resolve(workspace, change, State.READY, "overtaken")
    proposal = workspace.ledger.proposal(change.proposal)
    again = workspace.ledger.change(change.proposal, change.idx)
    if proposal is not None and again is not None:
        content = read_content(workspace.ledger, again)
        returned = Returned("base-moved", rebuilt(again, content, current))
        events.send_back(workspace, proposal, again, returned)
