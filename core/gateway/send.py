"""Sending one write: guards, token, fresh input, the intent, the bytes, the receipt.

Source: design §9, hub-protocol §6 step 7 (a solo store takes steps e and h as one transaction, run
when the connection stands and before the first byte).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from core.errors import BadInput, Conflict, Moved, Refused, Unreachable
from core.failure.classes import Failure
from core.failure.dialect import dialect_in_force
from core.failure.tokens import no_grant
from core.gateway import events, provenance
from core.gateway.around import search_before
from core.gateway.failing import not_sent
from core.gateway.guards import (
    Stopped,
    check_approvals,
    check_dependencies,
    check_freeze,
    check_last,
    check_lifecycle,
    check_paused,
)
from core.gateway.order import work_of
from core.gateway.receipt import UNKNOWN, classify
from core.gateway.refresh import Fresh, refresh
from core.gateway.request import scope, write_request
from core.gateway.returned import Returned
from core.gateway.together import ALONE, accompanied, both_stored, may_go_together, parted
from core.lifecycle import State
from core.ports import NO_SCOPE, Grant, NoToken, NotSent, OutcomeUnknown, Request
from core.profile.granted import remember
from core.records import ChangeRow, ProposalRow
from core.review.content import Content, Erased, read_content
from core.review.decide import void
from core.workspace import Workspace, roster_in_force


class Step(StrEnum):
    """What became of one attempt to send."""

    SENT = "sent"
    STOPPED = "stopped"
    RETURNED = "returned-to-review"
    UNREACHABLE = "unreachable"
    REFRESHED = "token-refreshed"
    """Its token was refused and forgotten; with another one it is tried again, once."""
    PARTED = "without-its-provenance"
    """As a transaction with its Provenance it was refused; alone it is tried again, once."""


class _ScopeOfBoth(Exception):
    """No token is granted for a write with its Provenance beside it; alone one may be."""


FRESH = timedelta(seconds=120)
"""What was read longer ago, consent above all, is read again before anything leaves."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What one attempt has in hand."""

    content: Content
    """What was approved."""
    fresh: Fresh
    request: Request
    grant: Grant


async def send(workspace: Workspace, change: ChangeRow, epoch: int) -> Step:
    """Try to send one ready change; every outcome is in the ledger when this returns.

    `epoch` is the lease under which this process is the gateway. A token that the EHR refuses is
    replaced once, and a transaction that it refuses is parted once; every guard runs again before
    the next attempt.
    """
    left, alone = {Step.REFRESHED, Step.PARTED}, False
    while True:
        step = await _attempt(workspace, change, epoch, alone=alone)
        again = workspace.ledger.change(change.proposal, change.idx)
        if step not in left or again is None:
            return step
        left.discard(step)
        change, alone = again, alone or step == Step.PARTED


async def _attempt(workspace: Workspace, change: ChangeRow, epoch: int, *, alone: bool) -> Step:
    proposal = workspace.ledger.proposal(change.proposal)
    if proposal is None:
        raise Conflict("the proposal is gone from the store")
    try:
        with workspace.ledger.moment():
            content = read_content(workspace.ledger, change)
            _check_before(workspace, proposal, change, content)
            work = work_of(workspace, change)
        async with workspace.traffic.slot(change.ehr, work):
            alone = alone or not await may_go_together(workspace, change)
            grant = await _grant(workspace, proposal, change, content, alone=alone)
            fresh = await refresh(workspace, proposal, change, content)
            await search_before(workspace, change)
            request = _request(workspace, proposal, change, fresh.content, alone=alone)
            sending = Sending(content, fresh, request, grant)
            return await _dispatch(workspace, proposal, change, sending, epoch)
    except Stopped as stop:
        return _stopped(workspace, change, stop)
    except Returned as returned:
        events.send_back(workspace, proposal, change, returned)
        return Step.RETURNED
    except Moved as moved:
        # A redirect to some page, as a proxy's, says nothing of the patient.
        if not moved.to_record:
            return Step.UNREACHABLE
        return _stopped(workspace, change, Stopped("record-moved", "park"))
    except _ScopeOfBoth:
        return Step.PARTED
    except (Unreachable, Refused):
        return Step.UNREACHABLE
    except Erased:
        return _stopped(workspace, change, Stopped("content-erased", "park"))


def _request(
    workspace: Workspace,
    proposal: ProposalRow,
    change: ChangeRow,
    content: Content,
    *,
    alone: bool,
) -> Request:
    request = write_request(content, change.operation)
    return request if alone else accompanied(workspace, proposal, change, request)


async def _grant(
    workspace: Workspace,
    proposal: ProposalRow,
    change: ChangeRow,
    content: Content,
    *,
    alone: bool,
) -> Grant:
    """Return a token for this write; one that is refused is recorded, with when it is asked again.

    A profile that cannot be read stops the write: its answer could not be understood.
    """
    try:
        dialect = dialect_in_force(workspace.ledger, change.ehr)
    except BadInput:
        raise Stopped("profile-unreadable", "wait") from None
    request = _request(workspace, proposal, change, content, alone=alone)
    try:
        return await workspace.ehr(change.ehr).grant(scope(request))
    except (Refused, Unreachable) as error:
        if isinstance(error, NoToken) and error.oauth == NO_SCOPE:
            if request.beside is not None:
                raise _ScopeOfBoth from None
            by = events.actor(workspace)
            remember(workspace, by, change.ehr, change.type, change.op, granted=False)
        why = no_grant(error, dialect)
        if why is not None:
            not_sent(workspace, change, why)
        raise


def _check_before(
    workspace: Workspace, proposal: ProposalRow, change: ChangeRow, content: Content
) -> None:
    """Run the local guards before anything is fetched; they run again in the last transaction."""
    ledger = workspace.ledger
    clock = ledger.interval()
    check_lifecycle(ledger, change, clock.lo)
    roster = roster_in_force(ledger)
    check_approvals(workspace, ledger, clock.hi, proposal, change, content, roster)
    check_dependencies(ledger, change)
    check_freeze(ledger, proposal, change)
    check_paused(ledger, change)


async def _dispatch(
    workspace: Workspace,
    proposal: ProposalRow,
    change: ChangeRow,
    sending: Sending,
    epoch: int,
) -> Step:
    request, grant, fresh = sending.request, sending.grant, sending.fresh

    def before_first_byte() -> None:
        if not grant.alive():
            raise Stopped("token-expired", "wait")
        if abs(workspace.clock.now() - fresh.read_at) > FRESH:
            raise Stopped("input-stale", "wait")
        with workspace.ledger.transaction() as transaction:
            check_last(
                workspace, transaction, proposal, change, sending.content, fresh.looked_at, epoch
            )
            events.intend(workspace, transaction, change, fresh, request)

    ehr = workspace.ehr(change.ehr)
    try:
        response = await ehr.send(request, grant, before_first_byte)
    except Stopped as stop:
        return _stopped(workspace, change, stop)
    except NotSent:
        not_sent(workspace, change)
        return Step.UNREACHABLE
    except OutcomeUnknown:
        events.receipt(workspace, change, UNKNOWN, None)
        return Step.SENT
    try:
        dialect = dialect_in_force(workspace.ledger, change.ehr)
    except BadInput:
        # Adopted unreadable while it was under way: the answer cannot be understood, the chart can.
        events.receipt(workspace, change, UNKNOWN, None)
        return Step.SENT
    outcome = classify(response, dialect, change.rung)
    if parted(request, outcome):
        events.receipt(workspace, change, ALONE, response, dialect)
        return Step.PARTED
    stored = both_stored(request, response)
    kept = provenance.event(workspace, change, "written") if stored else None
    state = events.receipt(workspace, change, outcome, response, dialect, kept)
    if state == State.READY and outcome.failure == Failure.AUTHENTICATION:
        return Step.REFRESHED
    return Step.STOPPED if state == State.READY else Step.SENT


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
