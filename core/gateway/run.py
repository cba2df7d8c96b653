"""One round of the gateway: recover, resolve, expire, send, record, reconcile.

Source: design §9, §13 (`run --once`). Only the process that holds the lease runs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.errors import Refused, Unreachable
from core.gateway import events, provenance
from core.gateway.holds import retry_holds
from core.gateway.readback import resolve
from core.gateway.receipt import Outcome
from core.gateway.send import Step, send
from core.ledger.event import Event, moment
from core.lifecycle import State
from core.reconcile.check import reconcile
from core.records import ChangeRow
from core.review.decide import about
from core.workspace import Workspace

INTERRUPTED = Outcome(State.AMBIGUOUS, "interrupted")


@dataclass
class Round:
    """What one round did; `unreachable` when something due could not end."""

    sent: int = 0
    returned: int = 0
    waiting: int = 0
    resolved: int = 0
    verified: int = 0
    exceptions: int = 0
    expired: int = 0
    due_again: int = 0
    settled: int = 0
    """Held for consent, which could be read now."""
    unreachable: bool = False
    unpublished: bool = False
    """The ledger's newest head is not on the EHR yet."""


async def run_once(workspace: Workspace, epoch: int) -> Round:
    """Bring everything that is due to an end, as far as the EHR can be reached."""
    done = Round()
    recover(workspace)
    sweep(workspace, done)
    await _retry_held(workspace, done)
    await _resolve_all(workspace, done)
    for change in _ready(workspace):
        await _send_one(workspace, change, epoch, done)
    await _resolve_all(workspace, done)
    await _reconcile_all(workspace, done)
    # What was waiting for a sibling to be verified is due now.
    for change in _ready(workspace):
        if change.depends_on:
            await _send_one(workspace, change, epoch, done)
    await _resolve_all(workspace, done)
    await _reconcile_all(workspace, done)
    return done


def recover(workspace: Workspace) -> None:
    """Turn what a killed process left `sending` into ambiguous, before anything else."""
    for change in workspace.ledger.changes_in(State.SENDING):
        events.receipt(workspace, change, INTERRUPTED, None)


def sweep(workspace: Workspace, done: Round) -> None:
    """Expire what was not decided in time, and bring back what was deferred until now."""
    for seen in workspace.ledger.changes_in(State.PENDING, State.DEFERRED):
        with workspace.ledger.transaction() as transaction:
            change = transaction.change(seen.proposal, seen.idx)
            if change is None or change.state != seen.state:
                continue
            if change.expires is not None and transaction.clock.hi >= moment(change.expires):
                transaction.append(_moved(workspace, change, "change.expired", State.EXPIRED))
                done.expired += 1
            elif _is_due(change, transaction.clock.lo):
                transaction.append(_moved(workspace, change, "change.due", State.PENDING))
                done.due_again += 1


def _is_due(change: ChangeRow, lo: datetime) -> bool:
    return (
        change.state == State.DEFERRED and change.until is not None and lo >= moment(change.until)
    )


def _moved(workspace: Workspace, change: ChangeRow, type_: str, after: State) -> Event:
    return Event(type_, events.actor(workspace), about(change), before=change.state, after=after)


def _ready(workspace: Workspace) -> Sequence[ChangeRow]:
    return workspace.ledger.changes_in(State.READY)


async def _send_one(workspace: Workspace, change: ChangeRow, epoch: int, done: Round) -> None:
    step = await send(workspace, change, epoch)
    if step == Step.SENT:
        done.sent += 1
    elif step == Step.RETURNED:
        done.returned += 1
    elif step == Step.UNREACHABLE:
        done.unreachable = True
    else:
        done.waiting += 1


async def _retry_held(workspace: Workspace, done: Round) -> None:
    retried = await retry_holds(workspace)
    done.settled += retried.settled
    done.unreachable |= retried.unreachable


async def _resolve_all(workspace: Workspace, done: Round) -> None:
    for change in workspace.ledger.changes_in(State.AMBIGUOUS):
        try:
            await resolve(workspace, change)
            done.resolved += 1
        except (Unreachable, Refused):
            done.unreachable = True


async def _reconcile_all(workspace: Workspace, done: Round) -> None:
    for change in workspace.ledger.changes_in(State.PERSISTED):
        try:
            await provenance.record(workspace, change)
            state = await reconcile(workspace, change)
        except (Unreachable, Refused):
            done.unreachable = True
            continue
        if state == State.VERIFIED:
            done.verified += 1
        else:
            done.exceptions += 1
