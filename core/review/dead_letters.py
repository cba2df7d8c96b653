"""What a person does with a write that nobody sends any more: replay, send to review, close.

Each is signed. A replay keeps its operation id and reads the chart before anything is sent, so that
what came late is found and not written twice. What is sent back to review loses its approvals and
is judged anew; it keeps its operation too, since one operation has one effect. Source: design §9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from core.canonical import JsonObject, exact
from core.errors import BadInput
from core.gateway.refresh import judge_again
from core.intake.admit import admit, consent_at
from core.intake.readmit import append_readmitted
from core.ledger.event import Actor, Event
from core.ledger.failure_events import CLOSED, REOPENED, REPLAYED
from core.lifecycle import State
from core.ports import Reads, Transaction
from core.records import ChangeRow, ProposalRow
from core.review.asking import check
from core.review.content import read_content
from core.review.dependencies import dependents
from core.review.signing import sign_act
from core.review.voiding import about, close_exceptions, send_back_dependents, void
from core.review.voting import find_change
from core.roster import Person
from core.statement import Statement
from core.workspace import Workspace

Act = Literal["replay", "send-to-review", "close-dead-letter"]
SENT_BACK = "sent-to-review"
"""Why the approvals before are void."""
MAX_REASON = 1_000


def replay(workspace: Workspace, proposal: str, index: int) -> State:
    """Have a dead letter sent again as the same operation, after the chart was read.

    It gets one more attempt, for which every guard runs again. Raises NotFound, Conflict, Refused.
    """
    with workspace.ledger.transaction() as transaction:
        row, change = find_change(transaction, proposal, index)
        person = check(workspace, transaction, "replay", change, transaction.clock.hi)
        written = transaction.write(change.operation)
        last = exact(1 if written is None else written.attempt + 1)
        statement = _signed(workspace, row, change, person, "replay")
        _append(
            transaction, REPLAYED, change, person, statement,
            {"last_attempt": last}, State.AMBIGUOUS, None,
        )  # fmt: skip
        close_exceptions(transaction, change, _actor(person, statement), "replayed")
    return State.AMBIGUOUS


def send_to_review(workspace: Workspace, proposal: str, index: int, reason: str) -> State:
    """Send a dead letter or a refused write back to review, judged anew; return its new state.

    Raises NotFound, Conflict, Refused, BadInput for a missing reason, Failed where it was erased.
    """
    _check_reason(reason)
    with workspace.ledger.transaction() as transaction:
        row, change = find_change(transaction, proposal, index)
        person = check(workspace, transaction, "send-to-review", change, transaction.clock.hi)
        statement = _signed(workspace, row, change, person, "send-to-review")
        _append(
            transaction, REOPENED, change, person, statement,
            {"write": str(State.READY)}, State.PENDING, reason,
        )  # fmt: skip
        close_exceptions(transaction, change, _actor(person, statement), SENT_BACK)
        pending = replace(change, state=State.PENDING)
        void(workspace, transaction, pending, SENT_BACK)
        why = _readmit(workspace, transaction, row, pending)
        send_back_dependents(workspace, transaction, change, why)
        found = transaction.change(proposal, index)
    return State.PENDING if found is None else State(found.state)


def close(workspace: Workspace, proposal: str, index: int, reason: str) -> State:
    """Close a dead letter: it will not be written, and what rests on it goes back to review.

    Raises NotFound, Conflict, Refused, BadInput for a missing reason.
    """
    _check_reason(reason)
    with workspace.ledger.transaction() as transaction:
        row, change = find_change(transaction, proposal, index)
        person = check(workspace, transaction, "close-dead-letter", change, transaction.clock.hi)
        statement = _signed(workspace, row, change, person, "close-dead-letter")
        _append(
            transaction, CLOSED, change, person, statement,
            {"write": str(State.REFUSED)}, State.REFUSED, reason,
        )  # fmt: skip
        close_exceptions(transaction, change, _actor(person, statement), "closed")
        send_back_dependents(workspace, transaction, change, "dependency-refused")
    return State.REFUSED


def paused_by(reads: Reads, change: ChangeRow) -> Sequence[ChangeRow]:
    """Return the approved writes that wait for a change of the same proposal, in order."""
    every = reads.changes(change.proposal)
    return [one for one in dependents(every, change.idx) if one.state == State.READY]


def _check_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > MAX_REASON:
        raise BadInput(f"is missing, or longer than {MAX_REASON} characters", field="reason")


def _append(
    transaction: Transaction,
    type_: str,
    change: ChangeRow,
    person: Person,
    statement: Statement,
    data: JsonObject,
    after: State,
    reason: str | None,
) -> None:
    transaction.append(
        Event(
            type_,
            _actor(person, statement),
            about(change),
            data={"reviewer": person.id, "statement": statement.text, **data},
            before=change.state,
            after=after,
            refs=({"kind": "dead-letter", "digest": statement.digest},),
            body=None if reason is None else {"reason": reason.strip()},
        )
    )


def _actor(person: Person, statement: Statement) -> Actor:
    return Actor("reviewer", person.id, statement.kid)


def _readmit(
    workspace: Workspace, transaction: Transaction, row: ProposalRow, change: ChangeRow
) -> str:
    """Judge it anew and admit it; return what that means for what rests on it."""
    content = replace(read_content(transaction, change), nonce=workspace.ids.nonce())
    verdict = judge_again(transaction, row, change, content, workspace.clock.now())
    one, digests = append_readmitted(
        workspace, transaction, row, change, content, verdict, SENT_BACK
    )
    admit(
        workspace, transaction, one, digests, verdict, change.consent or "",
        before=State.PENDING, consent_at=consent_at(change),
    )  # fmt: skip
    return "dependency-denied" if verdict.outcome == "denied" else "dependency-changed"


def _signed(
    workspace: Workspace, row: ProposalRow, change: ChangeRow, person: Person, act: Act
) -> Statement:
    words: JsonObject = {"state": change.state, "act": act}
    return sign_act(workspace, "dead-letter", row.subject, change, person.id, words)
