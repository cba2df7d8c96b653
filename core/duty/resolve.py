"""Who can be asked about a change now: those on duty, else deputies, else the next level.

Being off duty forbids nobody to decide; only the role allows it. This says who is told.
Source: design §8 (escalates to someone on duty).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.duty.shifts import in_shift, is_absent
from core.ledger.event import Interval
from core.roster import Person, Roster

How = Literal["on-duty", "deputies", "escalated", "nobody"]
FALLBACK = ("supervisor",)
"""Who is asked where a route of before names nobody to escalate to or to reassign."""


@dataclass(frozen=True, slots=True)
class Called:
    """Who is told, and why they: `nobody` names no person, and must be said loudly."""

    how: How
    people: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    """The roles that were looked for last."""

    @property
    def to(self) -> tuple[str, ...]:
        """`person:…` for everybody on duty; the roles themselves where nobody is."""
        if self.people:
            return tuple(f"person:{name}" for name in self.people)
        return tuple(f"role:{role}" for role in self.roles)


def on_duty(
    roster: Roster, at: Interval, roles: Collection[str], ehr: str | None = None
) -> tuple[str, ...]:
    """Return who holds one of `roles`, serves that EHR and may be on duty, in order of id."""
    held = _holding(roster, roles, ehr)
    return tuple(sorted(person.id for person in held if _works(person, at)))


def resolve(
    roster: Roster,
    route: Mapping[str, Any],
    at: Interval,
    ehr: str | None = None,
    *,
    assigned: str | None = None,
    without: Collection[str] = (),
) -> Called:
    """Return who is asked about a change of that route (`ChangeRow.route_json`).

    `assigned` (`role:…` or `person:…`) narrows it to whom a supervisor gave it; `without` are
    those who have decided already. People on duty come first, else deputies of those who are not,
    else the roles to escalate to, else nobody.
    """
    roles = [str(role) for role in route.get("roles", ())]
    called = _level(roster, roles, at, ehr, assigned, without)
    if called.how != "nobody":
        return called
    return escalated(roster, route, at, ehr, without)


def escalated(
    roster: Roster,
    route: Mapping[str, Any],
    at: Interval,
    ehr: str | None = None,
    without: Collection[str] = (),
) -> Called:
    """Return who is asked as well when a change escalates: `escalate_to`, else who reassigns."""
    roles = [str(role) for role in route.get("escalate_to") or ()] or reassigners(route)
    called = _level(roster, roles, at, ehr, None, without)
    if called.how == "nobody":
        wanted = (*roles, *(role for role in route.get("roles", ()) if role not in roles))
        return Called("nobody", (), wanted)
    return Called("escalated", called.people, tuple(roles))


def reassigners(route: Mapping[str, Any]) -> list[str]:
    """Return the roles that may give a change of that route to others."""
    return [str(role) for role in route.get("reassign_by") or FALLBACK]


def _level(
    roster: Roster,
    roles: Sequence[str],
    at: Interval,
    ehr: str | None,
    assigned: str | None,
    without: Collection[str],
) -> Called:
    held = [one for one in _holding(roster, roles, ehr, assigned) if one.id not in without]
    there = sorted(person.id for person in held if _works(person, at))
    if there:
        return Called("on-duty", tuple(there), tuple(roles))
    able = {one.id for one in _holding(roster, roles, ehr) if one.id not in without}
    named = dict.fromkeys(name for person in held for name in _stand_ins(roster, person.id))
    present = [
        name for name in named if name in able and not is_absent(roster.person(name).absent, at)
    ]
    if present:
        return Called("deputies", tuple(present), tuple(roles))
    return Called("nobody", (), tuple(roles))


def _holding(
    roster: Roster, roles: Collection[str], ehr: str | None, assigned: str | None = None
) -> list[Person]:
    kind, _, name = (assigned or "").partition(":")
    wanted = {name} if kind == "role" and name in roles else set(roles)
    held = roster.roles()
    return [
        person
        for person in roster.people
        if held.get(person.id, frozenset()) & wanted
        and (kind != "person" or person.id == name)
        and serves(roster, person, ehr)
    ]


def serves(roster: Roster, person: Person, ehr: str | None) -> bool:
    """Tell whether a person's sites include one of that EHR; who names no site serves all."""
    if not person.sites or ehr is None:
        return True
    return any(site.id in person.sites and ehr in site.ehrs for site in roster.sites)


def _works(person: Person, at: Interval) -> bool:
    return in_shift(person.shifts, at) and not is_absent(person.absent, at)


def _stand_ins(roster: Roster, name: str) -> Iterator[str]:
    """Yield a person's deputies, then theirs; the roster has no circle of them."""
    for deputy in roster.person(name).deputies:
        yield deputy
        yield from _stand_ins(roster, deputy)
