"""A proposal takes the place of an earlier one of the same agent, as far as that is not sent.

The agent names the earlier proposal by its correlation id. What nobody sent yet moves to
`superseded` in the transaction that stages the new proposal, so that dispatch and this race in the
ledger: exactly one of them finds the change ready. What is being sent, or was, is left and told.
Source: design §6, docs/adr/0019.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import BadInput
from core.ledger.event import Actor, Event, patient_tag
from core.lifecycle import State
from core.ports import Reads, Transaction
from core.proposal import Proposal
from core.records import ChangeRow, ProposalRow
from core.review.dependencies import GONE
from core.review.permissions import WITHDRAWABLE
from core.review.voiding import about

FIELD = "supersedes"
SUPERSEDED = "change.superseded"


@dataclass(frozen=True, slots=True)
class Superseded:
    """How many changes of the earlier proposal gave way, and how many are past that."""

    changed: int
    left: int


def earlier(reads: Reads, pepper: bytes, proposal: Proposal) -> ProposalRow | None:
    """Return the proposal whose place this one takes; None where it names none.

    Raises BadInput for any but an earlier one of the same agent, patient and EHR. Another agent's
    reads like one that is not there: what others proposed is not told.
    """
    if proposal.supersedes is None:
        return None
    found = None
    if proposal.supersedes != proposal.correlation_id:
        found = reads.same_proposal(proposal.agent.id, proposal.supersedes)
    if found is None:
        raise BadInput(
            "names no earlier proposal of this agent",
            field=FIELD,
            remedy="Give the correlation_id of one, or leave it out",
        )
    if found.ehr != proposal.ehr:
        raise BadInput("names a proposal for another EHR", field=FIELD, remedy="Withdraw that one")
    if found.patient_tag != patient_tag(pepper, proposal.ehr, proposal.patient):
        raise BadInput(
            "names a proposal for another patient", field=FIELD, remedy="Withdraw that one"
        )
    return found


def giving_way(reads: Reads, pepper: bytes, proposal: Proposal) -> str | None:
    """Return the id of the proposal whose unsent changes will not be written; None for none."""
    found = earlier(reads, pepper, proposal)
    return None if found is None else found.id


def supersede(
    transaction: Transaction, old: ProposalRow, new: ProposalRow, actor: Actor
) -> Superseded:
    """Move what nobody sent of `old` to superseded, unless all of `new` is denied.

    What rests on a change of `old` gives way with it: it stands in the same proposal.
    """
    if all(change.state == State.DENIED for change in transaction.changes(new.id)):
        return told(transaction, old, new)
    for change in transaction.changes(old.id):
        if change.state in WITHDRAWABLE:
            transaction.append(
                Event(
                    SUPERSEDED,
                    actor,
                    about(change),
                    data={"by": new.id, "agent": new.agent},
                    before=change.state,
                    after=State.SUPERSEDED,
                    refs=({"kind": "proposal", "digest": new.digest},),
                )
            )
    return told(transaction, old, new)


def told(reads: Reads, old: ProposalRow, new: ProposalRow) -> Superseded:
    """Return what the proposer is told, at staging and when the same is proposed again."""
    by_new = {
        int(entry.leaf["index"].text)
        for entry in reads.trail(old.id)
        if entry.leaf["type"] == SUPERSEDED and entry.leaf["data"].get("by") == new.id
    }
    changes: Sequence[ChangeRow] = reads.changes(old.id)
    left = [one for one in changes if one.idx not in by_new and one.state not in GONE]
    return Superseded(len(by_new), len(left))
