"""One reconciliation: read what the EHR stored, compare, and say verified or exception.

Source: design §10. The persisted version is read by its version id; a create is also looked for by
its operation id, so that a duplicate shows.
"""

from __future__ import annotations

from core.canonical import JsonObject, exact
from core.delta import element_path
from core.discrepancy import VERIFIED, Class, Comparison, Discrepancy, compare
from core.errors import Moved
from core.gateway.events import actor, intent_of, open_exception
from core.gateway.readback import submitted
from core.ledger.event import Event
from core.lifecycle import State
from core.ports import Fetched
from core.records import ChangeRow, WriteRow
from core.review.content import Erased
from core.review.decide import about
from core.stamps import search_for
from core.workspace import Workspace


async def reconcile(workspace: Workspace, change: ChangeRow) -> State:
    """Reconcile one persisted change and record the result; raises Unreachable.

    Examining nothing is a failure, never a success; so is a record that was moved, which no later
    reading would find.
    """
    try:
        return await _reconcile(workspace, change)
    except Moved:
        return _record(workspace, change, "critical", None, "moved")


async def _reconcile(workspace: Workspace, change: ChangeRow) -> State:
    written = workspace.ledger.write(change.operation)
    if written is None or written.location is None:
        return _record(workspace, change, "critical", None, "missing")
    ehr = workspace.ehr(change.ehr)
    persisted = await ehr.read(written.location, written.version)
    if persisted is None:
        return _record(workspace, change, "critical", None, "missing")
    if await _copies(workspace, change, written) > 1:
        return _record(workspace, change, "critical", None, "duplicate")
    try:
        intended = submitted(intent_of(workspace.ledger, change))
    except Erased:
        return _record(workspace, change, "critical", None, "record-erased")
    comparison = compare(intended, persisted.resource, base_url=ehr.base_url)
    if comparison.examined == 0:
        return _record(workspace, change, "critical", None, "nothing-examined")
    return _compared(workspace, change, comparison, persisted)


async def _copies(workspace: Workspace, change: ChangeRow, written: WriteRow) -> int:
    if change.op != "create":
        return 1
    found = await workspace.ehr(change.ehr).search(
        change.type, search_for(change.type, change.operation)
    )
    return len({item.reference for item in found} | {written.location})


def _compared(
    workspace: Workspace, change: ChangeRow, comparison: Comparison, persisted: Fetched
) -> State:
    kind = None if comparison.class_ in VERIFIED else "discrepancy"
    return _record(workspace, change, comparison.class_, comparison, kind, persisted)


def _record(
    workspace: Workspace,
    change: ChangeRow,
    class_: Class,
    comparison: Comparison | None,
    kind: str | None,
    persisted: Fetched | None = None,
) -> State:
    after = State.VERIFIED if kind is None else State.EXCEPTION
    differences = () if comparison is None else comparison.differences
    body: JsonObject = {
        "differences": [item.as_json() for item in differences],
        "persisted": None if persisted is None else persisted.resource,
    }
    with workspace.ledger.transaction() as transaction:
        transaction.append(
            Event(
                "reconciliation.recorded",
                actor(workspace),
                about(change),
                data={
                    "class": class_,
                    "examined": exact(0 if comparison is None else comparison.examined),
                    "differences": [_leaf(item) for item in differences[:50]],
                },
                before=State.PERSISTED,
                after=after,
                body=body,
            )
        )
        if kind is not None:
            open_exception(workspace, transaction, change, kind, class_, body)
    return after


def _leaf(item: Discrepancy) -> JsonObject:
    return {"path": element_path(item.path), "class": item.class_}
