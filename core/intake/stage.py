"""Staging one proposal: from the agent's document to admitted or denied changes in the ledger.

Source: design §5, §6, §13 (solo workspaces stage and admit at once), hub-protocol §6 step 2.
Everything is read from the EHR first; then one transaction appends all, or nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace

from core.canonical import JsonObject, Number, c14n, exact, parse_object
from core.errors import Conflict, Refused
from core.intake.admit import append_change
from core.intake.documents import Document
from core.intake.quota import check_quota, content_tag
from core.intake.supersede import Superseded, earlier, supersede, told
from core.intake.survey import Survey, survey
from core.ledger.event import About, Actor, Event, instant, patient_tag
from core.lifecycle import State, derived
from core.policy import Agent
from core.policy.limits import capped_urgency
from core.ports import Reads, Transaction
from core.proposal import Proposal
from core.records import ProposalRow
from core.statement import Statement, sign
from core.traffic.pressure import check_pressure
from core.workspace import (
    Workspace,
    document,
    phase_in_force,
    policy_in_force,
    roster_in_force,
)


@dataclass(frozen=True, slots=True)
class Staged:
    """What became of a proposal; `repeated` when the same one was already there."""

    proposal: ProposalRow
    state: State
    outcome: str
    """`review`, `auto` or `denied`, over all its changes."""
    reasons: tuple[JsonObject, ...]
    repeated: bool = False
    superseded: Superseded | None = None
    """What became of the proposal whose place it takes; None where it names none."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a signed proposal came from: the hub's Task and the version that was read."""

    task: str
    version: str


async def stage(workspace: Workspace, item: Document) -> Staged:
    """Stage one readable document durably, signed with the workspace's submitter key.

    Raises BadInput naming the field, Conflict when the correlation id was used for another body,
    Refused when the submitter may not speak for the agent, Throttled when the agent is over a
    quota, Unreachable when the EHR cannot be read: in each case nothing was stored.
    """
    kid = workspace.keys.signer("submitter").kid
    return await _stage(workspace, item, kid, lambda: _signed(workspace, item.data), None)


async def stage_signed(
    workspace: Workspace, item: Document, statement: Statement, origin: Origin
) -> Staged:
    """Stage a proposal that its agent signed and the hub carried; raises what `stage` raises.

    `repeated` also when it is known under another Task: the caller compares `proposal.task`.
    """
    return await _stage(workspace, item, statement.kid, lambda: statement, origin)


async def _stage(
    workspace: Workspace,
    item: Document,
    kid: str,
    signed: Callable[[], Statement],
    origin: Origin | None,
) -> Staged:
    if item.proposal is None:
        raise item.error or AssertionError("a document without proposal has an error")
    proposal = item.proposal
    same = _same(workspace, item.data)
    known = workspace.ledger.same_proposal(proposal.agent.id, proposal.correlation_id)
    if known is not None:
        return _repeat(workspace, known, same, proposal)
    if not roster_in_force(workspace.ledger).may_speak_for(kid, proposal.agent.id):
        raise Refused(
            "the key that signs may not speak for this agent",
            field="agent.id",
            remedy="Enrol the agent in the roster, or check its name",
        )
    earlier(workspace.ledger, workspace.keys.pepper, proposal)
    rested_on = _in_force(workspace.ledger)
    agent = policy_in_force(workspace.ledger).agent(proposal.agent.id)
    tag = content_tag(workspace.keys.pepper, parse_object(item.data))
    if origin is None:
        # What a hub carries waits there when it is over a quota: see its admission.
        _check_room(workspace, workspace.ledger, agent, tag, proposal)
    found = await survey(workspace, proposal)
    statement = signed()
    with workspace.ledger.transaction() as transaction:
        known = transaction.same_proposal(proposal.agent.id, proposal.correlation_id)
        if known is None:
            if _in_force(transaction) != rested_on:
                raise Conflict(
                    "policy, roster or freezes changed while this was judged",
                    remedy="Propose it again",
                )
            if origin is None:
                _check_room(workspace, transaction, agent, tag, proposal)
            id_ = workspace.ids.uuid()
            data = _proposal_data(proposal, statement, same, tag)
            urgency = capped_urgency(agent, proposal.urgency)
            if urgency != proposal.urgency:
                data |= {"urgency": urgency, "claimed_urgency": proposal.urgency}
                proposal = proposal.model_copy(update={"urgency": urgency})
            _append(workspace, transaction, id_, proposal, found, statement, data, origin)
            known = transaction.proposal(id_)
            assert known is not None  # noqa: S101  the projection has just put it there
            old = earlier(transaction, workspace.keys.pepper, proposal)
            done = None
            if old is not None:
                done = supersede(transaction, old, known, _actor(statement, proposal, origin))
            return replace(_staged(transaction, known, repeated=False), superseded=done)
    return _repeat(workspace, known, same, proposal)


def _check_room(
    workspace: Workspace, reads: Reads, agent: Agent, tag: str, proposal: Proposal
) -> None:
    """Raise Throttled when the agent is over a quota, or what follows intake is under pressure."""
    now = workspace.clock.now()
    check_quota(reads, agent, tag, now)
    urgency = capped_urgency(agent, proposal.urgency)
    check_pressure(reads, agent.id, proposal.ehr, urgency, now)


def _in_force(reads: Reads) -> tuple[str, str, str, frozenset[str]]:
    """Return what a verdict rests on besides the chart."""
    freezes = frozenset(freeze.id for freeze in reads.freezes())
    policy, roster = document(reads, "policy").digest, document(reads, "roster").digest
    return policy, roster, phase_in_force(reads), freezes


def _same(workspace: Workspace, data: bytes) -> str:
    body = c14n(parse_object(data))
    return hmac.new(workspace.keys.pepper, b"same\x00" + body, "sha256").hexdigest()


def _repeat(workspace: Workspace, known: ProposalRow, same: str, proposal: Proposal) -> Staged:
    if not hmac.compare_digest(known.same, same):
        raise Conflict(
            "this agent has already used this correlation id for another proposal",
            field="correlation_id",
            remedy="Use a new correlation id for a new proposal",
        )
    reads = workspace.ledger
    old = earlier(reads, workspace.keys.pepper, proposal)
    done = None if old is None else told(reads, old, known)
    return replace(_staged(reads, known, repeated=True), superseded=done)


def _actor(statement: Statement, proposal: Proposal, origin: Origin | None) -> Actor:
    if origin is None:
        return Actor("submitter", "submitter", statement.kid)
    return Actor("agent", proposal.agent.id, statement.kid)


def _staged(reads: Reads, known: ProposalRow, *, repeated: bool) -> Staged:
    changes = reads.changes(known.id)
    outcomes = {change.outcome for change in changes}
    outcome = "review" if "review" in outcomes else "auto" if "auto" in outcomes else "denied"
    reasons = [
        {"index": exact(change.idx), **reason}
        for change in changes
        for reason in change.reason_list
    ]
    state = derived(State(change.state) for change in changes)
    return Staged(known, state, outcome, tuple(reasons), repeated)


def _signed(workspace: Workspace, data: bytes) -> Statement:
    payload: JsonObject = {
        "v": Number("1"),
        "team": workspace.team,
        "id": workspace.ids.uuid(),
        "at": instant(workspace.clock.now()),
        **parse_object(data),
    }
    return sign("proposal", payload, workspace.keys.signer("submitter"))


def _append(
    workspace: Workspace,
    transaction: Transaction,
    id_: str,
    proposal: Proposal,
    found: Survey,
    statement: Statement,
    data: JsonObject,
    origin: Origin | None,
) -> None:
    tag = patient_tag(workspace.keys.pepper, proposal.ehr, proposal.patient)
    about = About(proposal=id_, ehr=proposal.ehr, patient=tag)
    ref: JsonObject = {"kind": "proposal", "digest": statement.digest}
    actor = _actor(statement, proposal, origin)
    if origin is not None:
        ref |= {"task": origin.task, "version": origin.version}
    transaction.append(
        Event(
            "proposal.submitted",
            actor,
            about,
            data=data,
            refs=(ref,),
            body={
                "statement": statement.text,
                "patient": proposal.patient,
                "patient_label": found.label,
                "patient_resource": found.patient,
                "evidence": list(found.evidence),
                "rationale": proposal.rationale,
                "encounter": proposal.encounter,
            },
        )
    )
    row = transaction.proposal(id_)
    assert row is not None  # noqa: S101  the projection has just put it there
    for index, change in enumerate(found.changes):
        one = About(
            proposal=id_, index=index, revision=0, operation=change.operation,
            ehr=proposal.ehr, patient=tag,
        )  # fmt: skip
        append_change(workspace, transaction, one, row, proposal, found, change)


def _proposal_data(proposal: Proposal, statement: Statement, same: str, tag: str) -> JsonObject:
    data: JsonObject = {
        "agent": proposal.agent.id,
        "model": proposal.agent.model,
        "prompt": proposal.agent.prompt,
        "services": list(proposal.agent.services),
        "correlation": proposal.correlation_id,
        "same": same,
        "content_tag": tag,
        "purpose": proposal.purpose,
        "workflow": proposal.workflow,
        "urgency": proposal.urgency,
        "confidence": str(proposal.confidence),
        "changes": exact(len(proposal.changes)),
        "digest": statement.digest,
    }
    if proposal.supersedes is not None:
        data["supersedes"] = proposal.supersedes
    if proposal.needed_by is not None:
        data["needed_by"] = instant(proposal.needed_by)
    return data
