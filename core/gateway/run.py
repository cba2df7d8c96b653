"""One round of the gateway: recover, resolve, expire, send, record, reconcile.

Source: design §9, §13 (`run --once`). Only the process that holds the lease runs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import Refused, Unreachable
from core.gateway import events, provenance, urgent
from core.gateway.deadlines import sweep
from core.gateway.entered import confirm
from core.gateway.failing import is_due
from core.gateway.held import poll
from core.gateway.holds import retry_holds
from core.gateway.readback import resolve
from core.gateway.receipt import INTERRUPTED
from core.gateway.send import Step, send
from core.lifecycle import State
from core.reconcile.check import reconcile
from core.records import ChangeRow
from core.workspace import Workspace


@dataclass
class Round:
    """What one round did; `unreachable` when something due could not end."""

    sent: int = 0
    returned: int = 0
    waiting: int = 0
    resolved: int = 0
    verified: int = 0
    exceptions: int = 0
    warned: int = 0
    escalated: int = 0
    expired: int = 0
    due_again: int = 0
    settled: int = 0
    """Held for consent, which could be read now."""
    unreachable: bool = False
    unpublished: bool = False
    """The ledger's newest head is not on the EHR yet."""

    def take(self, other: Round) -> None:
        """Add what the sweep before this round did."""
        for name in ("warned", "escalated", "expired", "due_again"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


async def run_once(workspace: Workspace, epoch: int) -> Round:
    """Bring everything that is due to an end, as far as the EHR can be reached."""
    done = Round()
    recover(workspace)
    sweep(workspace, done)
    await _retry_held(workspace, done)
    urgent.watch(workspace)
    await _poll_all(workspace, done)
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
    await _confirm_all(workspace, done)
    return done


def recover(workspace: Workspace) -> None:
    """Turn what a killed process left `sending` into ambiguous, before anything else."""
    for change in workspace.ledger.changes_in(State.SENDING):
        events.receipt(workspace, change, INTERRUPTED, None)


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
        if not is_due(workspace.ledger, change, workspace.clock.now()):
            continue
        try:
            await resolve(workspace, change)
            done.resolved += 1
        except (Unreachable, Refused):
            done.unreachable = True


async def _poll_all(workspace: Workspace, done: Round) -> None:
    for change in workspace.ledger.changes_in(State.HELD_BY_EHR):
        try:
            done.exceptions += await poll(workspace, change) == State.EXCEPTION
        except (Unreachable, Refused):
            done.unreachable = True


async def _confirm_all(workspace: Workspace, done: Round) -> None:
    for change in workspace.ledger.changes_in(State.MANUAL_ENTRY):
        try:
            state = await confirm(workspace, change)
        except (Unreachable, Refused):
            done.unreachable = True
            continue
        done.verified += state == State.VERIFIED
        done.exceptions += state == State.EXCEPTION


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
