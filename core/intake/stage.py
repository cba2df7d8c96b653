"""Staging one proposal: from the agent's document to admitted or denied changes in the ledger.

Source: design §5, §6, §13 (solo workspaces stage and admit at once), hub-protocol §6 step 2.
Everything is read from the EHR first; then one transaction appends all, or nothing.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta

from core.canonical import JsonObject, Number, c14n, exact, parse_object
from core.delta import touched
from core.digests import Base, Subject, bytes_digest, change_digest, fingerprint
from core.errors import Conflict, Refused
from core.intake.documents import Document
from core.intake.judge import trace_data, verdict_data
from core.intake.survey import Survey, Surveyed, survey
from core.ledger.event import About, Actor, Event, instant, patient_tag
from core.lifecycle import State, derived
from core.policy import Verdict
from core.ports import Reads, Transaction
from core.proposal import Proposal
from core.records import ProposalRow
from core.review.content import Content, supports
from core.statement import Statement, sign
from core.workspace import Workspace, document, roster_in_force


@dataclass(frozen=True, slots=True)
class Staged:
    """What became of a proposal; `repeated` when the same one was already there."""

    proposal: ProposalRow
    state: State
    outcome: str
    """`review`, `auto` or `denied`, over all its changes."""
    reasons: tuple[JsonObject, ...]
    repeated: bool = False


async def stage(workspace: Workspace, item: Document) -> Staged:
    """Stage one readable document durably.

    Raises BadInput naming the field, Conflict when the correlation id was used for another body,
    Refused when the submitter may not speak for the agent, Unreachable when the EHR cannot be
    read: in each case nothing was stored.
    """
    if item.proposal is None:
        raise item.error or AssertionError("a document without proposal has an error")
    proposal = item.proposal
    same = _same(workspace, item.data)
    known = workspace.ledger.same_proposal(proposal.agent.id, proposal.correlation_id)
    if known is not None:
        return _repeat(workspace, known, same)
    kid = workspace.keys.signer("submitter").kid
    if not roster_in_force(workspace.ledger).may_speak_for(kid, proposal.agent.id):
        raise Refused(
            "the submitter key may not speak for this agent",
            field="agent.id",
            remedy="Enrol the agent in the roster, or check its name",
        )
    rested_on = _in_force(workspace.ledger)
    found = await survey(workspace, proposal)
    statement = _signed(workspace, item.data)
    with workspace.ledger.transaction() as transaction:
        known = transaction.same_proposal(proposal.agent.id, proposal.correlation_id)
        if known is None:
            if _in_force(transaction) != rested_on:
                raise Conflict(
                    "policy, roster or freezes changed while this was judged",
                    remedy="Propose it again",
                )
            id_ = workspace.ids.uuid()
            _append(workspace, transaction, id_, proposal, found, statement, same)
            known = transaction.proposal(id_)
            assert known is not None  # noqa: S101  the projection has just put it there
            return _staged(transaction, known, repeated=False)
    return _repeat(workspace, known, same)


def _in_force(reads: Reads) -> tuple[str, str, frozenset[str]]:
    """Return what a verdict rests on besides the chart."""
    freezes = frozenset(freeze.id for freeze in reads.freezes())
    return document(reads, "policy").digest, document(reads, "roster").digest, freezes


def _same(workspace: Workspace, data: bytes) -> str:
    body = c14n(parse_object(data))
    return hmac.new(workspace.keys.pepper, b"same\x00" + body, "sha256").hexdigest()


def _repeat(workspace: Workspace, known: ProposalRow, same: str) -> Staged:
    if not hmac.compare_digest(known.same, same):
        raise Conflict(
            "this agent has already used this correlation id for another proposal",
            field="correlation_id",
            remedy="Use a new correlation id for a new proposal",
        )
    return _staged(workspace.ledger, known, repeated=True)


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
    same: str,
) -> None:
    tag = patient_tag(workspace.keys.pepper, proposal.ehr, proposal.patient)
    about = About(proposal=id_, ehr=proposal.ehr, patient=tag)
    submitter = Actor("submitter", "submitter", workspace.keys.signer("submitter").kid)
    transaction.append(
        Event(
            "proposal.submitted",
            submitter,
            about,
            data=_proposal_data(proposal, statement, same),
            refs=({"kind": "proposal", "digest": statement.digest},),
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
    for index, change in enumerate(found.changes):
        one = About(
            proposal=id_, index=index, revision=0, operation=change.operation,
            ehr=proposal.ehr, patient=tag,
        )  # fmt: skip
        append_change(workspace, transaction, one, statement.digest, proposal, found, change)


def append_change(
    workspace: Workspace,
    transaction: Transaction,
    about: About,
    digest: str,
    proposal: Proposal,
    found: Survey,
    change: Surveyed,
) -> None:
    """Append the events of one change: proposed, evaluated, and admitted unless denied."""
    content = content_of(workspace, change, found.evidence, int(about.index or 0))
    ehr = workspace.ehr(proposal.ehr)
    subject = Subject(
        nonce=content.nonce, proposal=digest, task=str(about.proposal), index=int(about.index or 0),
        revision=int(about.revision or 0), op=change.op, ehr=proposal.ehr, base_url=ehr.base_url,
        target=content.target, operation=change.operation,
    )  # fmt: skip
    digests = (
        change_digest(
            subject,
            content.delta,
            content.signed_evidence(),
            change.verdict.digest(),
            workspace.team,
        ),
        bytes_digest(content.nonce, content.held, content.resource),
    )
    gateway = Actor("gateway", "gateway", workspace.keys.signer("gateway").kid)
    data: JsonObject = {
        "agent": proposal.agent.id,
        "urgency": proposal.urgency,
        "op": change.op,
        "type": change.resource["resourceType"],
        "depends": [exact(item) for item in change.depends_on],
        **revision_data(content, digests),
    }
    transaction.append(
        Event(
            "change.proposed",
            gateway,
            about,
            data=data,
            after=State.PROPOSED,
            body=content.as_json(found.label),
        )
    )
    admit(workspace, transaction, about, digests, change.verdict, found.consent)


def admit(
    workspace: Workspace,
    transaction: Transaction,
    about: About,
    digests: tuple[str, str],
    verdict: Verdict,
    consent: str,
    before: State = State.PROPOSED,
) -> None:
    """Record the verdict and, unless it denies, the gateway's signed admission."""
    gateway = Actor("gateway", "gateway", workspace.keys.signer("gateway").kid)
    policy = document(transaction, "policy").digest
    denied = verdict.outcome == "denied"
    first = before == State.PROPOSED
    transaction.append(
        Event(
            "change.evaluated",
            gateway,
            about,
            data=verdict_data(verdict, policy, consent),
            before=before if first or denied else None,
            after=State.DENIED if denied else State.POLICY_APPROVED if first else None,
        )
    )
    if denied:
        return
    expires, hold = _times(transaction, verdict)
    statement = _admission(workspace, transaction, about, digests, verdict, expires, hold)
    after = State.READY if verdict.outcome == "auto" else State.PENDING
    transaction.append(
        Event(
            "change.admitted",
            gateway,
            about,
            data={"expires": expires, "statement": statement.text},
            before=State.POLICY_APPROVED if first else None,
            after=after if first else None,
            refs=({"kind": "admission", "digest": statement.digest},),
        )
    )


def content_of(
    workspace: Workspace, change: Surveyed, evidence: tuple[JsonObject, ...], index: int
) -> Content:
    """Return the body of one surveyed change."""
    held = None
    if change.base is not None:
        held = Base(change.base.version, fingerprint(change.base.resource))
    return Content(
        nonce=workspace.ids.nonce(),
        target=change.target,
        rung=change.rung,
        base=None if change.base is None else change.base.resource,
        held=held,
        resource=change.resource,
        delta=change.delta,
        evidence=supports(evidence, index),
        displays=change.displays,
        narrative=change.narrative,
        trace=trace_data(change.verdict.trace),
    )


def revision_data(content: Content, digests: tuple[str, str]) -> JsonObject:
    """Return the leaf members that describe one revision of a change."""
    return {
        "paths": [[path, effect] for path, effect in touched(content.delta)],
        "rung": content.rung,
        "change": digests[0],
        "bytes": digests[1],
    }


def _times(transaction: Transaction, verdict: Verdict) -> tuple[str, int]:
    route = verdict.route
    seconds = 0 if route is None else route.expiry_s
    return (
        instant(transaction.clock.lo + timedelta(seconds=seconds)),
        0 if route is None else route.hold_s,
    )


def _admission(
    workspace: Workspace,
    transaction: Transaction,
    about: About,
    digests: tuple[str, str],
    verdict: Verdict,
    expires: str,
    hold: int,
) -> Statement:
    payload: JsonObject = {
        "v": Number("1"),
        "team": workspace.team,
        "id": workspace.ids.uuid(),
        "at": instant(transaction.clock.lo),
        "task": about.proposal,
        "position": exact(transaction.size),
        "changes": [
            {
                "index": exact(about.index),
                "revision": exact(about.revision),
                "operation": about.operation,
                "change": digests[0],
                "bytes": digests[1],
                "verdict": verdict.digest(),
                "state": "ready-for-write" if verdict.outcome == "auto" else "pending-human-review",
                "expires": expires,
                "hold_s": exact(hold),
            }
        ],
    }
    return sign("admission", payload, workspace.keys.signer("gateway"))


def _proposal_data(proposal: Proposal, statement: Statement, same: str) -> JsonObject:
    data: JsonObject = {
        "agent": proposal.agent.id,
        "model": proposal.agent.model,
        "prompt": proposal.agent.prompt,
        "services": list(proposal.agent.services),
        "correlation": proposal.correlation_id,
        "same": same,
        "purpose": proposal.purpose,
        "workflow": proposal.workflow,
        "urgency": proposal.urgency,
        "confidence": str(proposal.confidence),
        "changes": exact(len(proposal.changes)),
        "digest": statement.digest,
    }
    if proposal.needed_by is not None:
        data["needed_by"] = instant(proposal.needed_by)
    return data
