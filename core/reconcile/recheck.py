"""Looking at what was written again: by the schedule, on demand, or for a cohort.

A round looks at a bounded number, patient by patient, and asks for room at the EHR as a background
read does, after every write. Each run states in the ledger what it examined. Source: design §10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.canonical import JsonObject, exact
from core.errors import Refused, Unreachable
from core.gateway.events import actor
from core.gateway.order import Chain, chains, jobs, patient_of
from core.ledger.event import Event, instant
from core.ledger.recheck_events import RECHECKED, RUN
from core.lifecycle import State
from core.ports import Reads, Transaction
from core.reconcile import schedule
from core.reconcile.check import Unexamined, code_of, deadline_of, leaf_of, put_off
from core.reconcile.levels import service_in_force
from core.reconcile.look import Looked, look, told_of_change
from core.reconcile.placed import placed
from core.reconcile.raising import raise_exception
from core.reconcile.unconfirmed import stands, without_known
from core.records import ChangeRow
from core.review.voiding import about
from core.traffic.work import Busy, Kind, Work
from core.workspace import Workspace

Why = Literal["schedule", "demand", "cohort"]
A_ROUND = 50
"""How many writes one round of the gateway looks at; the rest waits for the next."""
AHEAD = 10
"""How many times that are read from the store, to share them out between the EHRs."""
IN_A_ROW = 3
"""So many unreadable ones in a row, and the EHR is left alone for this run: it is the EHR."""
LOOKED_AT = (State.VERIFIED, State.EXCEPTION)
UNSURE = (State.SENDING, State.AMBIGUOUS, State.HELD_BY_EHR, State.MANUAL_ENTRY)
"""While a write to the same chart may be in it or not, a look would take it for drift."""


@dataclass
class Run:
    """What one run did; `results` are in the order of the writes."""

    id: str
    why: Why
    asked: int = 0
    writes: int = 0
    """How many were examined."""
    elements: int = 0
    """How many values were compared."""
    same: int = 0
    drift: int = 0
    unread: int = 0
    left: int = 0
    """Not looked at, because the EHR takes no more requests or does not answer."""
    results: list[tuple[ChangeRow, Looked]] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Return what was done, by name."""
        names = ("asked", "writes", "elements", "same", "drift", "unread", "left")
        return {name: int(getattr(self, name)) for name in names}


async def look_at_due(workspace: Workspace, most: int = A_ROUND) -> Run | None:
    """Look at what is due by the schedule; None where nothing is."""
    now = instant(workspace.ledger.interval().hi)
    due = _shared_out(workspace.ledger.rechecks_due(now, most * AHEAD), most)
    return await look_at(workspace, due, "schedule") if due else None


def _shared_out(due: Sequence[ChangeRow], most: int) -> list[ChangeRow]:
    """Return so many of what is due, in turn between the EHRs: one that is away delays no other."""
    turns: dict[str, int] = {}
    placed: list[tuple[int, ChangeRow]] = []
    for change in due:
        turns[change.ehr] = turns.get(change.ehr, 0) + 1
        placed.append((turns[change.ehr], change))
    return [change for _, change in sorted(placed, key=lambda one: one[0])[:most]]


async def look_at(
    workspace: Workspace,
    changes: Sequence[ChangeRow],
    why: Why,
    scope: Mapping[str, str] | None = None,
) -> Run:
    """Look at each of these writes, record what was found, and state what was examined."""
    run = Run(workspace.ids.uuid(), why, asked=len(changes))
    refused: dict[str, int] = {}

    async def one_patient(chain: Chain) -> None:
        for change in chain:
            if refused.get(change.ehr, 0) >= IN_A_ROW:
                run.left += 1
                continue
            if _is_unsure(workspace.ledger, change):
                run.left += 1
                continue
            readable = await _one(workspace, change, run)
            refused[change.ehr] = 0 if readable else refused.get(change.ehr, 0) + 1

    await workspace.traffic.each(jobs(workspace, chains(changes), one_patient))
    place = {(row.proposal, row.idx): number for number, row in enumerate(changes)}
    run.results.sort(key=lambda one: place[one[0].proposal, one[0].idx])
    _state(workspace, run, scope or {})
    return run


async def _one(workspace: Workspace, change: ChangeRow, run: Run) -> bool:
    """Look at one; tell whether the EHR answered."""
    if change.ehr not in workspace.ehrs:
        _record(workspace, change, Looked("unread", code="no-such-ehr"), run, frozenset())
        return True
    known = _known(workspace.ledger, change)
    work = Work(Kind.READ, change.route or "", change.agent)
    try:
        async with workspace.traffic.slot(change.ehr, work):
            looked = await look(workspace, change)
    except Busy:
        run.left += 1
        return False
    except (Unreachable, Refused) as error:
        looked = Looked("unread", code=code_of(error) or "unreadable")
    _record(workspace, change, looked, run, known)
    return looked.code not in ("forbidden", "unreadable")


def _is_unsure(reads: Reads, change: ChangeRow) -> bool:
    """Tell whether something that may be in the same chart by now is not known to be."""
    return any(patient_of(one) == patient_of(change) for one in reads.changes_in(*UNSURE))


def _known(reads: Reads, change: ChangeRow) -> frozenset[str]:
    """Return our writes that are known to stand in the same resource."""
    written = placed(reads, change)
    if written is None:
        return frozenset()
    return frozenset(row.operation for row in reads.writes_at(change.ehr, written.location))


def _record(
    workspace: Workspace, seen: ChangeRow, looked: Looked, run: Run, known: frozenset[str]
) -> None:
    if looked.outcome == "unread":
        run.unread += 1
        run.results.append((seen, looked))
        since = workspace.clock.now()
        deadline = deadline_of(workspace.ledger, seen, since)
        put_off(workspace, seen, Unexamined(looked.code, deadline))
        return
    with workspace.ledger.transaction() as transaction:
        change = transaction.change(seen.proposal, seen.idx)
        moved = change != seen or change.state not in LOOKED_AT
        if change is None or moved or _is_written_to(transaction, change, known):
            # Somebody acted on it meanwhile; what was read may be of before.
            run.left += 1
            return
        looked = without_known(transaction, change, looked)
        _append(workspace, transaction, change, looked, run)
    run.results.append((seen, looked))
    run.unread += looked.outcome == "unknown"
    if looked.outcome != "unknown":
        run.writes += 1
        run.elements += looked.examined
        run.same += looked.outcome == "same"
        run.drift += looked.outcome == "drift"


def _is_written_to(reads: Reads, change: ChangeRow, known: frozenset[str]) -> bool:
    """Tell whether we wrote to the same resource, or may have, since it was read."""
    return _known(reads, change) != known or _is_unsure(reads, change)


def _append(
    workspace: Workspace, transaction: Transaction, change: ChangeRow, looked: Looked, run: Run
) -> None:
    drifts = looked.outcome == "drift" and change.state == State.VERIFIED
    shown = drifts or (looked.outcome != "unknown" and change.state == State.EXCEPTION)
    body = _body(looked)
    data: JsonObject = {
        "run": run.id,
        "outcome": looked.outcome,
        "class": looked.class_,
        "examined": exact(looked.examined),
        "others": exact(looked.others),
        "differences": [leaf_of(item) for item in looked.differences[:50]]
        + [{"path": item.path, "class": item.class_} for item in looked.sides],
        "recheck": _plan(transaction, change, looked),
    }
    if transaction.manual(change.operation) is not None:
        data["by_hand"] = True
    if looked.code:
        data["code"] = looked.code
    if shown:
        data["shown"] = True
    transaction.append(
        Event(
            RECHECKED,
            actor(workspace),
            about(change),
            data=data,
            before=State.VERIFIED if drifts else None,
            after=State.EXCEPTION if drifts else None,
            body=body if shown else None,
        )
    )
    if drifts:
        kind = looked.kind or "drift"
        raise_exception(workspace, transaction, change, kind, looked.class_, body)
        stands(workspace, transaction, change, looked)


def _plan(transaction: Transaction, change: ChangeRow, looked: Looked) -> JsonObject:
    row, at = transaction.recheck(change.operation), transaction.clock.hi
    service = service_in_force(transaction)
    found = schedule.looked(change.operation, row, at, service).as_json()
    if looked.outcome == "unknown" or change.state == State.EXCEPTION:
        # Without what was sent there is nothing to compare; an exception waits for a person.
        found.pop("due", None)
    return found


def _body(looked: Looked) -> JsonObject:
    differences = [item.as_json() for item in looked.differences]
    current = looked.current
    return {
        "differences": differences + [item.as_json() for item in looked.sides],
        "persisted": None if current is None else current.resource,
        **told_of_change(looked),
    }


def _state(workspace: Workspace, run: Run, scope: Mapping[str, str]) -> None:
    counts = {name: exact(value) for name, value in run.counts().items()}
    with workspace.ledger.transaction() as transaction:
        transaction.append(
            Event(
                RUN,
                actor(workspace),
                data={"id": run.id, "why": run.why, "scope": exact(dict(scope)), **counts},
            )
        )
