"""Urgent changes that do not get into the chart: somebody is told, then an incident opens.

Nothing is ever approved, or given up, by time.

Source: design §9 (an urgent change nearing `needed_by`), hub-protocol §10 (30 minutes for the top
tiers). Told again is nobody: one notice of each kind and one incident a change, whatever repeats.
"""

from __future__ import annotations

from core.gateway.events import actor
from core.incident.incidents import Category, open_incident
from core.ledger.event import instant
from core.lifecycle import State
from core.needed import due
from core.notice import Kind, Notice, raise_notice
from core.ports import Reads, Transaction
from core.records import ChangeRow, ProposalRow
from core.review.decide import about
from core.workspace import Workspace

DELAYED: Category = "delayed-critical-update"
UNDECIDED = (State.PENDING, State.DEFERRED, State.EXPIRED)
UNSENT = (
    State.READY, State.AMBIGUOUS, State.HELD_BY_EHR, State.REFUSED, State.DEAD_LETTER,
    State.EXCEPTION,
)  # fmt: skip
"""Decided, and not known to be in the chart."""
_WRITTEN = (State.PERSISTED, State.VERIFIED, State.CORRECTED)


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
