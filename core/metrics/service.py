"""Whether people saw to exceptions in time, by class. Source: design §10 (service levels)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from core.ledger.event import moment
from core.metrics.learning import Rate
from core.reconcile.levels import Queue, queue_of
from core.records import ExceptionRow

LEVELS = ("critical", "changed", "lossy", "other")
"""The classes that are told apart; `other` are refusals, writes of unknown end and the like."""


@dataclass(frozen=True, slots=True)
class Served:
    """One class: how many were opened, and how many of those that are due were seen to in time."""

    name: str
    queue: Queue
    opened: int
    open: int
    overdue: int
    """Open and past their time."""
    in_time: Rate


def served(rows: Iterable[ExceptionRow], now: datetime) -> list[Served]:
    """Return one line a class that occurred; exceptions of older ledgers have no clock."""
    groups: dict[str, list[ExceptionRow]] = {}
    for row in rows:
        name = row.class_ or ""
        groups.setdefault(name if name in LEVELS else "other", []).append(row)
    return [_served(name, groups[name], now) for name in LEVELS if name in groups]


def _served(name: str, rows: list[ExceptionRow], now: datetime) -> Served:
    clocked = [row for row in rows if row.due is not None]
    closed = [row for row in clocked if row.closed_at is not None]
    late = [row for row in clocked if row.closed_at is None and now >= moment(str(row.due))]
    met = sum(moment(str(row.closed_at)) <= moment(str(row.due)) for row in closed)
    return Served(
        name,
        queue_of(name),
        len(rows),
        sum(row.closed_at is None for row in rows),
        len(late),
        Rate(met, len(closed) + len(late)),
    )
