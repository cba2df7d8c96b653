"""Closing an exception by a person's word. Source: design §10 (next steps: accept as is).

What cannot be settled by a word (a correction, a new attempt) has its own road; here somebody has
looked at the chart and says, signed and with a reason, that it may stay as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.canonical import JsonObject, Number, exact
from core.errors import BadInput, Conflict, NotFound, Refused
from core.ledger.event import Actor, Event, instant
from core.lifecycle import State
from core.ports import Reads
from core.records import ChangeRow, ExceptionRow
from core.review.decide import about
from core.review.voting import find_change
from core.roster import Person
from core.statement import Statement, sign
from core.workspace import Workspace, roster_in_force

MAY_SETTLE = frozenset({"supervisor", "on-call"})
MAX_REASON = 1_000


def settle(workspace: Workspace, proposal: str, index: int, reason: str) -> State:
    """Close every open exception of one change, in one transaction; return the state it is in.

    A discrepancy or an unresolved write that is accepted counts as verified; a refused write
    stays refused. Raises NotFound, Conflict where none is open, Refused by role, BadInput.
    """
    if not reason.strip() or len(reason) > MAX_REASON:
        raise BadInput(f"is missing, or longer than {MAX_REASON} characters", field="reason")
    with workspace.ledger.transaction() as transaction:
        _, change = find_change(transaction, proposal, index)
        found = transaction.exceptions(proposal, index)
        why = why_not(change, found)
        if why is not None:
            raise Conflict(why, remedy="See `countersign exceptions`")
        person = _entitled(workspace, change, found)
        statement = _signed(workspace, transaction, change, found, person)
        actor = Actor("reviewer", person.id, statement.kid)
        moves = change.state == State.EXCEPTION
        for place, item in enumerate(found):
            last = moves and place == len(found) - 1
            transaction.append(
                Event(
                    "exception.closed",
                    actor,
                    about(change),
                    data={
                        "exception": exact(item.id),
                        "how": "accepted" if moves else "acknowledged",
                        "statement": statement.text,
                    },
                    before=change.state if last else None,
                    after=State.VERIFIED if last else None,
                    refs=({"kind": "settlement", "digest": statement.digest},),
                    body={"reason": reason.strip()},
                )
            )
    return State.VERIFIED if moves else State(change.state)


def why_not(change: ChangeRow | None, found: Sequence[ExceptionRow]) -> str | None:
    """Return why an exception cannot be settled by a word, or None when it can."""
    if change is None or not found:
        return "no exception of this change is open"
    if change.state not in (State.EXCEPTION, State.REFUSED):
        return (
            f"the change is {change.state}; wait until the gateway has found out what became of it"
        )
    return None


def needs(change: ChangeRow, found: Sequence[ExceptionRow]) -> frozenset[str]:
    """Return the roles of which one is needed: those of the route, unless it is grave."""
    grave = any(item.class_ == "critical" or item.kind == "ambiguous" for item in found)
    route = change.route_json or {}
    return MAY_SETTLE if grave else MAY_SETTLE | frozenset(map(str, route.get("roles", ())))


def entitled(reads: Reads, reviewer: str, change: ChangeRow, found: Sequence[ExceptionRow]) -> bool:
    """Tell whether that reviewer holds one of the roles that are needed."""
    person = roster_in_force(reads).person(reviewer)
    return bool(needs(change, found) & set(person.roles))


def _entitled(workspace: Workspace, change: ChangeRow, found: Sequence[ExceptionRow]) -> Person:
    person = roster_in_force(workspace.ledger).person(workspace.reviewer)
    kid = workspace.keys.signer("reviewer").kid
    if not any(key.kid == kid and not key.revoked for key in person.keys):
        raise Refused("your signing key is not enrolled, or was revoked", remedy="See `roster`")
    if not needs(change, found) & set(person.roles):
        raise Refused(
            f"this asks for {' or '.join(sorted(needs(change, found)))}",
            remedy="Leave it to somebody who holds that role",
        )
    return person


def _signed(
    workspace: Workspace,
    reads: Reads,
    change: ChangeRow,
    found: Sequence[ExceptionRow],
    person: Person,
) -> Statement:
    row = reads.proposal(change.proposal)
    if row is None:
        raise NotFound("the proposal of this change is not there")
    payload: JsonObject = {
        "v": Number("1"),
        "team": workspace.team,
        "id": workspace.ids.uuid(),
        "at": instant(workspace.clock.now()),
        "task": row.subject,
        "index": exact(change.idx),
        "revision": exact(change.revision),
        "operation": change.operation,
        "exceptions": [exact(item.id) for item in found],
        "reviewer": person.id,
    }
    return sign("settlement", payload, workspace.keys.signer("reviewer"))
