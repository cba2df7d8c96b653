"""One reconciliation: read what the EHR stored, compare, and say verified or exception.

Source: design §10. The persisted version is read by its version id; a create is also looked for by
its operation id, so that a duplicate shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from core.canonical import JsonObject, exact
from core.delta import element_path
from core.discrepancy import Class, Comparison, Discrepancy, compare
from core.errors import Moved
from core.gateway.events import actor, intent_of, open_exception
from core.gateway.readback import overwrote, submitted
from core.ledger.event import Event
from core.lifecycle import State
from core.ports import Fetched
from core.reconcile.learning import Compared, learn
from core.reconcile.maps import maps_in_force
from core.records import ChangeRow, WriteRow
from core.review.content import Erased
from core.review.decide import about
from core.stamps import search_for
from core.workspace import Workspace


async def reconcile(workspace: Workspace, change: ChangeRow, before: Event | None = None) -> State:
    """Reconcile one persisted change and record the result; raises Unreachable.

    `before` is what just became known about the write: one commit keeps both, or it alone where
    the EHR cannot be read. Examining nothing is a failure, never a success; so is a record that was
    moved, which no later reading would find.
    """
    try:
        result = await _examine(workspace, change, _provenance(before))
    except Moved:
        result = Result("critical", "moved")
    except BaseException:
        if before is not None:
            with workspace.ledger.transaction() as transaction:
                transaction.append(before)
        raise
    return _record(workspace, change, result, before)


@dataclass(frozen=True, slots=True)
class Result:
    """What a reconciliation found; `kind` is the exception that it opens, None for verified."""

    class_: Class
    kind: str | None
    comparison: Comparison | None = None
    persisted: Fetched | None = None
    taught: JsonObject = field(default_factory=dict)
    """What it teaches of the EHR (`core.reconcile.learning`)."""


def _provenance(before: Event | None) -> str | None:
    """Return how the Provenance ended that is about to be recorded."""
    known = before is not None and before.type == "provenance.recorded"
    return str(before.data["outcome"]) if before is not None and known else None


async def _examine(workspace: Workspace, change: ChangeRow, provenance: str | None) -> Result:
    written = workspace.ledger.write(change.operation)
    if written is None or written.location is None:
        return Result("critical", "missing")
    ehr = workspace.ehr(change.ehr)
    persisted = await ehr.read(written.location, written.version)
    if persisted is None:
        return Result("critical", "missing")
    if await _copies(workspace, change, written) > 1:
        return Result("critical", "duplicate")
    try:
        intent = intent_of(workspace.ledger, change)
        intended = submitted(intent)
    except Erased:
        return Result("critical", "record-erased")
    if change.op == "update" and await overwrote(ehr, intent, written.version):
        return Result("critical", "overwrote", persisted=persisted)
    maps = maps_in_force(workspace.ledger)
    differ = partial(compare, base_url=ehr.base_url, maps=maps)
    comparison = differ(intended, persisted.resource)
    if comparison.examined == 0:
        return Result("critical", "nothing-examined")
    compared = Compared(intended, persisted.resource, comparison, differ)
    taught = await learn(workspace, change, written, compared, provenance)
    return Result(taught.class_, taught.kind, comparison, persisted, taught.data)


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
    differences = () if comparison is None else comparison.differences
    body: JsonObject = {
        "differences": [item.as_json() for item in differences],
        "persisted": None if result.persisted is None else result.persisted.resource,
    }
    with workspace.ledger.transaction() as transaction:
        if before is not None:
            transaction.append(before)
        transaction.append(
            Event(
                "reconciliation.recorded",
                actor(workspace),
                about(change),
                data={
                    "class": result.class_,
                    "examined": exact(0 if comparison is None else comparison.examined),
                    "differences": [_leaf(item) for item in differences[:50]],
                    **result.taught,
                },
                before=State.PERSISTED,
                after=after,
                body=body,
            )
        )
        if result.kind is not None:
            open_exception(workspace, transaction, change, result.kind, result.class_, body)
    return after


def _leaf(item: Discrepancy) -> JsonObject:
    return {"path": element_path(item.path), "class": item.class_}
