"""Reading everything afresh before a write, and what to do where the base moved.

Source: design §8 (an approval is void when …; rebase), §9 (base, consent and policy fresh).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from core import stamps
from core.canonical import JsonObject, Number, exact
from core.consent import denies
from core.consent.consult import Case as ConsentCase
from core.consent.consult import consult
from core.delta import disturbed, touched
from core.digests import Base, bytes_digest, fingerprint
from core.errors import Failed
from core.gateway.beside import check_beside
from core.gateway.guards import Stopped, Versions, check_consent, holding_now, versions
from core.gateway.returned import Returned
from core.grounding import belongs_to
from core.intake.build import narrative_of, reapply, stamp
from core.intake.by_hand import judged_by_hand
from core.intake.earlier import earlier
from core.intake.judge import About, Case, Setting, judge
from core.ledger.event import instant, moment
from core.policy import Verdict
from core.policy.request import Operation
from core.ports import Fetched, Reads
from core.profile.asked import undone_by_api
from core.records import ChangeRow, ProposalRow
from core.review.content import Content, Erased, read_content
from core.statement import Statement, sign
from core.workspace import Workspace, phase_in_force, policy_in_force, roster_in_force


@dataclass(frozen=True, slots=True)
class Fresh:
    """What will be sent, after everything was read again."""

    content: Content
    """The approved content, rebased where that was needed."""
    rebased: bool
    looked_at: Versions
    read_at: datetime
    """When reading it all began."""


async def refresh(
    workspace: Workspace, proposal: ProposalRow, change: ChangeRow, content: Content
) -> Fresh:
    """Read base, consent and policy now; raises Stopped, Returned or Unreachable."""
    with workspace.ledger.moment():
        looked_at, begun = versions(workspace.ledger), workspace.clock.now()
        context = proposal_body(workspace.ledger, proposal)
    patient = str(context["patient"])
    fresh = content
    if content.base is None:
        await _check_patient(workspace, change.ehr, patient)
    else:
        fresh = await _fresh_base(workspace, change, content, patient)
    await _check_consent(workspace, proposal, change, patient, fresh)
    seen = await _fresh_earlier(workspace, change, fresh, patient)
    await check_beside(workspace, change, seen, patient)
    with workspace.ledger.moment():
        verdict = judge_again(workspace.ledger, proposal, change, seen, workspace.clock.now())
    if verdict.outcome == "denied" or verdict.digest() != change.verdict_digest:
        raise Returned("verdict-changed", seen)
    return Fresh(fresh, fresh is not content, looked_at, begun)


async def _check_consent(
    workspace: Workspace, proposal: ProposalRow, change: ChangeRow, patient: str, fresh: Content
) -> None:
    case = ConsentCase(change.ehr, patient, proposal.agent, proposal.purpose)
    consulted = await consult(workspace, case, fresh=True)
    operation: Operation = "create" if change.op == "create" else "update"
    heard = consulted.about(change.type, operation, fresh.base, fresh.resource)
    bypassed = _bypassed(workspace, proposal, change) if denies(heard.answer) else _NOTHING
    check_consent(heard.answer, bypassed)


_NOTHING: frozenset[str] = frozenset()


def _bypassed(workspace: Workspace, proposal: ProposalRow, change: ChangeRow) -> frozenset[str]:
    """Return what the approvals of the content that people saw may bypass, recomputed."""
    reads, now = workspace.ledger, workspace.clock.now()
    approved = read_content(reads, change)
    roster = roster_in_force(reads)
    holding = holding_now(workspace, reads, now, proposal, change, approved, roster)
    return holding.bypassed if holding.why_not is None else _NOTHING


async def _fresh_earlier(
    workspace: Workspace, change: ChangeRow, content: Content, patient: str
) -> Content:
    """Return the content with what stands in the chart now before a create; raises Unreachable."""
    if content.base is not None:
        return content
    policy = policy_in_force(workspace.ledger)
    found = await earlier(workspace.ehr(change.ehr), policy, patient, content.resource)
    return replace(content, earlier=found)


def judge_again(
    reads: Reads,
    proposal: ProposalRow,
    change: ChangeRow,
    content: Content,
    now: datetime,
) -> Verdict:
    """Ask the policy in force about a change as it stands; ages of evidence count up to `now`."""
    operation: Operation = "create" if change.op == "create" else "update"
    body = proposal_body(reads, proposal)
    policy = policy_in_force(reads)
    verdict = judge(
        policy,
        roster_in_force(reads),
        Case(
            agent=proposal.agent,
            model=proposal.model,
            prompt=proposal.prompt,
            ehr=proposal.ehr,
            purpose=proposal.purpose,
            workflow=proposal.workflow,
            confidence=Decimal(proposal.confidence),
            has_encounter=body["encounter"] is not None,
            urgency=proposal.claimed_urgency or proposal.urgency,
        ),
        operation,
        # As intake saw it: without the stamps, which are ours and no value of the agent's.
        stamps.bare(content.resource, content.base, change.operation),
        content.delta,
        content.narrative,
        content.evidence,
        Setting(
            phase_in_force(reads),
            now,
            content.earlier if content.base is None else (content.base,),
            undone_by_api(reads, change.ehr, change.type),
        ),
        About(content.base, body.get("patient_resource"), moment(proposal.at).date()),
        content.beside,
    )
    return judged_by_hand(reads, change, verdict, policy)


def rebuilt(change: ChangeRow, content: Content, fresh: Fetched) -> Content:
    """Return the content of a change carried to a fresh base, with the delta from there."""
    resource, delta = reapply(fresh.resource, content.resource, content.delta)
    return replace(
        content,
        base=fresh.resource,
        held=Base(fresh.version, fingerprint(fresh.resource)),
        resource=stamp(resource, change.operation, change.rung, create=False),
        delta=delta,
        narrative=narrative_of(fresh.resource, resource),
    )


def rebase_statement(
    workspace: Workspace, subject: str, change: ChangeRow, content: Content
) -> Statement:
    """Sign what the gateway did to the bytes: old and new digest, and the base they rest on.

    `subject` is what statements call the proposal (`ProposalRow.subject`).
    """
    held = content.held
    payload: JsonObject = {
        "v": Number("1"),
        "team": workspace.team,
        "id": workspace.ids.uuid(),
        "at": instant(workspace.clock.now()),
        "task": subject,
        "index": exact(change.idx),
        "revision": exact(change.revision),
        "operation": change.operation,
        "old": change.bytes_digest,
        "new": bytes_digest(content.nonce, held, content.resource),
        "base": None if held is None else held.as_json(),
    }
    return sign("rebase", payload, workspace.keys.signer("gateway"))


def proposal_body(reads: Reads, proposal: ProposalRow) -> JsonObject:
    """Return what the proposal's first event shows; Erased when that is gone."""
    entry = reads.entry(proposal.body_seq)
    if entry is None or entry.body is None:
        raise Erased("the content of this proposal was erased; it can no longer be sent")
    return entry.body


async def _check_patient(workspace: Workspace, ehr: str, patient: str) -> None:
    found = await workspace.ehr(ehr).read(patient)
    if found is None:
        raise Stopped("patient-gone", "void")
    links = found.resource.get("link") or []
    if any(isinstance(link, dict) and link.get("type") == "replaced-by" for link in links):
        raise Stopped("patient-merged", "void")


async def _fresh_base(
    workspace: Workspace, change: ChangeRow, content: Content, patient: str
) -> Content:
    if content.base is None or content.held is None or content.target is None:
        raise Failed("an update without a base cannot be sent")
    ehr = workspace.ehr(change.ehr)
    fresh = await ehr.read(content.target)
    if fresh is None:
        raise Stopped("target-gone", "void")
    if not fresh.version:
        # Without it there is nothing to name in If-Match, and no telling what ours replaced.
        raise Stopped("base-unversioned", "wait")
    if fresh.redacted:
        raise Stopped("base-redacted", "wait")
    if not belongs_to(fresh.resource, patient, base=ehr.base_url):
        raise Stopped("other-patient", "void")
    if Base(fresh.version, fingerprint(fresh.resource)) == content.held:
        return content
    again = rebuilt(change, content, fresh)
    moved = disturbed(content.base, fresh.resource, content.delta)
    route = change.route_json or {}
    if moved or route.get("rebase") is not True or touched(again.delta) != touched(content.delta):
        raise Returned("base-moved", again, moved)
    # The approved delta stays what was signed; only what lies beside it moved.
    return replace(again, delta=content.delta)
