"""The fates of labels over rows in memory, as `sync.store.learnt_reads` counts them."""

from __future__ import annotations

import json
from typing import Any

import sync.store.learnt_tables  # noqa: F401  declares its table
from core.records_learnt import Told


class LearntReads:
    book: Any

    def recent_fates(self, ehr: str, type_: str) -> list[Told]:
        found: dict[tuple[str, str, str, str], list[int]] = {}
        for row in self.book.tables["learnt"].values():
            if (ehr, type_) == (row.ehr, row.type):
                for label, fate in json.loads(row.labels).items():
                    found.setdefault((row.ehr, row.type, label, fate), []).append(row.seq)
        return [Told(*key, len(seqs), max(seqs)) for key, seqs in sorted(found.items())]
