"""What every signed act of a reviewer on one change checks first, and how it sends others back."""

from __future__ import annotations

from datetime import datetime

from core.errors import Conflict, NotFound
from core.ledger.event import moment
from core.lifecycle import State
from core.ports import Reads
from core.records import ChangeRow, DecisionRow, ProposalRow


def find_change(reads: Reads, proposal: str, index: int) -> tuple[ProposalRow, ChangeRow]:
    """Return a proposal and one of its changes; raises NotFound."""
    found, change = reads.proposal(proposal), reads.change(proposal, index)
    if found is None or change is None:
        raise NotFound(
            f"no change {index} in that proposal", remedy="See `countersign queue` for ids"
        )
    return found, change


def check_pending(change: ChangeRow, hi: datetime) -> None:
    """Raise Conflict unless the change waits for review and has certainly not expired."""
    if change.state != State.PENDING:
        raise Conflict(
            f"change {change.idx} is {change.state}, not waiting for review",
            remedy="Look at it again with `countersign show`",
        )
    if change.expires is None or hi >= moment(change.expires):
        raise Conflict(f"change {change.idx} has expired", remedy="Ask a supervisor to reassign it")


def standing(reads: Reads, change: ChangeRow) -> list[DecisionRow]:
    """Return the votes that count for this revision; a deferral is not a vote."""
    return [
        vote
        for vote in reads.decisions(change.proposal, change.idx)
        if vote.revision == change.revision and vote.void is None and vote.outcome != "defer"
    ]
