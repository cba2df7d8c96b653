"""Keeping the circuit breaker of one EHR: opening it, letting one read try, closing it.

Source: design §9 (persisted and visible), `core.traffic.breaker`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from core.ledger.event import instant
from core.records_traffic import BreakerRow
from core.traffic.breaker import Cause, Door, Health, door, left_s, open_s


class Log(Protocol):
    """Where the state of the breaker is kept."""

    def row(self) -> BreakerRow | None:
        """Return the state as it is now, whoever changed it last."""

    def opened(self, row: BreakerRow) -> None:
        """Keep that it opened, or stays open after it was tried in vain."""

    def closed(self) -> None:
        """Keep that it closed."""


class NoLog:
    """Keeps the state in memory; for a server that has no workspace around it."""

    def __init__(self) -> None:
        self._row: BreakerRow | None = None

    def row(self) -> BreakerRow | None:
        """Return the state."""
        return self._row

    def opened(self, row: BreakerRow) -> None:
        """Keep that it is open."""
        self._row = row

    def closed(self) -> None:
        """Keep that it is closed."""
        self._row = None


class Doorkeeper:
    """Opens and closes the breaker of one EHR by how requests end."""

    def __init__(
        self, log: Log, health: Health, now: Callable[[], datetime], unit: Callable[[], float]
    ) -> None:
        self._log = log
        self._health = health
        self._now = now
        self._unit = unit
        self.trying = False
        """Whether a read is out to see if the EHR answers again."""

    def state(self) -> Door:
        """Return whether it is closed, open, or may be tried by one read."""
        found = door(self._log.row(), self._now())
        return "open" if found == "half-open" and self.trying else found

    def left(self) -> float:
        """Return how many seconds to wait before it may be tried."""
        row = self._log.row()
        return 1.0 if row is None else max(1.0, left_s(row, self._now()))

    def good(self, *, probing: bool) -> None:
        """Take up an answer; only that of a probe closes an open breaker."""
        self._health.good()
        if probing and door(self._log.row(), self._now()) != "closed":
            self._health.forget()
            self._log.closed()

    def bad(self, *, probing: bool) -> None:
        """Take up that the EHR failed or did not answer."""
        cause = self._health.bad()
        if probing:
            self._stays_open()
        elif cause is not None:
            self._open(cause)

    def rejected(self) -> None:
        """Take up that the EHR rejected a token or the proof of a key."""
        cause = self._health.rejected()
        if cause is not None:
            self._open(cause)

    def _open(self, cause: Cause) -> None:
        if door(self._log.row(), self._now()) == "closed":
            now = self._now()
            until = now + timedelta(seconds=open_s(1, self._unit))
            self._log.opened(BreakerRow("", instant(now), cause, 1, instant(until)))
        self._health.forget()

    def _stays_open(self) -> None:
        row = self._log.row()
        if row is None or row.closed_at is not None:
            return
        attempt = row.attempt + 1
        until = self._now() + timedelta(seconds=open_s(attempt, self._unit))
        self._log.opened(BreakerRow(row.ehr, row.since, row.cause, attempt, instant(until)))
