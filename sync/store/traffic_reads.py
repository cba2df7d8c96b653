"""The reads about the traffic to EHRs: breakers, and what intake asks before it lets more in."""

from __future__ import annotations

from collections.abc import Sequence

from core.records_failure import RefusedRow
from core.records_profile import CLIENT_IDS, NOT_THERE, RECENT, TAKEN, AnswerRow
from core.records_traffic import BreakerRow
from sync.store.kept_reads import KeptReads, first
from sync.store.rows import select

# The cross join keeps SQLite at walking the answers from the newest on, until there are enough.
_TELLING = f"""
SELECT w.receipt_seq, w.receipt_at, c.type, c.op, c.rung, w.state, w.status, w.failure, f.code,
       w.reconciled_class
FROM "write" AS w CROSS JOIN change AS c ON c.proposal = w.proposal AND c.idx = w.idx
     LEFT JOIN failure AS f ON f.operation = w.operation
WHERE w.receipt_seq > ?
  AND w.receipt_seq > coalesce((SELECT receipt_seq FROM "write" WHERE receipt_seq IS NOT NULL
                                ORDER BY receipt_seq DESC LIMIT 1 OFFSET {RECENT}), -1)
  AND c.ehr = ? AND c.type = ? AND c.op = ?
  AND (w.state IN {TAKEN} OR w.reconciled_class IS NOT NULL
       OR (w.status IN {NOT_THERE} AND c.rung IS NOT '{CLIENT_IDS}'))
ORDER BY w.receipt_seq DESC LIMIT ?"""  # noqa: S608 - static words and numbers of our own

_NOT_THERE = f'SELECT 1 FROM "write" WHERE receipt_seq > ? AND status IN {NOT_THERE} LIMIT 1'  # noqa: S608

_REFUSED = """
SELECT c.ehr, f.failure, min(f.since), count(*)
FROM failure AS f JOIN change AS c ON c.proposal = f.proposal AND c.idx = f.idx
WHERE f.ended IS NULL
  AND (f.failure = 'authorization' OR (f.failure = 'authentication' AND f.tries > 1))
GROUP BY c.ehr, f.failure ORDER BY c.ehr, f.failure"""


class TrafficReads(KeptReads):
    """Part of `core.ports.Reads`, for `sync.store.reads.StoreReads`."""

    def breakers(self) -> Sequence[BreakerRow]:
        """Return the breaker of every EHR that ever opened, by name."""
        return select(self.connection, BreakerRow, "ORDER BY ehr")

    def breaker(self, ehr: str) -> BreakerRow | None:
        """Return the breaker of one EHR, if it ever opened."""
        return first(self._own(BreakerRow, "WHERE ehr = ?", ehr))

    def refused_access(self) -> Sequence[RefusedRow]:
        """Return which EHRs refuse access to writes that are still to come, by name."""
        return [RefusedRow(*row) for row in self.connection.execute(_REFUSED)]

    def unchecked(self, ehr: str, most: int) -> int:
        """Return how many writes to an EHR are sent and not settled; counts up to `most`."""
        (found,) = self.connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM change WHERE state IN"
            " ('sending', 'ambiguous', 'persisted', 'held-by-ehr', 'exception')"
            " AND ehr = ? LIMIT ?)",
            (ehr, most),
        ).fetchone()
        return int(found)

    def answered_since(self, agent: str, ehr: str, at: str) -> Sequence[str | None]:
        """Return the failure, or None, of an agent's newest writes to an EHR answered since."""
        found = self.connection.execute(
            "SELECT w.failure FROM"
            ' (SELECT * FROM "write" ORDER BY intent_seq DESC LIMIT 200) AS w'
            " JOIN change ON change.proposal = w.proposal AND change.idx = w.idx"
            " WHERE w.receipt_at >= ? AND change.agent = ? AND change.ehr = ?",
            (at, agent, ehr),
        )
        return [failure for (failure,) in found]

    def answers(
        self, ehr: str, most: int, type_: str | None = None, op: str | None = None
    ) -> Sequence[AnswerRow]:
        """Return what writes to an EHR were answered, newest first, of one kind if named."""
        found = self.connection.execute(
            "SELECT w.receipt_seq, w.receipt_at, c.type, c.op, c.rung, w.state, w.status,"
            " w.failure, f.code, w.reconciled_class FROM"
            ' (SELECT * FROM "write" ORDER BY intent_seq DESC LIMIT ?) AS w'
            " JOIN change AS c ON c.proposal = w.proposal AND c.idx = w.idx"
            " LEFT JOIN failure AS f ON f.operation = w.operation"
            " WHERE w.receipt_seq IS NOT NULL AND c.ehr = ?"
            " AND (? IS NULL OR c.type = ?) AND (? IS NULL OR c.op = ?)"
            " ORDER BY w.receipt_seq DESC",
            (most, ehr, type_, type_, op, op),
        )
        return [AnswerRow(*row) for row in found]

    def telling(self, ehr: str, type_: str, op: str, since: int, most: int) -> Sequence[AnswerRow]:
        """Return the newest answers that tell whether there is such a write; newest first."""
        found = self.connection.execute(_TELLING, (since, ehr, type_, op, most))
        return [AnswerRow(*row) for row in found]

    def not_there(self, since: int) -> bool:
        """Tell whether an EHR answered a write since that it has no such interaction."""
        return self.connection.execute(_NOT_THERE, (since,)).fetchone() is not None

    def waiting_reviews(self) -> int:
        """Return how many changes wait for a person's decision now."""
        (found,) = self.connection.execute(
            "SELECT count(*) FROM change WHERE state = 'pending-human-review'"
        ).fetchone()
        return int(found)

    def decided_since(self, at: str) -> int:
        """Return how many decisions people made at or after a time."""
        (found,) = self.connection.execute(
            "SELECT count(*) FROM (SELECT at FROM decision ORDER BY seq DESC LIMIT 5000)"
            " WHERE at >= ?",
            (at,),
        ).fetchone()
        return int(found)
