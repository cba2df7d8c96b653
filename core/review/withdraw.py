"""An agent takes back what it proposed, as long as it is not being sent.

Source: design §6, hub-protocol §2 (`withdraw`), §6 step 6. The statement names the proposal by its
digest and holds no word of the chart. Withdrawal, recall and dispatch race in the ledger's own
transactions: exactly one of them finds the change ready.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.canonical import JsonObject, Number, exact
from core.errors import BadInput, NotFound
from core.ledger.event import Actor, Event, instant
from core.lifecycle import State
from core.ports import Transaction
from core.records import ChangeRow, ProposalRow
from core.review.asking import case_of
from core.review.dependencies import GONE
from core.review.permissions import Who, answer, unfit
from core.review.voiding import about, send_back_dependents
from core.statement import Statement, sign
from core.workspace import Workspace, roster_in_force

WITHDRAW = "withdraw"
MAX_REASON = 1_000


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What became of one change: `withdrawn`, `closed` (it would not go anyway) or `too-late`."""

    index: int
    outcome: str
    state: str


def withdraw(
    workspace: Workspace, proposal: str, indexes: Sequence[int], reason: str
) -> list[Withdrawn]:
    """Withdraw changes in their agent's name, signed with the submitter key; none named: all.

    Raises NotFound, BadInput (reason), Refused when the submitter does not speak for the agent.
    """
    if not reason.strip() or len(reason) > MAX_REASON:
        raise BadInput(f"is missing, or longer than {MAX_REASON} characters", field="reason")
    signer = workspace.keys.signer("submitter")
    with workspace.ledger.transaction() as transaction:
        row = transaction.proposal(proposal)
        if row is None:
            raise NotFound("there is no proposal of that id", remedy="See `countersign queue`")
        speaks = roster_in_force(transaction).may_speak_for(signer.kid, row.agent)
        for change in transaction.changes(proposal):
            case = case_of(transaction, change, None)
            why = answer(WITHDRAW, Who("submitter", speaks=speaks), case)
            if why is not None and why.kind == "role":
                raise why.error()
        statement = sign(WITHDRAW, payload(workspace, row, indexes), signer)
        actor = Actor("submitter", "submitter", signer.kid)
        return apply(workspace, transaction, row, statement, actor, reason.strip())


def payload(workspace: Workspace, row: ProposalRow, indexes: Sequence[int]) -> JsonObject:
    """Return what a withdrawal says; `changes` only where not all are meant."""
    found: JsonObject = {
        "v": Number("1"),
        "team": workspace.team,
        "id": workspace.ids.uuid(),
        "at": instant(workspace.clock.now()),
        "task": row.subject,
        "proposal": row.digest,
        "agent": row.agent,
    }
    return found | ({"changes": [exact(index) for index in indexes]} if indexes else {})


def apply(
    workspace: Workspace,
    transaction: Transaction,
    row: ProposalRow,
    statement: Statement,
    actor: Actor,
    reason: str | None = None,
) -> list[Withdrawn]:
    """Carry out a verified withdrawal; say of each change what became of it."""
    wanted = named(statement)
    return [
        _one(workspace, transaction, change, statement, actor, reason)
        for change in transaction.changes(row.id)
        if wanted is None or change.idx in wanted
    ]


def named(statement: Statement) -> list[int] | None:
    """Return the indexes that a withdrawal names, or None where it means all."""
    found = statement.payload.get("changes")
    return None if found is None else [int(item.text) for item in found]


def _one(
    workspace: Workspace,
    transaction: Transaction,
    change: ChangeRow,
    statement: Statement,
    actor: Actor,
    reason: str | None,
) -> Withdrawn:
    if unfit(WITHDRAW, case_of(transaction, change, None)) is not None:
        outcome = "closed" if change.state in GONE else "too-late"
        return Withdrawn(change.idx, outcome, change.state)
    transaction.append(
        Event(
            "change.withdrawn",
            actor,
            about(change),
            data={"agent": change.agent, "statement": statement.text},
            before=change.state,
            after=State.WITHDRAWN,
            refs=({"kind": WITHDRAW, "digest": statement.digest},),
            body=None if reason is None else {"reason": reason},
        )
    )
    send_back_dependents(workspace, transaction, change, "dependency-withdrawn")
    return Withdrawn(change.idx, "withdrawn", State.WITHDRAWN)
