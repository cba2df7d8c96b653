"""Taking an approval back before it is sent. Source: design §8 (hold), hub-protocol §6 step 6.

Recall and dispatch race in the ledger's own transactions: exactly one of them finds the change
ready.
"""

from __future__ import annotations

from core.canonical import JsonObject, Number, exact
from core.errors import Conflict, Refused
from core.ledger.event import Actor, Event, instant
from core.lifecycle import State
from core.records import ChangeRow, DecisionRow
from core.review.decide import about
from core.review.voting import find_change, standing
from core.roster import Person
from core.statement import Statement, sign
from core.workspace import Workspace, roster_in_force

SUPERVISES = "supervisor"


def recall(workspace: Workspace, proposal: str, index: int) -> State:
    """Void the approvals of a change that was not sent yet; it waits for review again.

    Whoever approved may recall, and a supervisor. Raises NotFound, Conflict when sending has
    begun or nobody approved it, Refused.
    """
    with workspace.ledger.transaction() as transaction:
        found, change = find_change(transaction, proposal, index)
        _check_unsent(change)
        votes = standing(transaction, change)
        person = _entitled(workspace, votes)
        statement = _signed(workspace, found.subject, change, votes, person)
        transaction.append(
            Event(
                "decision.recalled",
                Actor("reviewer", person.id, statement.kid),
                about(change),
                data={
                    "decisions": [vote.id for vote in votes],
                    "why": "recalled",
                    "reviewer": person.id,
                    "statement": statement.text,
                },
                before=State.READY,
                after=State.PENDING,
                refs=({"kind": "recall", "digest": statement.digest},),
            )
        )
    return State.PENDING


def why_not(change: ChangeRow) -> str | None:
    """Return why an approval of this change cannot be recalled, or None when it can."""
    if change.state == State.READY:
        return None
    if change.state == State.PENDING:
        return "nothing is approved that could be recalled"
    return f"it is {change.state}; only an approval that is not yet sent can be recalled"


def _check_unsent(change: ChangeRow) -> None:
    why = why_not(change)
    if why is not None:
        raise Conflict(f"change {change.idx}: {why}", remedy="Look at it again with `show`")


def _entitled(workspace: Workspace, votes: list[DecisionRow]) -> Person:
    person = roster_in_force(workspace.ledger).person(workspace.reviewer)
    kid = workspace.keys.signer("reviewer").kid
    if not any(key.kid == kid and not key.revoked for key in person.keys):
        raise Refused("your signing key is not enrolled, or was revoked", remedy="See `roster`")
    if not votes:
        raise Conflict("no person approved this change", remedy="Freeze its route to stop it")
    if SUPERVISES in person.roles or any(vote.reviewer == person.id for vote in votes):
        return person
    raise Refused(
        "only who approved it, or a supervisor, may recall it", remedy="Ask them, or freeze"
    )


def _signed(
    workspace: Workspace,
    subject: str,
    change: ChangeRow,
    votes: list[DecisionRow],
    person: Person,
) -> Statement:
    payload: JsonObject = {
        "v": Number("1"),
        "team": workspace.team,
        "id": workspace.ids.uuid(),
        "at": instant(workspace.clock.now()),
        "task": subject,
        "index": exact(change.idx),
        "revision": exact(change.revision),
        "operation": change.operation,
        "decisions": [vote.digest for vote in votes],
        "reviewer": person.id,
    }
    return sign("recall", payload, workspace.keys.signer("reviewer"))
