"""Reading Consents again for the changes that are held for them; each hold ends or is put off.

Every conclusion is one transaction, so that a process that is killed loses nothing: what it had
not concluded is still due. Source: design §7, §14.3, §14.5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.consent import denies
from core.consent.answer import LOST
from core.consent.consult import Case, Consulted, Heard, consult_or_hold
from core.gateway.refresh import judge_again, proposal_body
from core.intake.admit import admit
from core.intake.hold import append_held
from core.intake.judge import CONSENT_DENIED, deny, for_a_person, is_held
from core.intake.readmit import append_readmitted
from core.ledger.event import Actor, Event, moment
from core.lifecycle import OPEN, State
from core.policy import Verdict
from core.policy.request import Operation
from core.ports import Transaction
from core.records import ChangeRow, ProposalRow
from core.records_consent import HoldRow
from core.review.content import Content, Erased, read_content
from core.review.decide import about
from core.workspace import Workspace, policy_in_force

SETTLED = "consent.settled"


@dataclass
class Retried:
    """What became of the holds that were due."""

    settled: int = 0
    """Consent could be read: admitted, or denied."""
    shown: int = 0
    """The deadline passed: a person sees it now."""
    unreachable: bool = False


async def retry_holds(workspace: Workspace) -> Retried:
    """Read again for every hold that is due, once a proposal, never from what was kept."""
    done = Retried()
    read: dict[Case, Consulted] = {}
    now = workspace.clock.now()
    for row in workspace.ledger.holds():
        if moment(row.due) <= now:
            await _retry(workspace, row, read, done)
    return done


async def _retry(
    workspace: Workspace, row: HoldRow, read: dict[Case, Consulted], done: Retried
) -> None:
    proposal = workspace.ledger.proposal(row.proposal)
    seen = workspace.ledger.change(row.proposal, row.idx)
    if proposal is None or seen is None:
        return
    if State(seen.state) not in OPEN:
        with workspace.ledger.transaction() as transaction:
            transaction.append(_settled(workspace, seen, "closed"))
        return
    if seen.state not in (State.PROPOSED, State.PENDING):
        return
    try:
        content = read_content(workspace.ledger, seen)
        patient = str(proposal_body(workspace.ledger, proposal)["patient"])
    except Erased:
        return
    case = Case(seen.ehr, patient, proposal.agent, proposal.purpose)
    if case not in read:
        read[case] = await consult_or_hold(workspace, case, fresh=True)
    operation: Operation = "create" if seen.op == "create" else "update"
    heard = read[case].about(seen.type, operation, content.base, content.resource)
    done.unreachable |= heard.answer == LOST
    with workspace.ledger.transaction() as transaction:
        if transaction.change(seen.proposal, seen.idx) == seen and row in transaction.holds():
            _conclude(_Turn(workspace, transaction, proposal, seen, row, content), heard, done)


@dataclass(frozen=True, slots=True)
class _Turn:
    """One hold looked at in one transaction."""

    workspace: Workspace
    transaction: Transaction
    proposal: ProposalRow
    change: ChangeRow
    hold: HoldRow
    content: Content


def _conclude(turn: _Turn, heard: Heard, done: Retried) -> None:
    verdict = judge_again(
        turn.transaction, turn.proposal, turn.change, turn.content, turn.workspace.clock.now()
    )
    if denies(heard.answer):
        verdict = deny(verdict, CONSENT_DENIED)
    if is_held(heard.answer, verdict):
        _put_off(turn, verdict, heard, done)
        return
    _admit(turn, verdict, heard)
    turn.transaction.append(_settled(turn.workspace, turn.change, verdict.outcome))
    done.settled += 1


def _put_off(turn: _Turn, verdict: Verdict, heard: Heard, done: Retried) -> None:
    since, deadline = moment(turn.hold.since), moment(turn.hold.deadline)
    transaction = turn.transaction
    if turn.change.state == State.PROPOSED and transaction.clock.lo >= deadline:
        policy = policy_in_force(transaction)
        _admit(turn, for_a_person(verdict, heard.answer, policy), heard)
        done.shown += 1
    span = (since, deadline)
    append_held(turn.workspace, transaction, about(turn.change), turn.hold.attempts + 1, span)


def _admit(turn: _Turn, verdict: Verdict, heard: Heard) -> None:
    """Admit, or deny, with digests of the verdict as it is now: it may have moved since."""
    change = turn.change
    one, digests = about(change), (change.change_digest, change.bytes_digest)
    if verdict.outcome != "denied" and verdict.digest() != change.verdict_digest:
        anew = replace(turn.content, nonce=turn.workspace.ids.nonce())
        one, digests = append_readmitted(
            turn.workspace, turn.transaction, turn.proposal, change, anew, verdict, None
        )
    admit(
        turn.workspace, turn.transaction, one, digests, verdict, heard.answer,
        before=State(change.state), consent_at=heard.at, moves=True,
    )  # fmt: skip


def _settled(workspace: Workspace, change: ChangeRow, how: str) -> Event:
    return Event(SETTLED, _actor(workspace), about(change), data={"how": how})


def _actor(workspace: Workspace) -> Actor:
    return Actor("gateway", "gateway", workspace.keys.signer("gateway").kid)
