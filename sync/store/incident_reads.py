"""The reads of the incident panel: counts over ranges of the ledger, by index.

Every count walks an index from an event on; none looks at the whole store.
"""

from __future__ import annotations

from dataclasses import fields

from core.records import ChangeRow
from sync.store.connection import Connection
from sync.store.queue_conditions import OPEN

_COLUMNS = ", ".join(f'"{field.name}"' for field in fields(ChangeRow))
_COUNTS = {
    "proposed": ("proposal", "seq", ""),
    "approved": ("decision", "seq", " AND outcome = 'approve'"),
    "rejected": ("decision", "seq", " AND outcome = 'reject'"),
    "sent": ("write", "intent_seq", ""),
    "verified": (
        "write",
        "reconciled_seq",
        " AND reconciled_class IN ('identical', 'bookkeeping', 'equivalent', 'enriched')",
    ),
    "exceptions": ("exception", "id", ""),
}
_ALWAYS = 1 << 62


class IncidentReads:
    """The reads of the incident panel, for `sync.store.reads.StoreReads`."""

    connection: Connection

    def open_changes(self, limit: int) -> list[ChangeRow]:
        """Return open changes, the most urgent first."""
        query = (
            f"SELECT {_COLUMNS} FROM change INDEXED BY ix_change_open"  # noqa: S608
            f" WHERE {OPEN} ORDER BY place LIMIT ?"
        )
        return [ChangeRow(*row) for row in self.connection.execute(query, (limit,))]

    def rates_since(self, seq: int, before: int | None = None) -> dict[str, int]:
        """Return how many of each there were from event `seq` on, and before another."""
        found = {}
        for name, (table, column, more) in _COUNTS.items():
            query = f'SELECT count(*) FROM "{table}" WHERE {column} >= ? AND {column} < ?{more}'  # noqa: S608
            bounds = (seq, _ALWAYS if before is None else before)
            found[name] = int(self.connection.execute(query, bounds).fetchone()[0])
        return found

    def failures_since(self, seq: int) -> dict[str, int]:
        """Return how many writes failed in each way from event `seq` on."""
        found = self.connection.execute(
            "SELECT failure, count(*) FROM write WHERE intent_seq >= ? AND failure IS NOT NULL"
            " GROUP BY failure ORDER BY failure",
            (seq,),
        )
        return {str(failure): int(count) for failure, count in found}

    def last_receipt(self, ehr: str) -> tuple[str, int | None] | None:
        """Return when the EHR answered a write last, and with which status."""
        found = self.connection.execute(
            "SELECT receipt_at, status FROM"
            " (SELECT * FROM write ORDER BY intent_seq DESC LIMIT 200) AS w"
            " WHERE receipt_at IS NOT NULL AND EXISTS (SELECT 1 FROM change c"
            " WHERE c.proposal = w.proposal AND c.idx = w.idx AND c.ehr = ?)"
            " ORDER BY receipt_at DESC LIMIT 1",
            (ehr,),
        ).fetchone()
        return None if found is None else (str(found[0]), found[1])
