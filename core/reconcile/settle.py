"""Closing an exception by a person's word. Source: design §10 (next steps: accept as is).

What cannot be settled by a word (a correction, a new attempt) has its own road; here somebody has
looked at the chart and says, signed and with a reason, that it may stay as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.canonical import JsonObject, exact
from core.errors import BadInput, NotFound
from core.ledger.event import Actor, Event
from core.lifecycle import State
from core.ports import Reads, Transaction
from core.reconcile.levels import service_in_force
from core.reconcile.placed import placed, shown_seq
from core.reconcile.schedule import begun
from core.records import ChangeRow, ExceptionRow
from core.review.asking import check
from core.review.decide import about
from core.review.signing import sign_act
from core.review.voting import find_change
from core.roster import Person
from core.statement import Statement
from core.workspace import Workspace

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
        person = check(workspace, transaction, "settle", change, transaction.clock.hi)
        statement = _signed(workspace, transaction, change, found, person)
        again = _looked_at_again(transaction, change)
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
                        **(again if last else {}),
                    },
                    before=change.state if last else None,
                    after=State.VERIFIED if last else None,
                    refs=({"kind": "settlement", "digest": statement.digest},),
                    body={"reason": reason.strip()},
                )
            )
    return State.VERIFIED if moves else State(change.state)


def _looked_at_again(transaction: Transaction, change: ChangeRow) -> JsonObject:
    """Return from when on, and against what, the accepted record is looked at again."""
    if placed(transaction, change) is None:
        return {}
    service, at = service_in_force(transaction), transaction.clock.lo
    plan = begun(change.operation, at, service, _accepted(transaction, change))
    return {"recheck": plan.as_json()}


def _accepted(transaction: Transaction, change: ChangeRow) -> int | None:
    """Return the event that holds the record as the person saw it."""
    seq = shown_seq(transaction, change)
    entry = None if seq is None else transaction.entry(seq)
    held = entry is not None and entry.body is not None and entry.body.get("persisted") is not None
    return seq if held else None


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
    words: JsonObject = {"exceptions": [exact(item.id) for item in found]}
    return sign_act(workspace, "settlement", row.subject, change, person.id, words)
