"""The reads of the reconciliation loop, by index. Source: design §10."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from core.records import ChangeRow, ExceptionRow, WriteRow
from core.records_recheck import CorrectionRow, RecheckRow
from sync.store.kept_reads import KeptReads, first
from sync.store.rows import select

_CHANGE = ", ".join(f'change."{field.name}"' for field in fields(ChangeRow))


class RecheckReads(KeptReads):
    """Part of `core.ports.Reads`, for `sync.store.reads.StoreReads`."""

    def recheck(self, operation: str) -> RecheckRow | None:
        """Return when one write is looked at again."""
        return first(self._own(RecheckRow, "WHERE operation = ?", operation))

    def rechecks_due(self, at: str, limit: int) -> Sequence[ChangeRow]:
        """Return the written changes that are to be looked at again, longest due first."""
        query = (
            f"SELECT {_CHANGE} FROM recheck JOIN change ON change.proposal = recheck.proposal"  # noqa: S608
            " AND change.idx = recheck.idx AND change.operation = recheck.operation"
            " WHERE recheck.due <= ? AND (change.state = 'verified'"
            " OR (recheck.asked = 1 AND change.state = 'exception'))"
            " ORDER BY recheck.due, recheck.operation LIMIT ?"
        )
        return [ChangeRow(*row) for row in self.connection.execute(query, (at, limit))]

    def writes_at(self, ehr: str, location: str) -> Sequence[WriteRow]:
        """Return our writes to one resource that the EHR answered with success, oldest first."""
        tail = (
            "WHERE location = ? AND state IN ('persisted', 'verified', 'exception')"
            " AND EXISTS (SELECT 1 FROM change c WHERE c.proposal = write.proposal"
            " AND c.idx = write.idx AND c.ehr = ?) ORDER BY receipt_seq"
        )
        return select(self.connection, WriteRow, tail, (location, ehr))

    def entered(self, ehr: str, patient_tag: str) -> Sequence[ChangeRow]:
        """Return a patient's changes that were entered by hand and read in the chart."""
        tail = (
            "WHERE ehr = ? AND patient_tag = ? AND operation IN"
            " (SELECT operation FROM manual WHERE found = 'matched') ORDER BY state_seq"
        )
        return select(self.connection, ChangeRow, tail, (ehr, patient_tag))

    def open_corrections(self) -> Sequence[CorrectionRow]:
        """Return the corrections that are asked for and not proposed, oldest first."""
        tail = "WHERE proposed IS NULL AND failed IS NULL ORDER BY id"
        return select(self.connection, CorrectionRow, tail)

    def corrects(self, proposal: str) -> CorrectionRow | None:
        """Return what a proposal puts right, where it is a correction."""
        return first(self._all(CorrectionRow, "WHERE proposed = ?", proposal))

    def corrections(self, proposal: str, index: int) -> Sequence[CorrectionRow]:
        """Return the corrections that were asked for of one change, oldest first."""
        tail = "WHERE proposal = ? AND idx = ? ORDER BY id"
        return self._own(CorrectionRow, tail, proposal, index)

    def exceptions_since(self, at: str) -> Sequence[ExceptionRow]:
        """Return the exceptions opened at or after a time, closed ones included, oldest first."""
        return select(self.connection, ExceptionRow, "WHERE opened_at >= ? ORDER BY id", (at,))
