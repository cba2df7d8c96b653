"""Admitting changes: the gateway's word that they may be decided, and in exactly which bytes.

Source: design §6, hub-protocol §2, §6 step 2.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.canonical import JsonObject, Number, exact
from core.delta import touched
from core.digests import Base, Subject, bytes_digest, change_digest, fingerprint
from core.errors import Failed
from core.intake.hold import hold
from core.intake.judge import trace_data, verdict_data
from core.intake.survey import Survey, Surveyed
from core.ledger.event import About, Actor, Event, instant, moment
from core.lifecycle import State
from core.policy import Verdict
from core.ports import Transaction
from core.proposal import Proposal
from core.records import ChangeRow, ProposalRow
from core.review.content import Content, supports
from core.statement import Statement, sign
from core.workspace import Workspace, document


def append_change(
    workspace: Workspace,
    transaction: Transaction,
    about: About,
    row: ProposalRow,
    proposal: Proposal,
    found: Survey,
    change: Surveyed,
) -> None:
    """Append the events of one change: proposed, evaluated, and admitted unless denied."""
    content = content_of(workspace, change, found.evidence, int(about.index or 0))
    ehr = workspace.ehr(proposal.ehr)
    subject = Subject(
        nonce=content.nonce, proposal=row.digest, task=row.subject, index=int(about.index or 0),
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
        "asked": change.same.asked,
        "grounds": change.same.grounds,
        **revision_data(content, digests),
    }
    if change.form is not None:
        data["form"] = change.form
    if proposal.needed_by is not None:
        data["needed_by"] = instant(proposal.needed_by)
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
    if change.held:
        hold(workspace, transaction, about, change.verdict, change.heard)
        return
    admit(
        workspace, transaction, about, digests, change.verdict, change.heard.answer,
        consent_at=change.heard.at,
    )  # fmt: skip


def admit(
    workspace: Workspace,
    transaction: Transaction,
    about: About,
    digests: tuple[str, str],
    verdict: Verdict,
    consent: str,
    before: State = State.PROPOSED,
    *,
    consent_at: datetime | None = None,
    moves: bool = False,
) -> None:
    """Record the verdict and, unless it denies, the gateway's signed admission.

    `consent_at` is when the Consents were read. With `moves` an automatic verdict takes a change
    that nobody could decide from review to ready; without, what waits for people goes on waiting.
    """
    gateway = Actor("gateway", "gateway", workspace.keys.signer("gateway").kid)
    policy = document(transaction, "policy").digest
    denied = verdict.outcome == "denied"
    first = before == State.PROPOSED
    transaction.append(
        Event(
            "change.evaluated",
            gateway,
            about,
            data=verdict_data(verdict, policy, consent, consent_at),
            before=before if first or denied else None,
            after=State.DENIED if denied else State.POLICY_APPROVED if first else None,
        )
    )
    if denied:
        return
    expires, hold = _times(transaction, verdict)
    row = _row(transaction, about)
    statement = _admission(
        workspace, transaction, about, row.subject, digests, verdict, expires, hold
    )
    ref: JsonObject = {"kind": "admission", "digest": statement.digest}
    if row.task is not None:
        ref["task"] = row.task
    after = State.READY if verdict.outcome == "auto" else State.PENDING
    passes = moves and not first and after == State.READY
    transaction.append(
        Event(
            "change.admitted",
            gateway,
            about,
            data={"expires": expires, "statement": statement.text},
            before=State.POLICY_APPROVED if first else before if passes else None,
            after=after if first or passes else None,
            refs=(ref,),
        )
    )


def consent_at(change: ChangeRow) -> datetime | None:
    """Return when the Consents were read that a change's answer rests on."""
    return None if change.consent_at is None else moment(change.consent_at)


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
        earlier=change.earlier,
        beside=change.beside,
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
    subject: str,
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
        "task": subject,
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


def _row(transaction: Transaction, about: About) -> ProposalRow:
    found = transaction.proposal(str(about.proposal))
    if found is None:
        raise Failed("a change of a proposal that is not there cannot be admitted")
    return found
