"""Looking for what the EHR took in and does not show yet (202), until it shows or a deadline.

It is never sent again: the EHR may still let it in. Past the deadline a person looks at it.
Source: design §6 (`held-by-ehr`), §9; US Core 9.0.0 (mediated writes).
"""

from __future__ import annotations

from core.canonical import JsonObject, exact
from core.errors import Moved
from core.failure.classes import Failure
from core.failure.due import HELD, next_poll, roll_of
from core.gateway import events
from core.gateway.failing import is_due, record
from core.gateway.readback import Found, find
from core.ledger.event import instant, moment
from core.lifecycle import State
from core.records import ChangeRow
from core.review.content import Erased
from core.workspace import Workspace

NOT_VISIBLE = "not-visible"


async def poll(workspace: Workspace, change: ChangeRow) -> State:
    """Look for one held write if it is due; raises Unreachable or Refused where reading fails."""
    if not is_due(workspace.ledger, change, workspace.clock.now()):
        return State.HELD_BY_EHR
    try:
        found = await find(workspace, change)
    except Erased:
        found = Found("person", how="record-erased")
    except Moved:
        found = Found("person", how="moved")
    held = State.HELD_BY_EHR
    if found.kind == "ours" and found.seen is not None:
        seen = found.seen
        events.resolve(
            workspace, change, State.PERSISTED, "shown", seen.version, seen.reference, before=held
        )
        return State.PERSISTED
    if found.kind == "person" or _over(workspace, change):
        how = found.how if found.kind == "person" else NOT_VISIBLE
        events.resolve(workspace, change, State.EXCEPTION, how, before=held)
        return State.EXCEPTION
    _put_off(workspace, change)
    return State.HELD_BY_EHR


def _over(workspace: Workspace, change: ChangeRow) -> bool:
    row = workspace.ledger.failure(change.operation)
    deadline = None if row is None or row.ended is not None else row.deadline
    end = moment(change.since) + HELD if deadline is None else moment(deadline)
    return workspace.clock.now() >= end


def _put_off(workspace: Workspace, seen: ChangeRow) -> None:
    with workspace.ledger.transaction() as transaction:
        if transaction.change(seen.proposal, seen.idx) != seen:
            return
        row = transaction.failure(seen.operation)
        counts = row is not None and row.ended is None and row.failure == Failure.ACCEPTED
        tries = row.tries + 1 if row is not None and counts else 1
        since = row.since if row is not None and counts else seen.since
        again = next_poll(transaction.clock.hi, tries, roll_of(workspace.ids.nonce()))
        deadline = moment(since) + HELD
        data: JsonObject = {
            "failure": str(Failure.ACCEPTED),
            "since": since,
            "tries": exact(tries),
            "due": instant(min(again, max(deadline, transaction.clock.hi))),
            "deadline": instant(deadline),
        }
        record(workspace, transaction, seen, data)
