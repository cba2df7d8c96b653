"""When a verified write is looked at again: ever more seldom, then no more.

Chance comes from the operation's own id, so that many writes of one moment are not read at one
moment again and a replay of the ledger tells the same times. Source: design §10.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.canonical import JsonObject, exact
from core.failure.due import next_poll
from core.ledger.event import instant, moment
from core.policy.service import Service
from core.records_recheck import RecheckRow

SPREAD = 0.1
"""A look comes later than scheduled by up to this part of the time since verification."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an event says about the next look; see `core.ledger.recheck_events`."""

    since: str
    step: int = 0
    due: str | None = None
    tries: int = 0
    unread_since: str | None = None
    baseline: int | None = None

    def as_json(self) -> JsonObject:
        """Return the leaf's `recheck` member."""
        optional: JsonObject = {
            "due": self.due,
            "unread_since": self.unread_since,
            "baseline": None if self.baseline is None else exact(self.baseline),
        }
        found: JsonObject = {
            "since": self.since, "step": exact(self.step), "tries": exact(self.tries),
        }  # fmt: skip
        return found | {key: value for key, value in optional.items() if value is not None}


def begun(operation: str, at: datetime, service: Service, baseline: int | None = None) -> Plan:
    """Return the plan of a write that counts as verified from now on."""
    return _next(operation, Plan(instant(at), baseline=baseline), at, service)


def looked(operation: str, row: RecheckRow | None, at: datetime, service: Service) -> Plan:
    """Return the plan after a look that could examine it.

    Looks that were missed, as in an outage, are not made up for: one stands for all of them.
    """
    plan = _of(row, at)
    return _next(operation, replace(plan, tries=0, unread_since=None), at, service)


def not_read(operation: str, row: RecheckRow | None, at: datetime, deadline: datetime) -> Plan:
    """Return the plan after one that could not: tried again soon, at the deadline at the latest."""
    plan = _of(row, at)
    tries = plan.tries + 1
    again = next_poll(at, tries, _roll(operation, tries))
    since = plan.unread_since or instant(at)
    return replace(
        plan, tries=tries, unread_since=since, due=instant(min(again, max(at, deadline)))
    )


def _of(row: RecheckRow | None, at: datetime) -> Plan:
    if row is None:
        return Plan(instant(at))
    return Plan(row.since, row.step, row.due, row.tries, row.unread_since, row.baseline)


def _next(operation: str, plan: Plan, at: datetime, service: Service) -> Plan:
    since = moment(plan.since)
    for step, seconds in enumerate(service.schedule):
        if since + timedelta(seconds=seconds) <= at:
            continue
        later = timedelta(seconds=seconds * (1 + SPREAD * _roll(operation, step)))
        return replace(plan, step=step, due=instant(since + later))
    return replace(plan, step=len(service.schedule), due=None)


def _roll(operation: str, turn: int) -> float:
    digest = hashlib.sha256(f"{operation} {turn}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
