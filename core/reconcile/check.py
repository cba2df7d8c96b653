"""One reconciliation: read what the EHR stored, compare, and say verified or exception.

Source: design §10. Where the current version is not the one that the EHR acknowledged, both are
read: the one for what the EHR made of the write, the other for what became of it since. A create is
also looked for by its operation id, so that a duplicate shows. What cannot be examined is neither
verified nor wrong: it is tried again, and told to people by a code of its own when its time is up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from core.canonical import JsonObject, exact
from core.delta import element_path
from core.discrepancy import Comparison, Discrepancy, compare
from core.errors import Moved, Refused, Unreachable
from core.gateway.events import actor, intent_of
from core.gateway.readback import overwrote, submitted
from core.ledger.event import Event, moment
from core.ledger.recheck_events import UNREAD
from core.lifecycle import State
from core.ports import Ehr, Fetched, Reads, Transaction
from core.profile.region import region_in_force
from core.reconcile import schedule
from core.reconcile.corrected import end_corrected
from core.reconcile.learning import Compared, learn
from core.reconcile.levels import service_in_force
from core.reconcile.look import Looked, changed_since, is_later, told_of_change
from core.reconcile.maps import maps_in_force
from core.reconcile.raising import raise_exception
from core.records import ChangeRow, WriteRow
from core.review.content import Erased
from core.review.decide import about
from core.stamps import search_for
from core.traffic.work import Busy
from core.workspace import Workspace

UNEXAMINED = "unexamined"
"""The kind of the exception of what could not be examined in time; its class says why."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a reconciliation found; `kind` is the exception that it opens, None for verified."""

    class_: str
    kind: str | None
    comparison: Comparison | None = None
    persisted: Fetched | None = None
    taught: JsonObject = field(default_factory=dict)
    """What it teaches of the EHR (`core.reconcile.learning`)."""
    later: bool = False
    """Whether the chart had a later version than the acknowledged one already."""
    since: Looked | None = None
    """What that version undoes of ours."""

    @property
    def differences(self) -> Sequence[Discrepancy]:
        """What people are shown: of the drift where that is what is wrong."""
        if self.since is not None:
            return self.since.differences
        return () if self.comparison is None else self.comparison.differences


@dataclass(frozen=True, slots=True)
class Unexamined:
    """Why nothing could be compared, as a static code, and until when that may last."""

    code: str
    deadline: datetime


async def reconcile(workspace: Workspace, change: ChangeRow, before: Event | None = None) -> State:
    """Reconcile one persisted change and record the result; raises Unreachable or Refused.

    `before` is what just became known about the write: one commit keeps both, or it alone where
    the EHR cannot be read. Examining nothing is a failure, never a success; so is a record that was
    moved, which no later reading would find. It stays persisted while it may still show.
    """
    try:
        result = await _examine(workspace, change, _provenance(before))
    except Moved:
        result = Result("critical", "moved")
    except BaseException as error:
        late = _late(workspace, change, error)
        if late is None:
            if before is not None:
                with workspace.ledger.transaction() as transaction:
                    transaction.append(before)
            raise
        result = late
    if isinstance(result, Unexamined):
        if result.code != "not-visible" or workspace.clock.now() < result.deadline:
            return put_off(workspace, change, result, before)
        result = Result("critical", "missing")
    return _record(workspace, change, result, before)


def _provenance(before: Event | None) -> str | None:
    """Return how the Provenance ended that is about to be recorded."""
    known = before is not None and before.type == "provenance.recorded"
    return str(before.data["outcome"]) if before is not None and known else None


def rests(reads: Reads, change: ChangeRow, now: datetime) -> bool:
    """Tell whether a persisted change is not to be read yet, because it was tried just now."""
    row = reads.recheck(change.operation)
    return row is not None and row.due is not None and now < moment(row.due)


def put_off(
    workspace: Workspace, seen: ChangeRow, why: Unexamined, before: Event | None = None
) -> State:
    """Record that a write could not be examined, and when it is tried again.

    Past the deadline it becomes an exception; its state is otherwise what it was.
    """
    now = workspace.clock.now()
    over = now >= why.deadline
    with workspace.ledger.transaction() as transaction:
        if before is not None:
            transaction.append(before)
        change = transaction.change(seen.proposal, seen.idx)
        if change is None or change.state != seen.state:
            return State(seen.state if change is None else change.state)
        row = transaction.recheck(change.operation)
        plan = schedule.not_read(change.operation, row, now, why.deadline)
        moves = over and change.state in (State.PERSISTED, State.VERIFIED)
        transaction.append(
            Event(
                UNREAD,
                actor(workspace),
                about(change),
                data={"code": why.code, "recheck": plan.as_json()},
                before=change.state if moves else None,
                after=State.EXCEPTION if moves else None,
            )
        )
        if moves:
            raise_exception(workspace, transaction, change, UNEXAMINED, why.code)
    return State.EXCEPTION if moves else State(change.state)


def deadline_of(reads: Reads, change: ChangeRow, since: datetime) -> datetime:
    """Return until when something may stay unreadable that is so since `since`."""
    row = reads.recheck(change.operation)
    first = since if row is None or row.unread_since is None else moment(row.unread_since)
    return first + timedelta(seconds=service_in_force(reads).unread_s)


def code_of(error: BaseException) -> str | None:
    """Return why a record could not be read; None for what is no such reason.

    A gate that lets nothing through now says nothing of the record.
    """
    if isinstance(error, Refused):
        return "forbidden"
    return "unreadable" if isinstance(error, Unreachable) and not isinstance(error, Busy) else None


def _late(workspace: Workspace, change: ChangeRow, error: BaseException) -> Unexamined | None:
    """Return what a write is that could not be read for so long that people are told."""
    code, written = code_of(error), workspace.ledger.write(change.operation)
    if code is None or written is None or written.receipt_at is None:
        return None
    since = moment(written.receipt_at)
    deadline = since + timedelta(seconds=service_in_force(workspace.ledger).unread_s)
    return Unexamined(code, deadline) if workspace.clock.now() >= deadline else None


async def _examine(
    workspace: Workspace, change: ChangeRow, provenance: str | None
) -> Result | Unexamined:
    written = workspace.ledger.write(change.operation)
    if written is None or written.location is None:
        return Result("critical", "missing")
    ehr = workspace.ehr(change.ehr)
    current = await ehr.read(written.location)
    if current is None:
        return _absent(workspace, change, written)
    persisted = await _acknowledged(ehr, written, current)
    if persisted is None:
        return _absent(workspace, change, written)
    if persisted.redacted or current.redacted:
        return Unexamined("redacted", deadline_of(workspace.ledger, change, workspace.clock.now()))
    if await _copies(workspace, change, written) > 1:
        return Result("critical", "duplicate")
    try:
        with workspace.ledger.moment():
            intent = intent_of(workspace.ledger, change)
            maps = maps_in_force(workspace.ledger)
            region = region_in_force(workspace.ledger, change.ehr)
    except Erased:
        return Result("critical", "record-erased")
    intended = submitted(intent)
    if change.op == "update" and await overwrote(ehr, intent, written.version, maps):
        return Result("critical", "overwrote", persisted=persisted)
    differ = partial(compare, base_url=ehr.base_url, maps=maps, region=region)
    comparison = differ(intended, persisted.resource)
    if comparison.examined == 0:
        return Result("critical", "nothing-examined")
    compared = Compared(intended, persisted.resource, comparison, differ)
    taught = await learn(workspace, change, written, compared, provenance)
    result = Result(taught.class_, taught.kind, comparison, persisted, taught.data)
    if taught.kind is not None or not is_later(current, persisted):
        return result
    return _since(result, await changed_since(workspace, change, persisted, current))


async def _acknowledged(ehr: Ehr, written: WriteRow, current: Fetched) -> Fetched | None:
    """Return the version that the EHR acknowledged, or a later one where it keeps none before."""
    if written.version is None or current.version == written.version:
        return current
    stored = await ehr.read(str(written.location), written.version)
    if stored is not None:
        return stored
    return current if is_later(current, Fetched({}, written.version)) else None


def _since(result: Result, looked: Looked) -> Result:
    """Return the result with what was changed right after ours, where that undoes it."""
    if looked.outcome != "drift":
        return replace(result, later=True)
    return replace(
        result,
        class_=looked.class_,
        kind=looked.kind,
        persisted=looked.current,
        since=looked,
        later=True,
    )


def _absent(workspace: Workspace, change: ChangeRow, written: WriteRow) -> Result | Unexamined:
    """Say what a record is that is not there: a create may still come to show."""
    if change.op != "create" or written.receipt_at is None:
        return Result("critical", "missing")
    seconds = service_in_force(workspace.ledger).visible_s
    return Unexamined("not-visible", moment(written.receipt_at) + timedelta(seconds=seconds))


async def _copies(workspace: Workspace, change: ChangeRow, written: WriteRow) -> int:
    if change.op != "create":
        return 1
    found = await workspace.ehr(change.ehr).search(
        change.type, search_for(change.type, change.operation)
    )
    return len({item.reference for item in found} | {written.location})


def _record(workspace: Workspace, change: ChangeRow, result: Result, before: Event | None) -> State:
    after = State.VERIFIED if result.kind is None else State.EXCEPTION
    comparison = result.comparison
    differences = result.differences
    body: JsonObject = {
        "differences": [item.as_json() for item in differences],
        "persisted": None if result.persisted is None else result.persisted.resource,
        **({} if result.since is None else told_of_change(result.since)),
    }
    data: JsonObject = {
        "class": result.class_,
        "examined": exact(0 if comparison is None else comparison.examined),
        "differences": [leaf_of(item) for item in differences[:50]],
        **result.taught,
    }
    if result.later:
        data["later"] = True
    with workspace.ledger.transaction() as transaction:
        if before is not None:
            transaction.append(before)
        if result.kind is None:
            data["recheck"] = _plan(transaction, change)
        transaction.append(
            Event(
                "reconciliation.recorded",
                actor(workspace),
                about(change),
                data=data,
                before=State.PERSISTED,
                after=after,
                body=body,
            )
        )
        if result.kind is None:
            end_corrected(workspace, transaction, change)
        else:
            raise_exception(workspace, transaction, change, result.kind, result.class_, body)
    return after


def _plan(transaction: Transaction, change: ChangeRow) -> JsonObject:
    service = service_in_force(transaction)
    return schedule.begun(change.operation, transaction.clock.lo, service).as_json()


def leaf_of(item: Discrepancy) -> JsonObject:
    """Return what a leaf holds of a difference: no value."""
    return {"path": element_path(item.path), "class": item.class_}
