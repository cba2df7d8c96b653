"""Whether the approvals of a change hold now, from their signatures and nothing else.

Source: hub-protocol §2 ("An approval holds at send iff"). Rows are only where to look: every fact
is read from the signed statement and compared with what is recomputed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.canonical import JsonObject
from core.ledger.event import moment
from core.records import ChangeRow, DecisionRow, ProposalRow
from core.review.asking import authors
from core.review.attestation import attested
from core.review.dependencies import does_without
from core.roster import Roster
from core.statement import InvalidStatement, verify

BYPASSABLE = frozenset({"consent", "quorum", "role"})
"""All that broken glass can bypass (design §8)."""


@dataclass(frozen=True, slots=True)
class Holding:
    """`reviewers` who validly approved, or why the approvals do not hold, as a static code."""

    reviewers: tuple[str, ...]
    why_not: str | None
    bypassed: frozenset[str] = frozenset()
    """What a holding approval with broken glass bypasses: `consent`, `quorum`, `role`."""


@dataclass(frozen=True, slots=True)
class Now:
    """What an approval is compared with, recomputed at this moment."""

    change: str
    bytes: str
    verdict: str
    hi: datetime
    roster: Roster
    may_break: frozenset[str] = frozenset()
    """The roles that the policy in force lets break the glass."""
    glass: Mapping[str, str] = field(default_factory=dict)
    """Decision id → the signed statement that broke the glass for it."""
    missing: tuple[ChangeRow, ...] = ()
    """What the change rests on and what will not be written."""


def approvals_hold(
    proposal: ProposalRow, change: ChangeRow, votes: list[DecisionRow], now: Now
) -> Holding:
    """Return who validly approved this revision, and whether that is enough for its route.

    A changed base that the route may rebase is the gateway's to prove afterwards: here `bytes`
    must be those that were approved.
    """
    valid: set[str] = set()
    bypassed: set[str] = set()
    why = "no-approval"
    for vote in votes:
        if vote.revision != change.revision or vote.void is not None or vote.outcome != "approve":
            continue
        broken = broken_by(proposal, change, vote, now)
        reviewer, problem = _vote_holds(proposal, change, vote, now, broken)
        if reviewer is None:
            why = problem
        else:
            valid.add(reviewer)
            bypassed |= broken
    route = change.route_json
    if route is None:
        return Holding((), "no-route")
    if len(valid) < int(route["quorum"]) and "quorum" not in bypassed:
        return Holding(tuple(sorted(valid)), why)
    return Holding(tuple(sorted(valid)), None, frozenset(bypassed))


def broken_by(
    proposal: ProposalRow, change: ChangeRow, vote: DecisionRow, now: Now
) -> frozenset[str]:
    """Return what a vote may bypass, which is nothing unless its reviewer signed just that.

    It counts for this very vote and these digests, in a role that they still hold and that the
    policy in force still lets break the glass.
    """
    text = now.glass.get(vote.id)
    if text is None:
        return frozenset()
    try:
        statement = verify(text, "break-glass", now.roster.keys_for("break-glass"))
    except InvalidStatement:
        return frozenset()
    person, payload = now.roster.owner(statement.kid), statement.payload
    if person is None or person.id != payload.get("reviewer") or payload.get("decision") != vote.id:
        return frozenset()
    if not _about_this({**payload, "outcome": "approve"}, proposal, change):
        return frozenset()
    role = payload.get("role")
    if _changed(payload, now) is not None or role not in now.may_break & set(person.roles):
        return frozenset()
    named = payload.get("bypasses")
    return BYPASSABLE & {str(one) for one in named} if isinstance(named, list) else frozenset()


def _vote_holds(
    proposal: ProposalRow,
    change: ChangeRow,
    vote: DecisionRow,
    now: Now,
    broken: frozenset[str],
) -> tuple[str | None, str]:
    try:
        statement = verify(vote.statement, "decision", now.roster.keys_for("decision"))
    except InvalidStatement:
        return None, "signature-invalid"
    person = now.roster.owner(statement.kid)
    payload = statement.payload
    if person is None or person.id != payload.get("reviewer"):
        return None, "signature-invalid"
    if payload.get("id") != vote.id or not _about_this(payload, proposal, change):
        return None, "other-change"
    problem = _changed(payload, now)
    if problem is not None:
        return None, problem
    route = change.route_json or {}
    role = payload.get("role")
    if role not in person.roles or (role not in route.get("roles", ()) and "role" not in broken):
        return None, "role-changed"
    if person.id in authors(proposal):
        return None, "self-approved"
    if not attested(route, payload.get("attested")):
        return None, "not-attested"
    if not does_without(now.missing, payload.get("without")):
        return None, "dependency-gone"
    if now.hi >= moment(str(payload["expires"])):
        return None, "expired"
    return person.id, ""


def _about_this(payload: JsonObject, proposal: ProposalRow, change: ChangeRow) -> bool:
    return (
        payload.get("outcome") == "approve"
        and payload.get("proposal") == proposal.digest
        and payload.get("task") == proposal.subject
        and payload["index"].text == str(change.idx)
        and payload["revision"].text == str(change.revision)
        and payload.get("operation") == change.operation
        and payload.get("ehr") == change.ehr
    )


def _changed(payload: JsonObject, now: Now) -> str | None:
    if payload.get("verdict") != now.verdict:
        return "verdict-changed"
    if payload.get("change") != now.change:
        return "change-altered"
    if payload.get("bytes") != now.bytes:
        return "bytes-altered"
    return None
