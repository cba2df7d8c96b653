"""Urgent changes that do not get into the chart: somebody is told, then an incident opens.

Nothing is ever approved, or given up, by time.

Source: design §9 (an urgent change nearing `needed_by`), hub-protocol §10 (30 minutes for the top
tiers). Told again is nobody: one notice of each kind and one incident a change, whatever repeats.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.gateway.events import actor
from core.incident.incidents import Category, open_incident
from core.ledger.event import instant, moment
from core.lifecycle import State
from core.notice import Kind, Notice, raise_notice
from core.ports import Reads, Transaction
from core.records import ChangeRow, ProposalRow
from core.review.decide import about
from core.workspace import Workspace

STAT_S = 30 * 60
"""How long a stat change may take where neither it nor its route says (hub-protocol §10)."""
URGENT_S = 4 * 3600
"""The same of an urgent one."""
LAST_PART = 4
"""The alert comes when only one part in so many of the time is left."""
DELAYED: Category = "delayed-critical-update"
UNDECIDED = (State.PENDING, State.DEFERRED, State.EXPIRED)
UNSENT = (
    State.READY, State.AMBIGUOUS, State.HELD_BY_EHR, State.REFUSED, State.DEAD_LETTER,
    State.EXCEPTION,
)  # fmt: skip
"""Decided, and not known to be in the chart."""
_WRITTEN = (State.PERSISTED, State.VERIFIED, State.CORRECTED)


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


def watch(workspace: Workspace) -> int:
    """Tell whom the urgent changes need, and open incidents; return how many events that made."""
    told = 0
    for seen in workspace.ledger.urgent(*UNDECIDED, *UNSENT):
        proposal = workspace.ledger.proposal(seen.proposal)
        if proposal is None or due(seen, proposal) is None:
            continue
        with workspace.ledger.transaction() as transaction:
            change = transaction.change(seen.proposal, seen.idx)
            if change is not None and change.state in (*UNDECIDED, *UNSENT):
                told += _tell(workspace, transaction, proposal, change)
    return told


def in_chart(reads: Reads, change: ChangeRow) -> bool:
    """Tell whether the EHR is known to have stored the change, whatever is wrong with it."""
    if change.state in _WRITTEN:
        return True
    written = reads.write(change.operation)
    if written is None or written.reconciled_seq is None:
        return False
    open_ = reads.exceptions(change.proposal, change.idx)
    return not any(item.kind == "missing" for item in open_)


def _tell(
    workspace: Workspace, transaction: Transaction, proposal: ProposalRow, change: ChangeRow
) -> int:
    found = due(change, proposal)
    if found is None or transaction.clock.hi < found.alert or in_chart(transaction, change):
        return 0
    of, deadline = about(change), instant(found.needed)
    kind: Kind = "urgent-waiting" if change.state in UNDECIDED else "urgent-unsent"
    done = 0
    if not any(one.kind == kind for one in transaction.notices(change.proposal, change.idx)):
        notice = Notice(kind, _to(change), deadline)
        raise_notice(workspace.ids, transaction, actor(workspace), of, notice)
        done = 1
    known = transaction.incidents(change.proposal, change.idx)
    if transaction.clock.hi >= found.needed and not any(one.category == DELAYED for one in known):
        open_incident(
            workspace.ids, transaction, actor(workspace), of, DELAYED, "needed-by", deadline
        )
        done += 1
    return done


def _to(change: ChangeRow) -> tuple[str, ...]:
    roles = [str(role) for role in (change.route_json or {}).get("roles", ())]
    return tuple(f"role:{role}" for role in dict.fromkeys([*roles, "on-call"]))
