"""The reads of urgent changes, incidents, entries by hand, broken glass and a person's acts."""

from __future__ import annotations

from collections.abc import Sequence

from core.records import ChangeRow
from core.records_incident import GlassRow, IncidentRow, ManualRow
from core.records_pace import ActRow
from sync.store.kept_reads import KeptReads, first
from sync.store.rows import select


class HandReads(KeptReads):
    """Part of `core.ports.Reads`, for `sync.store.reads.StoreReads`."""

    def urgent(self, *states: str) -> Sequence[ChangeRow]:
        """Return the changes in any of `states` that are urgent or needed by a time."""
        marks = ", ".join("?" * len(states))
        by_a_time = "proposal IN (SELECT id FROM proposal WHERE needed_by IS NOT NULL)"
        urgent = f"urgency <> 'routine' OR {by_a_time}"
        tail = f"WHERE state IN ({marks}) AND ({urgent}) ORDER BY state_seq, proposal, idx"
        return select(self.connection, ChangeRow, tail, states)

    def open_incidents(self) -> Sequence[IncidentRow]:
        """Return the open incidents, oldest first."""
        return select(self.connection, IncidentRow, "WHERE closed_at IS NULL ORDER BY seq")

    def incident(self, incident: str) -> IncidentRow | None:
        """Return one incident."""
        found = select(self.connection, IncidentRow, "WHERE id = ?", (incident,))
        return found[0] if found else None

    def incidents(self, proposal: str, index: int) -> Sequence[IncidentRow]:
        """Return the incidents about one change, closed ones included, oldest first."""
        tail = "WHERE proposal = ? AND idx = ? ORDER BY seq"
        return select(self.connection, IncidentRow, tail, (proposal, index))

    def manual(self, operation: str) -> ManualRow | None:
        """Return the entry by hand that spent an operation."""
        return first(self._own(ManualRow, "WHERE operation = ?", operation))

    def broken_glass(self, proposal: str, index: int) -> Sequence[GlassRow]:
        """Return every breaking of the glass for one change, oldest first."""
        tail = "WHERE proposal = ? AND idx = ? ORDER BY seq"
        return self._own(GlassRow, tail, proposal, index)

    def acts_by(self, reviewer: str, limit: int) -> Sequence[ActRow]:
        """Return a person's newest acts, newest first; approvals only where they were measured."""
        tail = "WHERE reviewer = ? ORDER BY seq DESC LIMIT ?"
        return select(self.connection, ActRow, tail, (reviewer, limit))
