"""What is kept of the chart, for `sync.store.reads.StoreReads`."""

from __future__ import annotations

from collections.abc import Sequence

from core.ledger.event import read_body
from core.records_context import Kept
from sync.store.connection import Connection


class ContextReads:
    """The reads of the chart context."""

    connection: Connection

    def kept(self, ehr: str, references: Sequence[str]) -> list[Kept]:
        """Return what is kept of these resources, in their order."""
        found = []
        for reference in references:
            row = self.connection.execute(
                "SELECT version, fetched, gone, body FROM context WHERE ehr = ? AND reference = ?",
                (ehr, reference),
            ).fetchone()
            if row is not None:
                version, fetched, gone, body = row
                resource = None if body is None else read_body(body)
                found.append(Kept(reference, str(version), str(fetched), bool(gone), resource))
        return found
