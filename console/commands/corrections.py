"""What `exceptions` tells of corrections: by which way, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.ports import Reads
from core.reconcile.became import became
from core.reconcile.trouble import Trouble
from core.reconcile.ways import way_back
from core.records_recheck import CorrectionRow


def corrections_json(reads: Reads, item: Trouble) -> dict[str, Any]:
    """Return `corrections` and `way` of an exception; nothing of anything else."""
    if item.exception is None or item.change is None:
        return {}
    rows = reads.corrections(item.exception.proposal, item.exception.idx)
    return {"corrections": [_row(row) for row in rows],
            "way": way_back(reads, item.change).as_json()}  # fmt: skip


def correction_lines(reads: Reads, item: Trouble) -> Iterator[str]:
    """Yield a line for each correction that was asked for."""
    if item.exception is None:
        return
    for row in reads.corrections(item.exception.proposal, item.exception.idx):
        yield f"correction {row.id}, asked for by {row.by}: {became(reads, row)}"


def _row(row: CorrectionRow) -> dict[str, Any]:
    return {"number": row.id, "at": row.at, "by": row.by,
            "proposed": row.proposed, "failed": row.failed}  # fmt: skip
