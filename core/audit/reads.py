"""Every read that the audit makes of a store, as a Protocol; each is bounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.audit.about import Finds
from core.audit.events import StoredDetail, StoredEvent
from core.audit.search import Searches
from core.audit.statements import Keys


class AuditReads(Finds, Searches, Keys, Protocol):
    """The ledger page by page, one event closely, and the events that match."""

    @property
    def size(self) -> int:
        """The number of events."""

    def events(self, low: int, high: int) -> Sequence[StoredEvent]:
        """Return the events with `low ≤ seq < high`, newest first."""

    def events_at(self, seqs: Sequence[int]) -> Sequence[StoredEvent]:
        """Return those events, in that order."""

    def event_detail(self, seq: int) -> StoredDetail | None:
        """Return one event with as much of its body as is shown; None where it is gone."""
