"""Asking the table of `core.review.permissions` about the person here and a change as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.consent import denies
from core.duty import resolve
from core.failure.classes import Failure
from core.ledger.event import moment
from core.lifecycle import State
from core.ports import Reads
from core.records import ChangeRow, ExceptionRow, ProposalRow
from core.review.permissions import NOBODY, Case, Who, Why, answer
from core.review.streak import why_paused
from core.review.voting import standing
from core.roster import Person, Roster
from core.workspace import Workspace, policy_in_force, roster_in_force

UNFOUND = "manual-entry"
"""The kind of the exception that an entry by hand which is not in the chart leads to."""
GRAVE = frozenset({"critical", Failure.AUTHORIZATION, Failure.REDIRECTED})
"""Classes for on-call staff: harm, or a refusal that is about consent or a merged patient."""
CONSENT_VOID = "consent-denied"
"""Why a revision waits again whose consent was withdrawn after it was approved."""


def person_here(workspace: Workspace, roster: Roster) -> Who:
    """Return who sits at this terminal, as the roster knows them."""
    kid = workspace.keys.signer("reviewer").kid
    for person in roster.people:
        if person.id == workspace.reviewer:
            enrolled = any(key.kid == kid and not key.revoked for key in person.keys)
            return Who(person.id, frozenset(person.roles), listed=True, enrolled=enrolled)
    return Who(workspace.reviewer)


def authors(proposal: ProposalRow | None) -> frozenset[str]:
    """Return who submitted a proposal by hand: the name it was proposed under.

    An agent's name is nobody's in the roster; submitting an agent's file makes nobody its author.
    """
    return NOBODY if proposal is None else frozenset({proposal.agent})


def case_of(reads: Reads, change: ChangeRow, hi: datetime | None) -> Case:
    """Return what the table is asked about a change; `hi` is the latest that it can be now.

    Without `hi` it counts as expired.
    """
    found = reads.exceptions(change.proposal, change.idx)
    return Case(
        state=State(change.state),
        roles=route_roles(change),
        reassign_by=reassigners(change),
        expired=hi is None or change.expires is None or hi >= moment(change.expires),
        breakers=policy_in_force(reads).break_glass,
        voters=frozenset(vote.reviewer for vote in standing(reads, change)),
        authors=authors(reads.proposal(change.proposal)),
        excepted=bool(found),
        grave=is_grave(found),
        unfound=bool(found) and all(item.kind == UNFOUND for item in found),
        quorum=int((change.route_json or {}).get("quorum", 1)),
        consent_denied=denies(change.consent or "") or change.void == CONSENT_VOID,
    )


def route_roles(change: ChangeRow) -> tuple[str, ...]:
    """Return the roles of a change's route, in the route's order."""
    return tuple(map(str, (change.route_json or {}).get("roles", ())))


def reassigners(change: ChangeRow) -> tuple[str, ...]:
    """Return the roles that may give a change to others; rows older than the key: supervisors."""
    return tuple(resolve.reassigners(change.route_json or {}))


def is_grave(found: Sequence[ExceptionRow]) -> bool:
    """Tell whether an exception asks for on-call staff or a supervisor, whatever the route says."""
    return any(item.class_ in GRAVE or item.kind == "ambiguous" for item in found)


def check(
    workspace: Workspace, reads: Reads, act: str, change: ChangeRow | None, hi: datetime
) -> Person:
    """Return the person here if the table lets them, by the roster in force; else raise why not."""
    roster = roster_in_force(reads)
    who = person_here(workspace, roster)
    case = None if change is None else case_of(reads, change, hi)
    why = answer(act, who, case)
    if why is not None:
        raise why.error(None if change is None else change.idx)
    return roster.person(who.id)


def why_not(workspace: Workspace, act: str, change: ChangeRow | None) -> Why | None:
    """Return why the person here may not do something now, for a screen that says so."""
    reads = workspace.ledger
    who = person_here(workspace, roster_in_force(reads))
    case = None if change is None else case_of(reads, change, workspace.clock.now())
    why = answer(act, who, case)
    if why is None and act == "approve" and change is not None:
        return why_paused(reads, change, who.id, reads.interval().lo)
    return why
