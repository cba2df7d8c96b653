"""What of the traffic stands in the store: counts that processes share, and the breaker's state.

Counts are a limiter's (design §4: no ledger state); the breaker's state is events (design §9).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from core.canonical import exact
from core.ledger.event import About, Actor, Event
from core.ports import Ledger
from core.records_traffic import BreakerRow
from core.traffic.limits import MINUTE_S
from sync.store.connection import Connection

ACTOR = Actor("system", "traffic")
KEPT = 4 * MINUTE_S
"""Buckets before the newest that are kept: more than any window looks back."""


class StoreTally:
    """Counts of one EHR in the store of the workspace; implements `core.traffic.quota.Tally`.

    `now` is the UTC time in seconds. Counts of a time to come are thrown away when this is made: a
    clock that was set back must not keep a quota used up.
    """

    def __init__(self, connection: Connection, ehr: str, now: Callable[[], float]) -> None:
        self._connection = connection
        self._ehr = ehr
        connection.execute(
            "DELETE FROM call_count WHERE ehr = ? AND window LIKE 'minute%' AND bucket > ?",
            (ehr, int(now()) + MINUTE_S),
        )

    def add(self, window: str, bucket: int, calls: int) -> None:
        """Add calls in one bucket, durably, and drop what is too old to count."""
        key = (self._ehr, window, bucket)
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.execute(
                "INSERT INTO call_count (ehr, window, bucket, calls) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (ehr, window, bucket) DO UPDATE SET calls = calls + excluded.calls",
                (*key, calls),
            )
            self._connection.execute(
                "DELETE FROM call_count WHERE ehr = ? AND window = ? AND bucket < ?",
                (self._ehr, window, bucket - KEPT),
            )
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def used(self, window: str, since: int) -> int:
        """Return how many calls stand in the buckets from `since` on."""
        (found,) = self._connection.execute(
            "SELECT coalesce(sum(calls), 0) FROM call_count"
            " WHERE ehr = ? AND window = ? AND bucket >= ?",
            (self._ehr, window, since),
        ).fetchone()
        return int(found)

    def oldest(self, window: str, since: int) -> int | None:
        """Return the first bucket from `since` on that holds a call."""
        (found,) = self._connection.execute(
            "SELECT min(bucket) FROM call_count"
            " WHERE ehr = ? AND window = ? AND bucket >= ? AND calls > 0",
            (self._ehr, window, since),
        ).fetchone()
        return None if found is None else int(found)


class LedgerLog:
    """The breaker of one EHR in the ledger; implements `sync.traffic.doorkeeper.Log`."""

    def __init__(self, ledger: Ledger, ehr: str) -> None:
        self._ledger = ledger
        self._ehr = ehr

    def row(self) -> BreakerRow | None:
        """Return the state as any process of the workspace left it."""
        return self._ledger.breaker(self._ehr)

    def opened(self, row: BreakerRow) -> None:
        """Append that it opened, or was tried in vain, unless another process has just said so."""
        with self._ledger.transaction() as transaction:
            if transaction.breaker(self._ehr) == replace(row, ehr=self._ehr):
                return
            data = {"cause": row.cause, "attempt": exact(row.attempt), "since": row.since,
                    "until": row.until}  # fmt: skip
            transaction.append(Event("breaker.opened", ACTOR, About(ehr=self._ehr), data=data))

    def closed(self) -> None:
        """Append that it closed, unless it is closed already."""
        with self._ledger.transaction() as transaction:
            row = transaction.breaker(self._ehr)
            if row is not None and row.closed_at is None:
                transaction.append(Event("breaker.closed", ACTOR, About(ehr=self._ehr)))
