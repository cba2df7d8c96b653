"""One round of the gateway: recover, resolve, expire, send, record, reconcile.

A failure counts only where nothing later in the round made up for it: what was due and has ended
is no reason to say that the EHR could not be reached. Source: design §9, §13 (`run --once`). Only
the process that holds the lease runs it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from core.errors import Refused, Unreachable
from core.gateway import events, provenance, urgent
from core.gateway.deadlines import sweep
from core.gateway.doubted import is_doubted, settle_doubt
from core.gateway.entered import confirm
from core.gateway.failing import is_due
from core.gateway.held import poll
from core.gateway.holds import retry_holds
from core.gateway.order import Chain, chains, check_of, jobs, patient_of
from core.gateway.readback import resolve
from core.gateway.receipt import INTERRUPTED
from core.gateway.send import Step, send
from core.ledger.event import Event, instant, moment
from core.lifecycle import State
from core.reconcile import overdue
from core.reconcile.check import reconcile, rests
from core.reconcile.correcting import propose_corrections
from core.reconcile.levels import service_in_force
from core.reconcile.recheck import A_ROUND, look_at_due
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
    looked_again: int = 0
    """Written earlier, and examined again by the schedule."""
    drifted: int = 0
    unread: int = 0
    """Due to be examined again, and could not be."""
    corrections: int = 0
    """Proposed because people asked for it."""
    overdue: int = 0
    """Exceptions that nobody saw to in time."""
    unreachable: bool = False
    unpublished: bool = False
    """The ledger's newest head is not on the EHR yet."""

    def __post_init__(self) -> None:
        self.stuck: set[tuple[str, int]] = set()
        """Changes for which the EHR could not be reached, and that nothing ended since."""

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
    done.overdue += overdue.watch(workspace)
    await _poll_all(workspace, done)
    await _resolve_all(workspace, done)
    await _send_all(workspace, _ready(workspace), epoch, done)
    await _resolve_all(workspace, done)
    await _reconcile_all(workspace, done)
    # What was waiting for a sibling to be verified is due now.
    dependent = [change for change in _ready(workspace) if change.depends_on]
    await _send_all(workspace, dependent, epoch, done)
    await _resolve_all(workspace, done)
    await _reconcile_all(workspace, done)
    await _confirm_all(workspace, done)
    # Last, so that it takes no turn from anything that is to be sent or was just sent.
    await _look_again(workspace, done)
    done.unreachable |= bool(done.stuck)
    return done


async def _look_again(workspace: Workspace, done: Round) -> None:
    try:
        done.corrections += await propose_corrections(workspace)
    except Unreachable:
        done.unreachable = True
    await _record_owed(workspace, done)
    run = await look_at_due(workspace)
    if run is not None:
        done.looked_again += run.writes
        done.drifted += run.drift
        done.unread += run.unread
        done.unreachable |= any(looked.code == "unreadable" for _, looked in run.results)


async def _record_owed(workspace: Workspace, done: Round) -> None:
    """Try once more to record the Provenance of what is looked at now and is still without."""

    async def one(change: ChangeRow) -> None:
        try:
            recorded = await provenance.record(workspace, change)
        except Refused:
            recorded = provenance.refusal(workspace, change)
        if recorded is not None:
            _append(workspace, recorded)

    for change in workspace.ledger.rechecks_due(instant(workspace.clock.now()), A_ROUND):
        if provenance.is_owed(workspace.ledger, change):
            await _check(workspace, change, one, done)


def recover(workspace: Workspace) -> None:
    """Turn what a killed process left `sending` into ambiguous, before anything else."""
    for change in workspace.ledger.changes_in(State.SENDING):
        events.receipt(workspace, change, INTERRUPTED, None)


def _ready(workspace: Workspace) -> Sequence[ChangeRow]:
    return workspace.ledger.changes_in(State.READY)


async def _send_all(
    workspace: Workspace, ready: Sequence[ChangeRow], epoch: int, done: Round
) -> None:
    """Send patient by patient; one with a write whose outcome is unknown waits until it is."""
    unsure = set(map(patient_of, workspace.ledger.changes_in(State.AMBIGUOUS)))
    due = [change for change in ready if patient_of(change) not in unsure]
    done.waiting += len(ready) - len(due)

    async def one_patient(chain: Chain) -> None:
        for change in chain:
            if not await _send_one(workspace, change, epoch, done):
                return

    await workspace.traffic.each(jobs(workspace, chains(due), one_patient))


async def _send_one(workspace: Workspace, change: ChangeRow, epoch: int, done: Round) -> bool:
    """Send one change as it is now; False when the patient's next one must not follow yet."""
    now = workspace.ledger.change(change.proposal, change.idx)
    if now is None or now.state != State.READY:
        return True
    step = await send(workspace, now, epoch)
    _count(done, step, change)
    after = workspace.ledger.change(change.proposal, change.idx)
    if after is not None and after.state == State.PERSISTED:
        await _check(workspace, after, partial(_reconcile_one, workspace, done=done), done)
    unsure = after is not None and after.state == State.AMBIGUOUS
    return step != Step.UNREACHABLE and not unsure


def _count(done: Round, step: Step, change: ChangeRow) -> None:
    done.stuck.discard((change.proposal, change.idx))
    if step == Step.SENT:
        done.sent += 1
    elif step == Step.RETURNED:
        done.returned += 1
    elif step == Step.UNREACHABLE:
        done.stuck.add((change.proposal, change.idx))
    else:
        done.waiting += 1


async def _retry_held(workspace: Workspace, done: Round) -> None:
    retried = await retry_holds(workspace)
    done.settled += retried.settled
    done.unreachable |= retried.unreachable


async def _resolve_all(workspace: Workspace, done: Round) -> None:
    async def one(change: ChangeRow) -> None:
        if is_due(workspace.ledger, change, workspace.clock.now()):
            doubted = is_doubted(workspace.ledger, change)
            await (settle_doubt if doubted else resolve)(workspace, change)
            done.resolved += 1

    await _check_all(workspace, State.AMBIGUOUS, one, done)


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
    """Reconcile what could not be at once, when it was sent."""
    one = partial(_reconcile_one, workspace, done=done)
    await _check_all(workspace, State.PERSISTED, one, done)


async def _reconcile_one(workspace: Workspace, change: ChangeRow, done: Round) -> None:
    if rests(workspace.ledger, change, workspace.clock.now()):
        return
    recorded, ended = None, None
    try:
        recorded = await provenance.record(workspace, change)
    except Refused:
        # Whatever it refuses about the Provenance: what was written must be looked at.
        ended = provenance.refusal(workspace, change)
    except Unreachable:
        if not _is_late(workspace, change):
            raise
        ended = provenance.event(workspace, change, provenance.UNCONFIRMED)
    state = await reconcile(workspace, change, recorded)
    if ended is not None and (ended.data["outcome"] == "failed" or state != State.PERSISTED):
        _append(workspace, ended)
    done.verified += state == State.VERIFIED
    done.exceptions += state == State.EXCEPTION


def _is_late(workspace: Workspace, change: ChangeRow) -> bool:
    """Tell whether what was written has waited long enough for its Provenance to be examined."""
    written = workspace.ledger.write(change.operation)
    if written is None or written.receipt_at is None:
        return True
    patience = timedelta(seconds=service_in_force(workspace.ledger).visible_s)
    return workspace.clock.now() >= moment(written.receipt_at) + patience


def _append(workspace: Workspace, event: Event) -> None:
    with workspace.ledger.transaction() as transaction:
        transaction.append(event)


async def _check_all(
    workspace: Workspace, state: State, one: Callable[[ChangeRow], Awaitable[None]], done: Round
) -> None:
    """Do `one` for every change in a state, patient by patient, through slots for checking."""

    async def one_patient(chain: Chain) -> None:
        for change in chain:
            await _check(workspace, change, one, done)

    due = chains(workspace.ledger.changes_in(state))
    await workspace.traffic.each(jobs(workspace, due, one_patient))


async def _check(
    workspace: Workspace,
    change: ChangeRow,
    one: Callable[[ChangeRow], Awaitable[None]],
    done: Round,
) -> None:
    try:
        async with workspace.traffic.slot(change.ehr, check_of(workspace, change)):
            await one(change)
    except (Unreachable, Refused):
        done.stuck.add((change.proposal, change.idx))
    else:
        now = workspace.ledger.change(change.proposal, change.idx)
        if now is None or now.state != change.state:
            done.stuck.discard((change.proposal, change.idx))
