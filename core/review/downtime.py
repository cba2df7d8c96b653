"""What has to be entered by hand, or can be, while the ordinary road is too slow or broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.gateway.urgent import UNDECIDED, UNSENT, in_chart
from core.incident.freeze import frozen_by, target_of
from core.ledger.event import instant
from core.lifecycle import State
from core.needed import due
from core.ports import Reads
from core.records import ChangeRow, ProposalRow
from core.review.byhand import why_not


@dataclass(frozen=True, slots=True)
class Waiting:
    """One change that is not in the chart."""

    proposal: ProposalRow
    change: ChangeRow
    needed: str | None
    """UTC time by which it is needed; None for one that is not urgent."""
    late: bool
    frozen: bool
    why_not: str | None
    """Why it cannot be entered by hand now; None where it can."""


def downtime(reads: Reads, now: datetime) -> list[Waiting]:
    """Return what is urgent or approved and not in the chart, what is needed first in front.

    An entry by hand that was not read back yet stands in it too.
    """
    rows: dict[tuple[str, int], ChangeRow] = {}
    wanted: Sequence[ChangeRow] = (
        *reads.urgent(*UNDECIDED, *UNSENT),
        *reads.changes_in(State.READY, State.AMBIGUOUS, State.HELD_BY_EHR, State.MANUAL_ENTRY),
    )
    for row in wanted:
        rows[row.proposal, row.idx] = row
    found = [item for row in rows.values() if (item := _waiting(reads, row, now)) is not None]
    return sorted(found, key=lambda item: (item.needed or "~", item.change.state_seq))


def _waiting(reads: Reads, row: ChangeRow, now: datetime) -> Waiting | None:
    proposal = reads.proposal(row.proposal)
    if proposal is None or in_chart(reads, row):
        return None
    times = due(row, proposal)
    return Waiting(
        proposal=proposal,
        change=row,
        needed=None if times is None else instant(times.needed),
        late=times is not None and now >= times.needed,
        frozen=frozen_by(reads.freezes(), target_of(proposal, row)) is not None,
        why_not=why_not(reads, row),
    )
