"""Who carries what: how much waits, expires soon or has expired, by route, role or person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from core.ledger.event import moment
from core.lifecycle import State
from core.records import ChangeRow
from core.review.reassign import PERSON, candidates
from core.roster import Roster

MOST = 2_000
"""How many open changes are looked at; beyond them the counts are at least so much."""
SOON = timedelta(hours=1)
Grouping = Literal["route", "role", "person"]
GROUPINGS: tuple[Grouping, ...] = ("route", "role", "person")
_UNDECIDED = frozenset({State.PENDING, State.EXPIRED, State.DEFERRED})


class LoadReads(Protocol):
    """What is read for it."""

    def open_changes(self, limit: int) -> Sequence[ChangeRow]:
        """Return open changes, the most urgent first."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one route, role or person carries."""

    name: str
    waiting: int = 0
    soon: int = 0
    """How many of those expire within the hour."""
    expired: int = 0
    oldest: str | None = None
    unsent: int = 0


@dataclass(frozen=True, slots=True)
class Carried:
    """The whole load, and the changes that a supervisor should look at."""

    groups: Sequence[Load]
    changes: Sequence[ChangeRow]
    """Expired ones first, then by what expires soonest."""
    whole: bool


def carried(
    reads: LoadReads, roster: Roster, by: Grouping, now: datetime, only: str | None = None
) -> Carried:
    """Return the load grouped, and what expires; `only` keeps the changes of one group."""
    found = reads.open_changes(MOST + 1)
    groups: dict[str, list[ChangeRow]] = {}
    if by == "person":
        groups = {name: [] for name in sorted(roster.roles())}
    for change in found[:MOST]:
        for name in _names(roster, change, by):
            groups.setdefault(name, []).append(change)
    kept = found[:MOST] if only is None else groups.get(only, [])
    waiting = [change for change in kept if change.state in _UNDECIDED]
    return Carried(
        [_load(name, changes, now) for name, changes in sorted(groups.items())],
        sorted(waiting, key=_rank),
        len(found) <= MOST,
    )


def _names(roster: Roster, change: ChangeRow, by: Grouping) -> Iterator[str]:
    route = change.route_json
    if by == "route":
        yield "no route" if route is None else str(route.get("id", ""))
        return
    roles, people = candidates(roster, change)
    if by == "role":
        yield from roles or ["nobody"]
    elif change.assigned is not None and change.assigned.startswith(PERSON):
        yield change.assigned.removeprefix(PERSON)
    else:
        yield from people or ["nobody"]


def _load(name: str, changes: Sequence[ChangeRow], now: datetime) -> Load:
    waiting = [one for one in changes if one.state == State.PENDING]
    expired = [one for one in changes if is_expired(one, now)]
    return Load(
        name,
        waiting=len(waiting),
        soon=sum(is_soon(one, now) for one in waiting),
        expired=len(expired),
        oldest=min((one.since for one in changes if one.state in _UNDECIDED), default=None),
        unsent=sum(one.state == State.READY for one in changes),
    )


def is_expired(change: ChangeRow, now: datetime) -> bool:
    """Tell whether nobody decided a change in time."""
    late = change.expires is not None and moment(change.expires) <= now
    return change.state == State.EXPIRED or (change.state in _UNDECIDED and late)


def is_soon(change: ChangeRow, now: datetime) -> bool:
    """Tell whether a change expires within the hour."""
    return change.expires is not None and now < moment(change.expires) <= now + SOON


def _rank(change: ChangeRow) -> tuple[int, str, str, int]:
    return change.state != State.EXPIRED, change.expires or "~", change.proposal, change.idx
