"""How the two queues of exceptions stand against their clocks. Source: design §10."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from core.reconcile.levels import QUEUES, Queue
from core.reconcile.overdue import is_overdue
from core.reconcile.trouble import Trouble


@dataclass(frozen=True, slots=True)
class Standing:
    """One queue: how many wait, how many of them too long, and when the next one is due."""

    open: int = 0
    overdue: int = 0
    next_due: str | None = None

    def as_json(self) -> dict[str, object]:
        """Return `{open, overdue, next_due}`."""
        return {"open": self.open, "overdue": self.overdue, "next_due": self.next_due}


def standings(found: Iterable[Trouble], now: datetime) -> Mapping[Queue, Standing]:
    """Return how each queue stands; what has no clock of its own is counted as open only."""
    every = list(found)
    return {queue: _standing([one for one in every if one.queue == queue], now) for queue in QUEUES}


def _standing(found: list[Trouble], now: datetime) -> Standing:
    rows = [one.exception for one in found if one.exception is not None]
    late = [row for row in rows if is_overdue(row, now)]
    ahead = [row.due for row in rows if row.due is not None and row not in late]
    return Standing(len(found), len(late), min(ahead, default=None))
