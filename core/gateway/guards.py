"""The guards of one write: each says go, or why not and what follows.

Source: design §9, hub-protocol §6 step 7. They run at intake where they can, and all of them again
here, on fresh input, just before the bytes leave. Missing or unreadable input never lets a write
through.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from core.consent import denies, permits
from core.errors import BadInput
from core.gateway.failing import is_due
from core.gateway.pausing import paused
from core.incident.freeze import frozen_by, target_of
from core.intake.by_hand import NO_API
from core.ledger.event import moment
from core.lifecycle import State
from core.ports import Reads, Transaction
from core.probe.measured import refused
from core.profile.asked import refusal_now
from core.records import BY_HAND, ChangeRow, ProposalRow
from core.review.approval import Holding, Now, approvals_hold
from core.review.content import Content
from core.review.dependencies import GONE, gone
from core.roster import Roster
from core.trust import Untrusted, check_in_force
from core.workspace import (
    Workspace,
    document,
    phase_in_force,
    policy_in_force,
    roster_in_force,
)

Consequence = Literal["wait", "void", "park"]

DONE = frozenset({State.VERIFIED, State.CORRECTED})


class Stopped(Exception):
    """A guard stopped the write before its first byte.

    `why` is a static code; `consequence`: `wait` leaves the change ready, `void` sends it back to
    review, `park` makes it an exception.
    """

    def __init__(self, why: str, consequence: Consequence):
        self.why = why
        self.consequence: Consequence = consequence
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Versions:
    """The documents that the guards looked at; the last transaction checks they are still those."""

    policy: str
    roster: str
    phase: str = "1"


def versions(reads: Reads) -> Versions:
    """Return the digests of the policy and roster in force, and the adoption phase."""
    policy, roster = document(reads, "policy"), document(reads, "roster")
    return Versions(policy.digest, roster.digest, phase_in_force(reads))


def check_lifecycle(reads: Reads, change: ChangeRow, lo: datetime) -> None:
    """Stop unless ready, held long enough and unspent.

    `lo` is the lower bound of the time: a hold is over only when it certainly is.
    """
    if change.state != State.READY:
        raise Stopped("not-ready", "wait")
    hold = timedelta(seconds=int((change.route_json or {}).get("hold_s", 0)))
    if lo < moment(change.since) + hold:
        raise Stopped("on-hold", "wait")
    if not is_due(reads, change, lo):
        raise Stopped("put-off", "wait")
    written = reads.write(change.operation)
    if written is not None and written.state != State.READY:
        raise Stopped("operation-spent", "park")
    if reads.manual(change.operation) is not None:
        raise Stopped("entered-by-hand", "park")
    if change.rung in refused(reads, change.ehr):
        raise Stopped("rung-unsafe", "park")
    check_may_write(reads, change)


def check_may_write(reads: Reads, change: ChangeRow) -> None:
    """Stop what the EHR has no API write for, as its profile and its answers say now.

    It stays ready: a person enters it by hand, or recalls it (docs/adr/0027).
    """
    try:
        refusing = refusal_now(reads, change.ehr, change.type, change.op)
    except BadInput:
        raise Stopped("profile-unreadable", "wait") from None
    if change.rung == BY_HAND or refusing is not None:
        raise Stopped(NO_API, "wait")


def check_dependencies(reads: Reads, change: ChangeRow) -> None:
    """Stop while what the change rests on is still to come.

    What will never come is for people to know: `approvals_hold` asks that they signed so, and a
    change that no person decides is parked.
    """
    for index in change.depends_on:
        other = reads.change(change.proposal, index)
        if other is None or State(other.state) not in DONE | GONE:
            raise Stopped("dependency-open", "wait")
    if change.outcome == "auto" and gone(reads, change):
        raise Stopped("dependency-gone", "park")


def check_paused(reads: Reads, change: ChangeRow) -> None:
    """Stop while something that went wrong holds this patient's writes up, or the route's."""
    held_up = paused(reads, change)
    if held_up is not None:
        raise Stopped(held_up.why, "wait")


def check_freeze(reads: Reads, proposal: ProposalRow, change: ChangeRow) -> None:
    """Stop while a freeze in force matches."""
    if frozen_by(reads.freezes(), target_of(proposal, change)) is not None:
        raise Stopped("frozen", "wait")


def check_approvals(
    workspace: Workspace,
    reads: Reads,
    hi: datetime,
    proposal: ProposalRow,
    change: ChangeRow,
    content: Content,
    roster: Roster,
) -> None:
    """Stop unless enough valid signatures cover exactly this content; recomputed, not believed.

    `hi` is the upper bound of the time.
    """
    if change.outcome == "auto":
        return
    holding = holding_now(workspace, reads, hi, proposal, change, content, roster)
    if holding.why_not is not None:
        raise Stopped(holding.why_not, "void")


def holding_now(
    workspace: Workspace,
    reads: Reads,
    hi: datetime,
    proposal: ProposalRow,
    change: ChangeRow,
    content: Content,
    roster: Roster,
) -> Holding:
    """Return whether the approvals hold at this moment, and what broken glass bypasses."""
    verdict = change.verdict_digest or ""
    ehr = workspace.ehr(change.ehr)
    digest, exact = content.digests(proposal, change, ehr.base_url, verdict, workspace.team)
    votes = list(reads.decisions(change.proposal, change.idx))
    glass = {row.decision: row.statement for row in reads.broken_glass(change.proposal, change.idx)}
    may_break = policy_in_force(reads).break_glass if glass else frozenset()
    missing = tuple(gone(reads, change))
    now = Now(digest, exact, verdict, hi, roster, may_break, glass, missing)
    return approvals_hold(proposal, change, votes, now)


def check_consent(consent: str, bypassed: frozenset[str] = frozenset()) -> None:
    """Stop unless consent, asked again, permits; broken glass passes a denial, never a doubt."""
    if denies(consent) and "consent" in bypassed:
        return
    if denies(consent):
        raise Stopped("consent-denied", "void")
    if not permits(consent):
        raise Stopped("consent-unreadable", "wait")


def check_documents(reads: Reads, ehr: str) -> None:
    """Stop unless policy, roster, phase and the EHR's profile are those that admins signed."""
    optional = [kind for kind in ("phase", f"profile.{ehr}") if reads.config(kind)]
    try:
        check_in_force(reads, "policy", *optional)
    except Untrusted:
        raise Stopped("documents-untrusted", "wait") from None


def check_last(
    workspace: Workspace,
    transaction: Transaction,
    proposal: ProposalRow,
    seen: ChangeRow,
    content: Content,
    looked_at: Versions,
    epoch: int,
) -> None:
    """Check, in the transaction of the intent, that nothing moved since the guards ran.

    `content` is what was approved, `looked_at` the documents that the fresh verdict rests on.
    """
    if transaction.change(seen.proposal, seen.idx) != seen:
        raise Stopped("changed-meanwhile", "wait")
    check_lifecycle(transaction, seen, transaction.clock.lo)
    check_documents(transaction, seen.ehr)
    roster = roster_in_force(transaction)
    hi = transaction.clock.hi
    check_approvals(workspace, transaction, hi, proposal, seen, content, roster)
    check_dependencies(transaction, seen)
    check_freeze(transaction, proposal, seen)
    check_paused(transaction, seen)
    if versions(transaction) != looked_at:
        raise Stopped("policy-or-roster-changed", "wait")
    if not transaction.holds_lease(epoch):
        raise Stopped("lease-lost", "wait")
