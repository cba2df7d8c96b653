"""The two queues, and by when somebody must have seen to an exception.

What the chart lost (`lossy`) goes to the reconciliation queue; everything else needs human review.
Working days are those on which a shift of the roster begins, in the zone of most shifts; Monday to
Friday, UTC, where the roster has none. Source: design §10.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal, get_args

from core.duty.shifts import DAYS, zone_of
from core.errors import CountersignError
from core.ledger.event import instant
from core.policy.service import USUAL, Level, Service
from core.ports import Reads
from core.roster import Roster
from core.workspace import policy_in_force, roster_in_force

Queue = Literal["reconciliation", "review"]
QUEUES: tuple[Queue, ...] = get_args(Queue)
MONDAY_TO_FRIDAY = frozenset(range(5))


def queue_of(class_: str | None) -> Queue:
    """Return the queue of an exception by its class."""
    return "reconciliation" if class_ == "lossy" else "review"


def service_in_force(reads: Reads) -> Service:
    """Return the service levels in force; the usual ones where no policy can be read."""
    try:
        return policy_in_force(reads).service
    except CountersignError:
        return USUAL


def level_of(service: Service, class_: str | None) -> Level:
    """Return the level of a class; what is neither critical nor lossy counts as `changed`."""
    if class_ == "critical":
        return service.critical
    return service.lossy if class_ == "lossy" else service.changed


def due_at(reads: Reads, class_: str | None, at: datetime) -> datetime:
    """Return by when somebody must have seen to an exception of that class opened at a time."""
    level = level_of(service_in_force(reads), class_)
    if not level.working_days:
        return at + timedelta(seconds=level.seconds)
    days, zone = working_week(_roster(reads))
    return after_working_days(at, level.working_days, days, zone)


def due_text(reads: Reads, class_: str | None, at: datetime) -> str:
    """Return the same as UTC text, as leaves hold it."""
    return instant(due_at(reads, class_, at))


def working_week(roster: Roster | None) -> tuple[frozenset[int], tzinfo]:
    """Return the working days (0 is Monday) and the time zone in which they begin."""
    shifts = [shift for person in roster.people for shift in person.shifts] if roster else []
    if not shifts:
        return MONDAY_TO_FRIDAY, UTC
    days = frozenset(DAYS.index(day) for shift in shifts for day in shift.days)
    zone, _ = min(
        Counter(shift.zone for shift in shifts).items(), key=lambda one: (-one[1], one[0])
    )
    return days, zone_of(zone) or UTC


def after_working_days(at: datetime, count: int, days: Collection[int], zone: tzinfo) -> datetime:
    """Return the time that lies `count` working days later, at the same hour of the day.

    What comes on a day off counts from the start of the next working day.
    """
    here = at.astimezone(zone)
    if here.weekday() not in days:
        here = here.replace(hour=0, minute=0, second=0, microsecond=0)
        while here.weekday() not in days:
            here += timedelta(days=1)
    for _ in range(count):
        here += timedelta(days=1)
        while here.weekday() not in days:
            here += timedelta(days=1)
    return here.astimezone(UTC)


def _roster(reads: Reads) -> Roster | None:
    try:
        return roster_in_force(reads)
    except CountersignError:
        return None
