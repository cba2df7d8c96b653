"""Giving a change that nobody decided in time to somebody who can. Source: design §6, §8.

A supervisor names a role or a person and a new time; older votes are void. Being named never lets
anybody decide who does not hold a role of the route.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from core.canonical import JsonObject
from core.errors import BadInput, Conflict, CountersignError
from core.ledger.event import Actor, Event, instant
from core.lifecycle import State
from core.ports import Transaction
from core.records import ChangeRow
from core.review.asking import case_of, check, person_here
from core.review.decide import about
from core.review.permissions import answer
from core.review.signing import sign_act
from core.review.voting import find_change, standing
from core.roster import Person, Roster
from core.statement import Statement
from core.workspace import Workspace, roster_in_force

MAX_REASON = 1_000
ROLE, PERSON = "role:", "person:"


@dataclass(frozen=True, slots=True)
class Handover:
    """To whom, for how long, and why; name a role or a person."""

    to_role: str | None
    to_person: str | None
    expires_in: timedelta
    reason: str

    @property
    def assigned(self) -> str:
        """`role:nurse` or `person:dr-lee`, as it is kept."""
        return f"{PERSON}{self.to_person}" if self.to_person else f"{ROLE}{self.to_role}"


@dataclass(frozen=True, slots=True)
class Item:
    """One change as the supervisor saw it; another hash or state is not reassigned."""

    proposal: str
    index: int
    digest: str
    state: str


@dataclass(frozen=True, slots=True)
class Reassigned:
    """What became of one item: its new expiry, or why it was left as it is."""

    item: Item
    expires: str | None
    why_not: str | None = None


def reassign(workspace: Workspace, items: Sequence[Item], handover: Handover) -> list[Reassigned]:
    """Reassign what is still as it was seen, in one transaction; say of the rest why not.

    Raises BadInput for a reason or an assignee that cannot be, Refused for who may not.
    """
    _check(handover)
    done: list[Reassigned] = []
    with workspace.ledger.transaction() as transaction:
        roster = roster_in_force(transaction)
        _check_any(workspace, transaction, items)
        for item in items:
            try:
                expires = _one(workspace, transaction, roster, item, handover)
            except CountersignError as error:
                done.append(Reassigned(item, None, error.problem))
            else:
                done.append(Reassigned(item, expires))
    return done


def candidates(roster: Roster, change: ChangeRow) -> tuple[list[str], list[str]]:
    """Return the roles of a change's route, and the people who hold one of them."""
    route = change.route_json or {}
    roles = [str(role) for role in route.get("roles", ())]
    held = roster.roles()
    return roles, sorted(name for name, own in held.items() if own & set(roles))


def _check(handover: Handover) -> None:
    if bool(handover.to_role) == bool(handover.to_person):
        raise BadInput("name a role or a person", field="to", remedy="One of the two")
    if not handover.reason.strip() or len(handover.reason) > MAX_REASON:
        raise BadInput(f"is missing, or longer than {MAX_REASON} characters", field="reason")
    if handover.expires_in <= timedelta(0):
        raise BadInput("is not in the future", field="expires", remedy="Such as 4h")


def _check_any(workspace: Workspace, transaction: Transaction, items: Sequence[Item]) -> None:
    """Raise Refused where the person here may reassign none of these for want of a role."""
    who = person_here(workspace, roster_in_force(transaction))
    refused: CountersignError | None = None
    for item in items:
        change = transaction.change(item.proposal, item.index)
        if change is None:
            return
        why = answer("reassign", who, case_of(transaction, change, transaction.clock.hi))
        if why is None or why.kind == "state":
            return
        refused = why.error(item.index)
    if refused is not None:
        raise refused


def _one(
    workspace: Workspace,
    transaction: Transaction,
    roster: Roster,
    item: Item,
    handover: Handover,
) -> str:
    row, change = find_change(transaction, item.proposal, item.index)
    if (change.change_digest, change.state) != (item.digest, item.state):
        raise Conflict(f"it is {change.state} now and not what was shown")
    person = check(workspace, transaction, "reassign", change, transaction.clock.hi)
    roles, people = candidates(roster, change)
    if handover.to_role and handover.to_role not in roles:
        raise BadInput(f"its route asks for {' or '.join(roles)}", field="to")
    if handover.to_person and handover.to_person not in people:
        raise BadInput("that person holds no role of its route", field="to")
    longest = timedelta(seconds=int((change.route_json or {})["expiry_s"]))
    expires = instant(transaction.clock.lo + min(handover.expires_in, longest))
    votes = standing(transaction, change)
    statement = _signed(workspace, row.subject, change, handover, expires, person)
    moves = change.state != State.PENDING
    transaction.append(
        Event(
            "change.reassigned",
            Actor("reviewer", person.id, statement.kid),
            about(change),
            data={
                "to": handover.assigned,
                "expires": expires,
                "by": person.id,
                "decisions": [vote.id for vote in votes],
                "why": "reassigned",
                "statement": statement.text,
            },
            before=change.state if moves else None,
            after=State.PENDING if moves else None,
            refs=({"kind": "reassignment", "digest": statement.digest},),
            body={"reason": handover.reason.strip()},
        )
    )
    return expires


def _signed(
    workspace: Workspace,
    subject: str,
    change: ChangeRow,
    handover: Handover,
    expires: str,
    person: Person,
) -> Statement:
    words: JsonObject = {
        "change": change.change_digest,
        "to": handover.assigned,
        "expires": expires,
    }
    return sign_act(workspace, "reassignment", subject, change, person.id, words)
