"""By when an urgent change has to be in the chart: one answer for every screen and alert.

It stands by itself because the first paint of the queue asks it. Source: design §9 (an urgent
change nearing `needed_by`), hub-protocol §10 (30 minutes for the top tiers).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.ledger.event import moment
from core.lifecycle import State
from core.records import ChangeRow, ProposalRow

STILL = (State.PENDING, State.DEFERRED, State.EXPIRED, State.READY)
"""The states in which somebody still waits for a change to be sent."""
STAT_S = 30 * 60
"""How long a stat change may take where neither it nor its route says (hub-protocol §10)."""
URGENT_S = 4 * 3600
"""The same of an urgent one."""
LAST_PART = 4
"""The alert comes when only one part in so many of the time is left."""


@dataclass(frozen=True, slots=True)
class Due:
    """When an urgent change has to be in the chart, and from when on somebody is told."""

    alert: datetime
    needed: datetime


def due(change: ChangeRow, proposal: ProposalRow | None = None) -> Due | None:
    """Return the times of an urgent change; None for one that nobody waits for.

    What the proposal names counts; else the route's `reach_by`, else STAT_S or URGENT_S, from when
    it was proposed. The one answer for the queue, the review, `downtime` and the alerts; rows of
    older ledgers ask the proposal.
    """
    start = moment(change.proposed_at or (change.since if proposal is None else proposal.at))
    named = change.needed_by or (None if proposal is None else proposal.needed_by)
    if named is not None:
        needed = moment(named)
    elif change.urgency == "routine":
        return None
    else:
        reach = (change.route_json or {}).get("reach_by_s")
        usual = STAT_S if change.urgency == "stat" else URGENT_S
        needed = start + timedelta(seconds=usual if reach is None else int(reach))
    return Due(max(start, needed - max(needed - start, timedelta(0)) / LAST_PART), needed)
