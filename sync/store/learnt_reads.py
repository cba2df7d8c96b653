"""The reads about what writes taught of their EHRs."""

from __future__ import annotations

from collections.abc import Sequence

from core.records_learnt import Told
from sync.store.connection import Connection

_LABELS = """
SELECT l.ehr, l.type, j.key, j.value, count(*), max(l.seq)
FROM learnt AS l, json_each(l.labels) AS j
WHERE (?1 IS NULL OR l.ehr = ?1) AND (?2 IS NULL OR l.type = ?2) AND l.seq >= ?3
GROUP BY l.ehr, l.type, j.key, j.value ORDER BY l.ehr, l.type, j.key, j.value"""

# Most writes of a type fare alike: what is equal is counted before its JSON is read.
_RECENT = """
SELECT ?1, ?2, j.key, j.value, sum(same.number), max(same.newest)
FROM (SELECT labels, count(*) AS number, max(seq) AS newest
      FROM (SELECT labels, seq FROM learnt WHERE ehr = ?1 AND type = ?2
            ORDER BY seq DESC LIMIT 500)
      GROUP BY labels) AS same,
     json_each(same.labels) AS j
GROUP BY j.key, j.value ORDER BY j.key, j.value"""

_FACTS = """
SELECT l.ehr, l.type, json_extract(j.value, '$[0]') AS fact, json_extract(j.value, '$[2]') AS how,
       count(*), max(l.seq)
FROM learnt AS l, json_each(l.facts) AS j
WHERE (?1 IS NULL OR l.ehr = ?1) AND (?2 IS NULL OR l.type = ?2) AND l.seq >= ?3
GROUP BY l.ehr, l.type, fact, how ORDER BY l.ehr, l.type, fact, how"""

_UNEXPECTED = """
SELECT l.ehr, l.type, json_extract(j.value, '$[0]') AS path, json_extract(j.value, '$[1]') AS class,
       count(*), max(l.seq)
FROM learnt AS l, json_each(l.unexpected) AS j
WHERE (?1 IS NULL OR l.ehr = ?1) AND (?2 IS NULL OR l.type = ?2) AND l.seq >= ?3
GROUP BY l.ehr, l.type, path, class ORDER BY l.ehr, l.type, path, class"""


class LearntReads:
    """Part of `core.ports.Reads`, for `sync.store.reads.StoreReads`."""

    connection: Connection

    def recent_fates(self, ehr: str, type_: str) -> Sequence[Told]:
        """Return how often labels of ours were kept and dropped in the newest writes of a type."""
        return [Told(*row) for row in self.connection.execute(_RECENT, (ehr, type_))]

    def label_fates(
        self, ehr: str | None = None, type_: str | None = None, since: int = 0
    ) -> Sequence[Told]:
        """Return how often each label was kept and dropped, by EHR and type."""
        return self._told(_LABELS, ehr, type_, since)

    def fact_outcomes(
        self, ehr: str | None = None, type_: str | None = None, since: int = 0
    ) -> Sequence[Told]:
        """Return how often each predicted fact happened as expected, otherwise or not."""
        return self._told(_FACTS, ehr, type_, since)

    def unexpected(
        self, ehr: str | None = None, type_: str | None = None, since: int = 0
    ) -> Sequence[Told]:
        """Return how often an element differed in a way that nothing foretold, by class."""
        return self._told(_UNEXPECTED, ehr, type_, since)

    def _told(self, query: str, ehr: str | None, type_: str | None, since: int) -> Sequence[Told]:
        return [Told(*row) for row in self.connection.execute(query, (ehr, type_, since))]
