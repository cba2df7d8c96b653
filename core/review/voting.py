"""Finding the change that somebody acts on, and the votes on it that count."""

from __future__ import annotations

from core.errors import NotFound
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


def standing(reads: Reads, change: ChangeRow) -> list[DecisionRow]:
    """Return the votes that count for this revision; a deferral is not a vote."""
    return [
        vote
        for vote in reads.decisions(change.proposal, change.idx)
        if vote.revision == change.revision and vote.void is None and vote.outcome != "defer"
    ]
