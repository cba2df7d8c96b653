"""The reads behind metrics and the agents' feed: ranges of the ledger, each by an index."""

from __future__ import annotations

from collections.abc import Iterator

from core.metrics.learning import Judged
from sync.store.connection import Connection

_JUDGED = """
SELECT p.agent, p.model, p.prompt, c.type, coalesce(c.rules, '[]'), coalesce(c.route, 'null'),
       c.paths, d.outcome, d.reason, c.edited IS NOT NULL
FROM (
  SELECT proposal, idx, outcome, reason, max(seq) AS last FROM decision
  WHERE seq >= ? AND seq < ? AND void IS NULL AND outcome IN ('approve', 'reject')
  GROUP BY proposal, idx
) AS d
JOIN change AS c ON c.proposal = d.proposal AND c.idx = d.idx
JOIN proposal AS p ON p.id = d.proposal
ORDER BY d.last"""

# The number of the event that moved a change last, for every change that moved since a cursor.
_MOVED = """
SELECT proposal, CAST(json_extract(CAST(leaf AS TEXT), '$.index') AS INTEGER) AS idx, max(seq)
FROM leaf WHERE seq >= ? AND proposal IS NOT NULL
AND json_extract(CAST(leaf AS TEXT), '$.to') IS NOT NULL
AND json_extract(CAST(leaf AS TEXT), '$.index') IS NOT NULL
GROUP BY proposal, idx ORDER BY max(seq), proposal, idx"""

_ALWAYS = 1 << 62


class MetricReads:
    """The reads of metrics and feed, for `sync.store.reads.StoreReads`."""

    connection: Connection

    def judged(self, since: int, before: int | None = None) -> Iterator[Judged]:
        """Yield what people decided from event `since` on, oldest first."""
        bounds = (since, _ALWAYS if before is None else before)
        for row in self.connection.execute(_JUDGED, bounds):
            yield Judged(*(*row[:9], bool(row[9])))

    def moved_since(self, seq: int) -> Iterator[tuple[str, int, int]]:
        """Yield (proposal, index, event) of each change that moved from event `seq` on."""
        for proposal, idx, last in self.connection.execute(_MOVED, (seq,)):
            yield str(proposal), int(idx), int(last)
