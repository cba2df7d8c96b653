"""Sending one write: guards, token, fresh input, the intent, the bytes, the receipt.

Source: design §9, hub-protocol §6 step 7 (a solo store takes steps e and h as one transaction, run
when the connection stands and before the first byte).
"""

from __future__ import annotations

from enum import StrEnum

from core.errors import Conflict, Refused, Unreachable
from core.gateway import events
from core.gateway.guards import (
    Stopped,
    check_approvals,
    check_dependencies,
    check_freeze,
    check_last,
    check_lifecycle,
)
from core.gateway.order import work_of
from core.gateway.receipt import Outcome, classify
from core.gateway.refresh import Fresh, refresh
from core.gateway.request import scope, write_request
from core.gateway.returned import Returned
from core.lifecycle import State
from core.ports import Grant, NotSent, OutcomeUnknown
from core.records import ChangeRow, ProposalRow
from core.review.content import Content, Erased, read_content
from core.review.decide import void
from core.workspace import Workspace, roster_in_force

UNKNOWN = Outcome(State.AMBIGUOUS, "outcome-unknown")


class Step(StrEnum):
    """What became of one attempt to send."""

    SENT = "sent"
    STOPPED = "stopped"
    RETURNED = "returned-to-review"
    UNREACHABLE = "unreachable"


async def send(workspace: Workspace, change: ChangeRow, epoch: int) -> Step:
    """Try to send one ready change; every outcome is in the ledger when this returns.

    `epoch` is the lease under which this process is the gateway.
    """
    proposal = workspace.ledger.proposal(change.proposal)
    if proposal is None:
        raise Conflict("the proposal is gone from the store")
    try:
        content = read_content(workspace.ledger, change)
        _check_before(workspace, proposal, change, content)
        async with workspace.traffic.slot(change.ehr, work_of(workspace, change)):
            ehr = workspace.ehr(change.ehr)
            grant = await ehr.grant(scope(write_request(content, change.operation)))
            fresh = await refresh(workspace, proposal, change, content)
            return await _dispatch(workspace, proposal, change, content, fresh, grant, epoch)
    except Stopped as stop:
        return _stopped(workspace, change, stop)
    except Returned as returned:
        events.send_back(workspace, proposal, change, returned)
        return Step.RETURNED
    except (Unreachable, Refused):
        return Step.UNREACHABLE
    except Erased:
        return _stopped(workspace, change, Stopped("content-erased", "park"))


def _check_before(
    workspace: Workspace, proposal: ProposalRow, change: ChangeRow, content: Content
) -> None:
    """Run the local guards before anything is fetched; they run again in the last transaction."""
    with workspace.ledger.transaction() as transaction:
        check_lifecycle(transaction, change, transaction.clock.lo)
        roster = roster_in_force(transaction)
        check_approvals(workspace, transaction, proposal, change, content, roster)
        check_dependencies(transaction, change)
        check_freeze(transaction, proposal, change)


async def _dispatch(
    workspace: Workspace,
    proposal: ProposalRow,
    change: ChangeRow,
    content: Content,
    fresh: Fresh,
    grant: Grant,
    epoch: int,
) -> Step:
    request = write_request(fresh.content, change.operation)

    def before_first_byte() -> None:
        if not grant.alive():
            raise Stopped("token-expired", "wait")
        with workspace.ledger.transaction() as transaction:
            check_last(workspace, transaction, proposal, change, content, fresh.looked_at, epoch)
            events.intend(workspace, transaction, change, fresh, request)

    ehr = workspace.ehr(change.ehr)
    try:
        response = await ehr.send(request, grant, before_first_byte)
    except Stopped as stop:
        return _stopped(workspace, change, stop)
    except NotSent:
        return Step.UNREACHABLE
    except OutcomeUnknown:
        events.receipt(workspace, change, UNKNOWN, None)
        return Step.SENT
    outcome = classify(response)
    events.receipt(workspace, change, outcome, response)
    return Step.STOPPED if outcome.state == State.READY else Step.SENT


def _stopped(workspace: Workspace, change: ChangeRow, stop: Stopped) -> Step:
    if stop.consequence == "wait":
        return Step.STOPPED
    with workspace.ledger.transaction() as transaction:
        if transaction.change(change.proposal, change.idx) != change:
            return Step.STOPPED
        void(workspace, transaction, change, stop.why)
        if stop.consequence == "park":
            events.open_exception(workspace, transaction, change, "void", stop.why)
    return Step.RETURNED
