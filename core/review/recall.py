"""Taking an approval back before it is sent. Source: design §8 (hold), hub-protocol §6 step 6.

Recall and dispatch race in the ledger's own transactions: exactly one of them finds the change
ready.
"""

from __future__ import annotations

from core.canonical import JsonObject
from core.ledger.event import Actor, Event
from core.lifecycle import State
from core.records import ChangeRow, DecisionRow
from core.review.asking import check
from core.review.decide import about
from core.review.signing import sign_act
from core.review.voting import find_change, standing
from core.roster import Person
from core.statement import Statement
from core.workspace import Workspace


def recall(workspace: Workspace, proposal: str, index: int) -> State:
    """Void the approvals of a change that was not sent yet; it waits for review again.

    Whoever approved may recall, and a supervisor. Raises NotFound, Conflict when sending has
    begun or nobody approved it, Refused.
    """
    with workspace.ledger.transaction() as transaction:
        found, change = find_change(transaction, proposal, index)
        person = check(workspace, transaction, "recall", change, transaction.clock.hi)
        votes = standing(transaction, change)
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


def _signed(
    workspace: Workspace,
    subject: str,
    change: ChangeRow,
    votes: list[DecisionRow],
    person: Person,
) -> Statement:
    words: JsonObject = {"decisions": [vote.digest for vote in votes]}
    return sign_act(workspace, "recall", subject, change, person.id, words)
