"""Sending a change back to review: its votes void, with a static code. Source: design §6, §8."""

from __future__ import annotations

from core.canonical import JsonObject, exact
from core.ledger.event import About, Actor, Event
from core.lifecycle import State
from core.ports import Transaction
from core.records import ChangeRow
from core.review.dependencies import dependents
from core.review.voting import standing
from core.workspace import Workspace


def send_back_dependents(
    workspace: Workspace, transaction: Transaction, changed: ChangeRow, why: str
) -> None:
    """Send back what rests on a change that is no longer to come as it was (design §8).

    What rests on it through others goes back as well. `why` is a static code, `dependency-…`.
    """
    for change in dependents(transaction.changes(changed.proposal), changed.idx):
        if change.state in (State.PENDING, State.READY):
            void(workspace, transaction, change, why)


def void(
    workspace: Workspace,
    transaction: Transaction,
    change: ChangeRow,
    why: str,
    body: JsonObject | None = None,
) -> None:
    """Void the standing votes of a change and send it back to review, with a static code."""
    votes = [vote.id for vote in standing(transaction, change)]
    moves = change.state != State.PENDING
    if not votes and not moves:
        return
    transaction.append(
        Event(
            "decision.voided",
            Actor("gateway", "gateway", workspace.keys.signer("gateway").kid),
            about(change),
            data={"decisions": list(votes), "why": why},
            before=change.state if moves else None,
            after=State.PENDING if moves else None,
            body=body,
        )
    )


def close_exceptions(transaction: Transaction, change: ChangeRow, actor: Actor, how: str) -> None:
    """Close every open exception of a change; `how` is a static code."""
    for item in transaction.exceptions(change.proposal, change.idx):
        data: JsonObject = {"exception": exact(item.id), "how": how}
        transaction.append(Event("exception.closed", actor, about(change), data=data))


def about(change: ChangeRow) -> About:
    """Return what an event about this change says it is about."""
    return About(
        proposal=change.proposal,
        index=change.idx,
        revision=change.revision,
        operation=change.operation,
        ehr=change.ehr,
        patient=change.patient_tag,
    )
