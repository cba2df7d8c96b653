"""What the gateway answers on a Task: the signed outcome, which the agent reads.

Source: hub-protocol §2 (`outcome`), §5, §6 steps 2 and 7; design §1 (every proposal gets a final
answer that a machine can read). No word of the chart stands in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.canonical import JsonObject, Number, exact
from core.disposition import disposition
from core.hub.task import MAX_OUTPUTS
from core.ledger.event import About, Actor, Event, instant
from core.ledger.hub_events import ANSWERED
from core.lifecycle import OPEN, State, derived
from core.ports import Transaction
from core.records import ProposalRow
from core.review.withdraw import Withdrawn
from core.statement import sign
from core.workspace import Workspace

QUARANTINED = "quarantined"
DUPLICATE = "duplicate-of"
TOO_LATE = "too-late"
# What nobody in the agent's house could wait out: it is told though it is not the end.
STUCK = frozenset(
    {State.EXCEPTION, State.DEAD_LETTER, State.EXPIRED, State.MANUAL_ENTRY, State.HELD_BY_EHR}
)
# So many outputs are left to what is final.
_RESERVED = 4


def answer(workspace: Workspace, transaction: Transaction, proposal: ProposalRow) -> bool:
    """Sign what became of a proposal, if its Task was not told; return whether it was signed."""
    if proposal.task is None:
        return False
    changes = transaction.changes(proposal.id)
    state = derived(State(change.state) for change in changes)
    final = state not in OPEN
    told = transaction.outputs(proposal.task)
    last = next((row for row in reversed(told) if row.kind == "outcome"), None)
    since = max(change.state_seq for change in changes)
    if not (final or state in STUCK) or (last is not None and last.seq > since):
        return False
    if len(told) >= (MAX_OUTPUTS if final else MAX_OUTPUTS - _RESERVED):
        return False
    members: JsonObject = {
        "proposal": proposal.digest,
        "state": str(state),
        "final": final,
        "changes": [disposition(transaction, change) for change in changes],
    }
    _append(workspace, transaction, proposal.task, members, About(proposal=proposal.id))
    return True


def answer_quarantined(
    workspace: Workspace, transaction: Transaction, task: str, code: str
) -> None:
    """Sign that a Task is not looked at, with a static code."""
    members: JsonObject = {
        "proposal": None,
        "state": QUARANTINED,
        "final": True,
        "code": code,
        "changes": [],
    }
    _append(workspace, transaction, task, members, About())


def answer_duplicate(
    workspace: Workspace, transaction: Transaction, task: str, known: ProposalRow
) -> None:
    """Sign that a Task repeats a proposal, and which Task or local id carries that."""
    members: JsonObject = {
        "proposal": known.digest,
        "state": DUPLICATE,
        "final": True,
        "duplicate_of": known.subject,
        "changes": [],
    }
    _append(workspace, transaction, task, members, About(proposal=known.id))


def answer_withdrawal(
    workspace: Workspace,
    transaction: Transaction,
    task: str,
    row: ProposalRow,
    done: Sequence[Withdrawn],
) -> None:
    """Sign on the withdrawing Task what became of each change that it named."""
    members: JsonObject = {
        "proposal": row.digest,
        "state": TOO_LATE if any(one.outcome == TOO_LATE for one in done) else "withdrawn",
        "final": True,
        "changes": [
            {"index": exact(one.index), "outcome": one.outcome, "state": one.state} for one in done
        ],
    }
    _append(workspace, transaction, task, members, About(proposal=row.id))


def _append(
    workspace: Workspace,
    transaction: Transaction,
    task: str,
    members: JsonObject,
    about: About,
) -> None:
    signer = workspace.keys.signer("gateway")
    payload: JsonObject = {
        "v": Number("1"),
        "team": workspace.team,
        "id": workspace.ids.uuid(),
        "at": instant(transaction.clock.lo),
        "task": task,
        **members,
    }
    statement = sign("outcome", payload, signer)
    transaction.append(
        Event(
            ANSWERED,
            Actor("gateway", "gateway", signer.kid),
            about,
            data={"state": members["state"], "statement": statement.text},
            refs=({"kind": "outcome", "digest": statement.digest, "task": task},),
        )
    )
