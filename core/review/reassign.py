"""Giving a change that nobody decided in time to somebody who can. Source: design §6, §8.

A supervisor names a role or a person and a new time; older votes are void. Being named never lets
anybody decide who does not hold a role of the route.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core.canonical import JsonObject, Number, exact
from core.duty.resolve import reassigners
from core.errors import BadInput, Conflict, CountersignError, Refused
from core.ledger.event import Actor, Event, instant
from core.lifecycle import State
from core.ports import Transaction
from core.records import ChangeRow
from core.review.decide import about
from core.review.voting import find_change, standing
from core.roster import Person, Roster
from core.statement import Statement, sign
from core.workspace import Workspace, roster_in_force

FROM = frozenset({State.PENDING, State.EXPIRED, State.DEFERRED})
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
        person = _supervisor(workspace, roster, [_route(transaction, item) for item in items])
        for item in items:
            try:
                expires = _one(workspace, transaction, roster, person, item, handover)
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


def may_reassign(person: Person, route: Mapping[str, Any]) -> bool:
    """Tell whether a person holds a role that may give changes of that route to others."""
    return bool(set(reassigners(route)) & set(person.roles))


def _route(transaction: Transaction, item: Item) -> Mapping[str, Any]:
    change = transaction.change(item.proposal, item.index)
    return {} if change is None or change.route_json is None else change.route_json


def _supervisor(
    workspace: Workspace, roster: Roster, routes: Sequence[Mapping[str, Any]]
) -> Person:
    """Return who sits here, if they may reassign anything of that; of the rest each says why."""
    person = roster.person(workspace.reviewer)
    kid = workspace.keys.signer("reviewer").kid
    if not any(key.kid == kid and not key.revoked for key in person.keys):
        raise Refused("your signing key is not enrolled, or was revoked", remedy="See `roster`")
    if routes and not any(may_reassign(person, route) for route in routes):
        wanted = dict.fromkeys(role for route in routes for role in reassigners(route))
        raise Refused(f"only {' or '.join(wanted)} may reassign this", remedy="Ask one of them")
    return person


def _one(
    workspace: Workspace,
    transaction: Transaction,
    roster: Roster,
    person: Person,
    item: Item,
    handover: Handover,
) -> str:
    row, change = find_change(transaction, item.proposal, item.index)
    if (change.change_digest, change.state) != (item.digest, item.state):
        raise Conflict(f"it is {change.state} now and not what was shown")
    if change.state not in FROM:
        raise Conflict(f"it is {change.state}; nobody has to decide it")
    route = change.route_json or {}
    if not may_reassign(person, route):
        raise Refused(f"its route lets only {' or '.join(reassigners(route))} reassign it")
    roles, people = candidates(roster, change)
    if handover.to_role and handover.to_role not in roles:
        raise BadInput(f"its route asks for {' or '.join(roles)}", field="to")
    if handover.to_person and handover.to_person not in people:
        raise BadInput("that person holds no role of its route", field="to")
    longest = timedelta(seconds=int(route["expiry_s"]))
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
    payload: JsonObject = {
        "v": Number("1"),
        "team": workspace.team,
        "id": workspace.ids.uuid(),
        "at": instant(workspace.clock.now()),
        "task": subject,
        "index": exact(change.idx),
        "revision": exact(change.revision),
        "operation": change.operation,
        "change": change.change_digest,
        "to": handover.assigned,
        "expires": expires,
        "reviewer": person.id,
    }
    return sign("reassignment", payload, workspace.keys.signer("reviewer"))
