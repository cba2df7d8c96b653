"""What happens to a change that nobody decides: warned of, escalated, expired; never approved.

Each step is recorded once for a revision and its expiry, in this order, however late the gateway
looks. A change is warned of `warn_before` its expiry (a quarter of its time, at least a minute,
where its route does not say, or where it got less time than that); it escalates at half of what is
then left, or at once where nobody who can decide it is on duty. Expiry follows the upper end of the
clock's interval. Source: design §6, §8; hub-protocol §10 (clock).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.canonical import JsonObject
from core.duty.resolve import Called, escalated, reassigners, resolve
from core.errors import CountersignError
from core.gateway import events
from core.ledger.deadline_events import ESCALATED, EXPIRED, WARNED
from core.ledger.event import Event, Interval, moment
from core.lifecycle import State
from core.notice import Kind, Notice, raise_notice
from core.ports import Transaction
from core.records import ChangeRow
from core.review.decide import about, send_back_dependents
from core.review.voting import standing
from core.roster import Roster
from core.workspace import Workspace, roster_in_force

LEAST_WARNING = timedelta(minutes=1)
OPEN = (State.PENDING, State.DEFERRED)


class Swept(Protocol):
    """Where a sweep counts what it did; `core.gateway.run.Round` is one."""

    warned: int
    escalated: int
    expired: int
    due_again: int


@dataclass(frozen=True, slots=True)
class Times:
    """When a change that nobody decides is warned of, escalates and expires."""

    warn: datetime
    escalate: datetime
    expire: datetime


def times(change: ChangeRow) -> Times | None:
    """Return the times of a change; None where it never expires."""
    if change.expires is None:
        return None
    route = change.route_json or {}
    expire = moment(change.expires)
    if change.asked_from is None:
        whole = timedelta(seconds=int(route.get("expiry_s", 0)))
    else:
        whole = expire - moment(change.asked_from)
    said = route.get("warn_s")
    lead = None if said is None else timedelta(seconds=int(said))
    if lead is None or lead >= whole:
        lead = min(whole, max(LEAST_WARNING, whole / 4))
    return Times(expire - lead, expire - lead / 2, expire)


def sweep(workspace: Workspace, done: Swept) -> None:
    """Take every step that is due, and bring back what was deferred until now.

    Only the gateway does it. What is due of one change is one transaction, so that a crash takes
    all of it or nothing.
    """
    now = workspace.ledger.interval()
    for seen in workspace.ledger.changes_in(*OPEN):
        if not is_swept(seen, now):
            continue
        with workspace.ledger.transaction() as transaction:
            change = transaction.change(seen.proposal, seen.idx)
            if change is None or change.state != seen.state:
                continue
            if _run_out(workspace, transaction, change, done):
                continue
            if _is_due(change, transaction.clock.lo):
                transaction.append(_moved(workspace, change, "change.due", State.PENDING))
                done.due_again += 1


def next_step(change: ChangeRow) -> datetime | None:
    """Return when something has to be done next about an undecided change, by its deadline."""
    found = times(change)
    if found is None:
        return None
    if change.warned != change.term:
        return found.warn
    return found.expire if change.escalated == change.term else found.escalate


def is_swept(change: ChangeRow, now: Interval) -> bool:
    """Tell whether a sweep would do something about an undecided change."""
    step = next_step(change)
    return (step is not None and now.hi >= step) or _is_due(change, now.lo)


def _run_out(
    workspace: Workspace, transaction: Transaction, change: ChangeRow, done: Swept
) -> bool:
    """Take the steps that are due; tell whether the last of them, expiry, was."""
    found, hi = times(change), transaction.clock.hi
    if found is None or hi < found.warn:
        return False
    case = _Case(workspace, transaction, change, _roster(transaction))
    asked = None
    if change.warned != change.term:
        asked = case.warn()
        done.warned += 1
    nobody = asked is not None and asked.how not in ("on-duty", "deputies")
    if change.escalated != change.term and (nobody or hi >= found.escalate):
        case.escalate()
        done.escalated += 1
    if hi < found.expire:
        return False
    case.expire()
    done.expired += 1
    return True


def _roster(transaction: Transaction) -> Roster | None:
    """Return the roster in force; None where it cannot be read: then roles are told, not people."""
    try:
        return roster_in_force(transaction)
    except CountersignError:
        return None


@dataclass(frozen=True, slots=True)
class _Case:
    """One change whose time runs out."""

    workspace: Workspace
    transaction: Transaction
    change: ChangeRow
    roster: Roster | None

    def warn(self) -> Called:
        asked = self._asked()
        self._step(WARNED, asked)
        able = asked.how in ("on-duty", "deputies")
        self._tell("expiring", asked.to if able else self._roles("roles"))
        return asked

    def escalate(self) -> None:
        called = self._escalated()
        self._step(ESCALATED, called)
        self._tell("nobody-on-duty" if called.how == "nobody" else "escalated", called.to)

    def expire(self) -> None:
        self.transaction.append(_moved(self.workspace, self.change, EXPIRED, State.EXPIRED))
        send_back_dependents(self.workspace, self.transaction, self.change, "dependency-expired")
        roles = reassigners(self.change.route_json or {})
        called = Called("nobody", (), tuple(roles))
        if self.roster is not None:
            route = {"escalate_to": roles}
            called = escalated(self.roster, route, self.transaction.clock, self.change.ehr)
        self._tell("expired", called.to)

    def _asked(self) -> Called:
        if self.roster is None:
            return Called("nobody", (), tuple(self._names("roles")))
        return resolve(
            self.roster,
            self.change.route_json or {},
            self.transaction.clock,
            self.change.ehr,
            assigned=self.change.assigned,
            without={vote.reviewer for vote in standing(self.transaction, self.change)},
        )

    def _escalated(self) -> Called:
        if self.roster is None:
            return Called("nobody", (), tuple(self._names("escalate_to") or self._names("roles")))
        route = self.change.route_json or {}
        return escalated(self.roster, route, self.transaction.clock, self.change.ehr)

    def _step(self, type_: str, called: Called) -> None:
        data: JsonObject = {
            "expires": self.change.expires,
            "how": called.how,
            "people": list(called.people),
            "roles": list(called.roles),
        }
        actor = events.actor(self.workspace)
        self.transaction.append(Event(type_, actor, about(self.change), data=data))

    def _tell(self, kind: Kind, to: tuple[str, ...]) -> None:
        notice = Notice(kind, to, self.change.expires)
        actor = events.actor(self.workspace)
        raise_notice(self.workspace.ids, self.transaction, actor, about(self.change), notice)

    def _roles(self, member: str) -> tuple[str, ...]:
        return tuple(f"role:{role}" for role in self._names(member))

    def _names(self, member: str) -> list[str]:
        return [str(role) for role in (self.change.route_json or {}).get(member) or ()]


def _is_due(change: ChangeRow, lo: datetime) -> bool:
    return (
        change.state == State.DEFERRED and change.until is not None and lo >= moment(change.until)
    )


def _moved(workspace: Workspace, change: ChangeRow, type_: str, after: State) -> Event:
    return Event(type_, events.actor(workspace), about(change), before=change.state, after=after)
