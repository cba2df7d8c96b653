"""What became of a correction that somebody asked for, in words. Source: design §10, §12."""

from __future__ import annotations

from collections.abc import Mapping

from core.lifecycle import State
from core.ports import Reads
from core.records_recheck import CorrectionRow

WHY: Mapping[str, str] = {
    "settled-meanwhile": "the exception was seen to meanwhile",
    "target-gone": "the record is no longer there",
    "never-written": "nothing was written",
    "nothing-to-put-back": "nothing that was approved differs in a way a proposal could put right",
    "erased": "what was approved was erased",
}


def became(reads: Reads, row: CorrectionRow) -> str:
    """Return it; of one that policy denied, why, since nobody will be asked about it."""
    if row.failed is not None:
        return f"none could be proposed, {WHY.get(row.failed, row.failed)}"
    if row.proposed is None:
        return "proposed next round"
    said = []
    for change in reads.changes(row.proposed):
        codes = ", ".join(str(one["code"]) for one in change.reason_list)
        denied = change.state == State.DENIED
        said.append(f"{change.state}: {codes}" if denied and codes else str(change.state))
    return f"it is proposal {row.proposed[:8]}, {'; '.join(dict.fromkeys(said))}"
