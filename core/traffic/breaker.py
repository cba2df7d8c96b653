"""When an EHR is left alone because it fails, and what may ask it again: a read, never a write.

Whether it is open stands in the ledger, for every process of the workspace and for people; what
led there is counted here. Source: design §9; M. Nygard, "Release It!" (circuit breaker).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from core.ledger.event import moment
from core.records_traffic import BreakerRow

IN_A_ROW = 5
OF_LATE = 20
HALF = 10
UNAUTHENTICATED = 3
"""A token that ran out may be rejected twice before it is renewed; more is no accident."""
FIRST_S = 2.0
MOST_S = 300.0
Cause = Literal["unanswered", "failing", "authentication"]
Door = Literal["closed", "open", "half-open"]


@dataclass
class Health:
    """How the last requests ended."""

    _late: deque[bool] = field(default_factory=lambda: deque(maxlen=OF_LATE))
    _row: int = 0
    _rejected: int = 0

    def good(self) -> None:
        """Take up that the EHR answered as a FHIR server does, whatever it said."""
        self._late.append(True)
        self._row = self._rejected = 0

    def bad(self) -> Cause | None:
        """Take up a failure; return why the breaker opens, if it does."""
        self._late.append(False)
        self._row += 1
        if self._row >= IN_A_ROW:
            return "unanswered"
        return "failing" if self._late.count(False) >= HALF else None

    def rejected(self) -> Cause | None:
        """Take up that a token which the EHR has just issued was rejected."""
        self._rejected += 1
        return "authentication" if self._rejected >= UNAUTHENTICATED else None

    def forget(self) -> None:
        """Begin anew, as after the breaker closed."""
        self._late.clear()
        self._row = self._rejected = 0


def door(row: BreakerRow | None, now: datetime) -> Door:
    """Return whether the EHR may be asked: `half-open` lets one read through."""
    if row is None or row.closed_at is not None:
        return "closed"
    return "open" if _left(row, now) > 0 else "half-open"


def left_s(row: BreakerRow, now: datetime) -> float:
    """Return in how many seconds a read may ask whether the EHR answers again."""
    return max(0.0, _left(row, now))


def open_s(attempt: int, unit: Callable[[], float]) -> float:
    """Return how long it stays open after attempt number `attempt`, from 1, to ask again.

    Between half and the whole of an exponential wait: never at once, never all at one moment.
    """
    whole = min(MOST_S, FIRST_S * 2.0 ** min(attempt - 1, 16))
    return whole / 2 + unit() * whole / 2


def _left(row: BreakerRow, now: datetime) -> float:
    left = moment(row.until) - now
    # A clock that was set back must not keep it open for longer than it was meant to be.
    return 0.0 if left > timedelta(seconds=MOST_S) else left.total_seconds()
