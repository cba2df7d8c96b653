"""In which order the gateway takes up what is due: fair between routes, in order for a patient.

Two writes to one patient never overlap, and stay in the order in which they became due; writes to
different patients may be on their way at once. Source: design §9 (traffic).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial

from core.ledger.event import moment
from core.ports import Reads
from core.records import ChangeRow
from core.traffic.fair import FairQueue
from core.traffic.port import Job
from core.traffic.work import WEIGHT, Kind, Work
from core.workspace import Workspace

NEAR = timedelta(minutes=15)
"""So long before it is needed a change counts as stat."""
Chain = list[ChangeRow]
Patient = tuple[str, str]
"""EHR and patient tag."""


def patient_of(change: ChangeRow) -> Patient:
    """Return whose chart a change is about, and where."""
    return change.ehr, change.patient_tag


def chains(changes: Iterable[ChangeRow]) -> list[Chain]:
    """Return the changes patient by patient, each chain in the order given."""
    found: dict[Patient, Chain] = {}
    for change in changes:
        found.setdefault(patient_of(change), []).append(change)
    return list(found.values())


def work_of(workspace: Workspace, change: ChangeRow) -> Work:
    """Return what a slot for writing a change is taken for."""
    return _work(workspace.ledger, change, _kind(workspace, change))


def check_of(workspace: Workspace, change: ChangeRow) -> Work:
    """Return what a slot for reading back what became of it is taken for."""
    return _work(workspace.ledger, change, Kind.CHECK)


def jobs(
    workspace: Workspace, due: list[Chain], run: Callable[[Chain], Awaitable[None]]
) -> Iterator[Job]:
    """Yield `run(chain)` for every chain, in turn between routes and agents."""
    queue: FairQueue[Chain] = FairQueue()
    for chain in due:
        pressing = max(chain, key=lambda one: WEIGHT[_kind(workspace, one)])
        queue.add(work_of(workspace, pressing), chain)
    while (first := queue.pop()) is not None:
        yield partial(run, first)


def _kind(workspace: Workspace, change: ChangeRow) -> Kind:
    if change.urgency == "stat":
        return Kind.STAT
    if change.needed_by is None:
        return Kind.WRITE
    near = moment(change.needed_by) - workspace.clock.now() <= NEAR
    return Kind.STAT if near else Kind.WRITE


def _work(reads: Reads, change: ChangeRow, kind: Kind) -> Work:
    proposal = reads.proposal(change.proposal)
    patient = None if proposal is None else proposal.patient
    return Work(kind, change.route or "", change.agent, probe=patient)
