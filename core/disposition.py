"""What became of one change, as its agent is told: a state and static codes, no word of the chart.

Source: design §1 (every proposal gets a final answer that a machine can read), hub-protocol §2
(`outcome`).
"""

from __future__ import annotations

from collections.abc import Sequence

from core.canonical import JsonObject, exact
from core.lifecycle import OPEN, State
from core.ports import Reads
from core.records import ChangeRow


def is_final(state: str) -> bool:
    """Tell whether a change in this state moves no more by itself or by a decision."""
    return State(state) not in OPEN


def disposition(reads: Reads, change: ChangeRow) -> JsonObject:
    """Return `{index, revision, state, operation, reasons}`, and `edited` where a person edited.

    An agent that reads `edited` must not propose its own wording again.
    """
    found: JsonObject = {
        "index": exact(change.idx),
        "revision": exact(change.revision),
        "state": change.state,
        "operation": change.operation,
        "reasons": list(reason_codes(reads, change)),
    }
    if change.edited is not None:
        found["edited"] = True
    return found


def reason_codes(reads: Reads, change: ChangeRow) -> Sequence[str]:
    """Return static codes: why policy denied, why a reviewer rejected, what the EHR answered."""
    if change.state == State.DENIED:
        return [reason["code"] for reason in change.reason_list]
    if change.state == State.REJECTED:
        votes = reads.decisions(change.proposal, change.idx)
        return sorted({vote.reason for vote in votes if vote.reason and vote.void is None})
    written = reads.write(change.operation)
    if written is None or change.state in (State.VERIFIED, State.PERSISTED):
        return []
    failed = reads.failure(change.operation)
    own = written.failure or (None if failed is None else failed.failure)
    number = None if failed is None or failed.code is None else f"ehr-code-{failed.code}"
    return [code for code in (own, written.reconciled_class, number) if code]
