"""Finding out what became of a write whose outcome is unknown, by reading; never by resending.

Source: design §9 (ambiguity). An update is ours where our exact content is the base's successor; a
create where the resource carries our operation id.
"""

from __future__ import annotations

from core.canonical import RESPONSE, JsonObject, parse_object
from core.digests import fingerprint
from core.errors import Moved
from core.gateway import events
from core.gateway.landing import may_still_land, says_the_same
from core.gateway.refresh import rebuilt
from core.gateway.returned import Returned
from core.lifecycle import State
from core.ports import Ehr, Fetched
from core.records import ChangeRow
from core.review.content import Erased, read_content
from core.stamps import carries, search_for
from core.workspace import Workspace

MAX_ATTEMPTS = 5


async def resolve(workspace: Workspace, change: ChangeRow) -> None:
    """Resolve one ambiguous write as far as reading allows; raises Unreachable when it does not.

    It is then ours (persisted), certainly not there and the same conditional request is safe
    (ready again), overtaken (back to review), or a person decides (exception). It stays ambiguous
    while it may still land.
    """
    try:
        intent = events.intent_of(workspace.ledger, change)
    except Erased:
        events.resolve(workspace, change, State.EXCEPTION, "record-erased")
        return
    try:
        await _resolve(workspace, change, intent)
    except Moved:
        events.resolve(workspace, change, State.EXCEPTION, "moved")


async def _resolve(workspace: Workspace, change: ChangeRow, intent: JsonObject) -> None:
    ehr = workspace.ehr(change.ehr)
    if change.rung == "if-match":
        await _resolve_update(workspace, ehr, change, intent)
    elif change.rung == "if-none-match":
        await _resolve_put_create(workspace, ehr, change, intent)
    else:
        await _resolve_post_create(workspace, ehr, change, intent)


def submitted(intent: JsonObject) -> JsonObject:
    """Return the resource that was sent, from the stored bytes."""
    return parse_object(str(intent["text"]).encode("utf-8"), RESPONSE)


async def _resolve_update(
    workspace: Workspace, ehr: Ehr, change: ChangeRow, intent: JsonObject
) -> None:
    reference = f"{intent['type']}/{intent['id']}"
    sent = submitted(intent)
    current = await ehr.read(reference)
    if current is None:
        events.resolve(workspace, change, State.EXCEPTION, "target-gone")
    elif current.version == intent["base_version"]:
        _not_applied(workspace, change)
    elif _is_sent(ehr, sent, current):
        _ours(workspace, change, current)
    else:
        successor = await _successor(ehr, reference, str(intent["base_version"]))
        if successor is None:
            events.resolve(workspace, change, State.EXCEPTION, "overtaken-unreadable-history")
        elif _is_sent(ehr, sent, successor):
            _ours(workspace, change, successor)
        else:
            _overtaken(workspace, change, current)


def _is_sent(ehr: Ehr, sent: JsonObject, found: Fetched) -> bool:
    """Tell whether a version is what was sent, byte for byte or as the server writes it down."""
    return fingerprint(found.resource) == fingerprint(sent) or says_the_same(ehr, sent, found)


async def _successor(ehr: Ehr, reference: str, base_version: str) -> Fetched | None:
    """Return the version right after the base, where versions are numbers that can be counted."""
    if not base_version.isdigit():
        return None
    return await ehr.read(reference, str(int(base_version) + 1))


async def _resolve_put_create(
    workspace: Workspace, ehr: Ehr, change: ChangeRow, intent: JsonObject
) -> None:
    found = await ehr.read(f"{intent['type']}/{intent['id']}")
    if found is None:
        _not_applied(workspace, change)
    elif carries(found.resource, change.operation):
        _ours(workspace, change, found)
    else:
        events.resolve(workspace, change, State.EXCEPTION, "id-taken")


async def _resolve_post_create(
    workspace: Workspace, ehr: Ehr, change: ChangeRow, intent: JsonObject
) -> None:
    """Search by operation id; an empty answer is no proof, as a create may commit late."""
    type_ = str(intent["type"])
    found = await ehr.search(type_, search_for(type_, change.operation))
    if len(found) == 1:
        _ours(workspace, change, found[0])
    elif found:
        events.resolve(workspace, change, State.EXCEPTION, "duplicate")
    else:
        events.resolve(workspace, change, State.EXCEPTION, "not-found-yet")


def _ours(workspace: Workspace, change: ChangeRow, found: Fetched) -> None:
    events.resolve(workspace, change, State.PERSISTED, "read-back", found.version, found.reference)


def _not_applied(workspace: Workspace, change: ChangeRow) -> None:
    """Let the same conditional request be sent again, but not at once and not for ever."""
    if may_still_land(workspace, change):
        return
    written = workspace.ledger.write(change.operation)
    if written is not None and written.attempt >= MAX_ATTEMPTS:
        events.resolve(workspace, change, State.DEAD_LETTER, "attempts-used-up")
    else:
        events.resolve(workspace, change, State.READY, "not-applied")


def _overtaken(workspace: Workspace, change: ChangeRow, current: Fetched) -> None:
    """Somebody else's version followed the base: ours cannot have been applied."""
    events.resolve(workspace, change, State.READY, "overtaken")
    proposal = workspace.ledger.proposal(change.proposal)
    again = workspace.ledger.change(change.proposal, change.idx)
    if proposal is not None and again is not None:
        content = read_content(workspace.ledger, again)
        returned = Returned("base-moved", rebuilt(again, content, current))
        events.send_back(workspace, proposal, again, returned)
