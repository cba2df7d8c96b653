"""The reads about the traffic to EHRs: breakers, and what intake asks before it lets more in."""

from __future__ import annotations

from collections.abc import Sequence

from core.records_traffic import BreakerRow
from sync.store.connection import Connection
from sync.store.rows import select


class TrafficReads:
    """Part of `core.ports.Reads`, for `sync.store.reads.StoreReads`."""

    connection: Connection

    def breakers(self) -> Sequence[BreakerRow]:
        """Return the breaker of every EHR that ever opened, by name."""
        return select(self.connection, BreakerRow, "ORDER BY ehr")

    def breaker(self, ehr: str) -> BreakerRow | None:
        """Return the breaker of one EHR, if it ever opened."""
        found = select(self.connection, BreakerRow, "WHERE ehr = ?", (ehr,))
        return found[0] if found else None

    def unchecked(self, ehr: str) -> int:
        """Return how many writes to an EHR are not reconciled yet, or wait for a person."""
        (found,) = self.connection.execute(
            "SELECT count(*) FROM change WHERE ehr = ? AND state IN"
            " ('sending', 'ambiguous', 'persisted', 'held-by-ehr', 'exception')",
            (ehr,),
        ).fetchone()
        return int(found)

    def newest_failures(self, agent: str, ehr: str, limit: int) -> Sequence[str | None]:
        """Return the failure of an agent's newest answered writes to an EHR, newest first."""
        found = self.connection.execute(
            'SELECT w.failure FROM "write" AS w JOIN change USING (proposal, idx)'
            " WHERE change.agent = ? AND change.ehr = ? AND w.receipt_seq IS NOT NULL"
            " ORDER BY w.receipt_seq DESC LIMIT ?",
            (agent, ehr, limit),
        )
        return [failure for (failure,) in found]

    def waiting_reviews(self) -> int:
        """Return how many changes wait for a person's decision now."""
        (found,) = self.connection.execute(
            "SELECT count(*) FROM change WHERE state = 'pending-human-review'"
        ).fetchone()
        return int(found)

    def decided_since(self, at: str) -> int:
        """Return how many decisions people made at or after a time."""
        (found,) = self.connection.execute(
            "SELECT count(*) FROM decision WHERE at >= ?", (at,)
        ).fetchone()
        return int(found)
