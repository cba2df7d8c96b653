"""How far the time is known, and saying that a clock cannot be right. Source: hub-protocol §10.

The time lies between the earliest and the latest of what this machine, the EHR and the hub tell.
The ledger's own latest time is a mark below which the later bound never falls. Deadlines follow
that bound, and what must have passed (a hold, a deferral) the earlier one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.ledger.event import Interval

BACK = timedelta(seconds=2)
"""A step back below this is the usual small correction by a time server."""
AGREES = timedelta(seconds=2)
"""`Date` has whole seconds and is as old as its answer: a difference up to this is none."""
SKEW = timedelta(minutes=5)
"""A difference above this is shown."""
STRAY = timedelta(hours=1)
"""A source that is further than this from every other is not believed."""
HERE = "this machine"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The earliest and latest time that the believed sources tell."""

    lo: datetime
    hi: datetime
    strays: tuple[str, ...] = ()
    """Sources that are not believed."""


def bounds(now: datetime, offsets: Mapping[str, timedelta]) -> Bounds:
    """Return what this machine's time and the others' offsets from it come to.

    Sources are grouped where the next is within an hour; the largest group is believed, this
    machine's where two are as large.
    """
    told = {HERE: timedelta(0)}
    told |= {name: timedelta(0) if abs(by) <= AGREES else by for name, by in offsets.items()}
    groups: list[list[str]] = []
    for name in sorted(told, key=lambda name: told[name]):
        if groups and told[name] - told[groups[-1][-1]] <= STRAY:
            groups[-1].append(name)
        else:
            groups.append([name])
    kept = max(groups, key=lambda group: (len(group), HERE in group))
    strays = tuple(sorted(set(told).difference(kept)))
    return Bounds(now + told[kept[0]], now + told[kept[-1]], strays)


def interval(known: Bounds, mark: datetime) -> Interval:
    """Return the time as a ledger knows it whose latest event has the later bound `mark`."""
    return Interval(known.lo, max(known.hi, mark))


def clock_problem(now: Interval, known: Bounds | None = None) -> str | None:
    """Return what is wrong with the clocks, in fixed words and a number; None for nothing.

    `known` is what the sources tell now.
    """
    if known is not None and known.strays:
        names = " and ".join(known.strays)
        return f"the clock of {names} is more than 1 h off the others and not believed"
    if known is not None and known.hi - known.lo > SKEW:
        minutes = int((known.hi - known.lo).total_seconds()) // 60
        return f"the clocks differ by {minutes:,} min: deadlines follow the later one"
    behind = now.hi - (now.lo if known is None else known.hi)
    if behind < BACK:
        return None
    if behind < SKEW:
        return f"the clock went back by {int(behind.total_seconds())} s"
    minutes = int(behind.total_seconds()) // 60
    return f"the clock is {minutes:,} min behind the ledger: deadlines follow the ledger"
