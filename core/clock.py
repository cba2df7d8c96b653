"""Saying that this machine's clock cannot be right. Source: hub-protocol §10 (clock).

The ledger's own latest time is the mark: a clock below it went back. Deadlines follow the later of
the two, and what must have passed (a hold, a deferral) the earlier one.
"""

from __future__ import annotations

from datetime import timedelta

from core.ledger.event import Interval

BACK = timedelta(seconds=2)
"""A step back below this is the usual small correction by a time server."""
SKEW = timedelta(minutes=5)


def clock_problem(now: Interval) -> str | None:
    """Return what is wrong with the clock, in fixed words and a number; None for nothing."""
    behind = now.hi - now.lo
    if behind < BACK:
        return None
    if behind < SKEW:
        return f"the clock went back by {int(behind.total_seconds())} s"
    minutes = int(behind.total_seconds()) // 60
    return f"the clock is {minutes:,} min behind the ledger: deadlines follow the ledger"
