"""Reading in the chart what a person says to have entered by hand. Source: design §9, §10.

Only what the change is about is compared: a person at the EHR leaves other traces than the gateway.
An entry that no reading finds within WITHIN of an EHR that answers goes to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from core.canonical import JsonObject, exact
from core.delta import is_guard
from core.digests import fingerprint
from core.discrepancy import CLASSES, VERIFIED, Class, Comparison, compare
from core.gateway.events import actor, proposal_of
from core.gateway.refresh import proposal_body
from core.ledger.event import Event, instant, moment
from core.ledger.incident_events import CHECKED
from core.lifecycle import State
from core.ports import Fetched
from core.profile.region import region_in_force
from core.reconcile.corrected import end_corrected
from core.reconcile.levels import service_in_force
from core.reconcile.maps import maps_in_force
from core.reconcile.placed import MATCHED
from core.reconcile.raising import raise_exception
from core.reconcile.schedule import begun
from core.records import ChangeRow
from core.records_incident import ManualRow
from core.review.asking import UNFOUND
from core.review.content import Content, Erased, read_content
from core.review.decide import about
from core.workspace import Workspace

WITHIN = timedelta(hours=4)
"""How long an entry by hand may take to show in the chart."""
SKEW = timedelta(minutes=5)
"""How far the EHR's clock may be behind ours."""
EQUAL = frozenset(CLASSES[: CLASSES.index("equivalent") + 1])
"""The classes in which touched elements count as those that were to be typed."""
Differ = Callable[[JsonObject, JsonObject], Comparison]
_WHOSE = ("subject", "patient", "encounter", "active", "deceased", "link")
_STATUS = ("status", "clinicalStatus", "verificationStatus")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reading found: `matched`, `not-found`, `differs`, `several`, `record-erased`."""

    found: str
    persisted: Fetched | None = None
    examined: int = 0


async def confirm(workspace: Workspace, change: ChangeRow) -> State:
    """Read the chart for one entry by hand; raises Unreachable or Refused where it cannot be read.

    Returns manual-entry while it may still come, verified, or exception.
    """
    entry = workspace.ledger.manual(change.operation)
    if entry is None:
        return _record(workspace, change, Reading("record-erased"))
    try:
        content = read_content(workspace.ledger, change)
        row = proposal_of(workspace.ledger, change)
        patient = str(proposal_body(workspace.ledger, row)["patient"])
    except Erased:
        return _record(workspace, change, Reading("record-erased"))
    reading = await _read(workspace, change, content, patient)
    if reading.found in (MATCHED, "several") or _over(workspace, entry):
        return _record(workspace, change, reading)
    return State.MANUAL_ENTRY


def touched_part(content: Content, resource: JsonObject) -> JsonObject:
    """Return the top-level elements of a resource that the change touches."""
    names = {item.element.split(".")[1].lstrip("_") for item in content.delta}
    return _part(resource, names)


def told_apart_by(resource: JsonObject) -> frozenset[str]:
    """Return the top-level elements by which a created resource is known again, such as its code.

    Where a type has none but a status, all that it says.
    """
    every = {name for name in resource if name not in ("resourceType", "id", "meta", "identifier")}
    own = {name for name in every if not any(_is(name, one) for one in _WHOSE)}
    guards = {name for name in own if is_guard(name)}
    return frozenset(guards if any(name not in _STATUS for name in guards) else own)


async def _read(workspace: Workspace, change: ChangeRow, content: Content, patient: str) -> Reading:
    ehr = workspace.ehr(change.ehr)
    differ = partial(
        compare,
        base_url=ehr.base_url,
        maps=maps_in_force(workspace.ledger),
        region=region_in_force(workspace.ledger, change.ehr),
    )
    if content.base is not None:
        current = await ehr.read(str(content.target))
        if current is None:
            return Reading("not-found")
        if fingerprint(current.resource) == fingerprint(content.base):
            return Reading("not-found", current)
        return _updated(content, current, differ)
    since = moment(proposal_of(workspace.ledger, change).at) - SKEW
    found = await ehr.search(change.type, {"patient": patient})
    fresh = [one for one in found if _since(one.resource, since)]
    return _created(content.resource, fresh, differ)


def _updated(content: Content, current: Fetched, differ: Differ) -> Reading:
    wanted = touched_part(content, content.resource)
    kept = touched_part(content, current.resource)
    found = differ(wanted, kept)
    gone = len(wanted) == len(kept) == 1
    equal = found.class_ in EQUAL and (found.examined > 1 or gone)
    return Reading(MATCHED if equal else "differs", current, found.examined)


def _created(intended: JsonObject, fresh: Iterable[Fetched], differ: Differ) -> Reading:
    names = told_apart_by(intended)
    wanted = _part(intended, names)
    matching: list[tuple[Fetched, int]] = []
    for one in fresh:
        found = differ(wanted, _part(one.resource, names))
        if _sound(found.class_) and found.examined > 1:
            matching.append((one, found.examined))
    if not matching:
        return Reading("not-found")
    if len(matching) > 1:
        return Reading("several", matching[0][0])
    return Reading(MATCHED, *matching[0])


def _sound(class_: Class) -> bool:
    return class_ in VERIFIED


def _part(resource: JsonObject, names: Iterable[str]) -> JsonObject:
    wanted = set(names)
    return {
        name: value
        for name, value in resource.items()
        if name == "resourceType" or name.lstrip("_") in wanted
    }


def _is(name: str, stem: str) -> bool:
    return name == stem or (name.startswith(stem) and name[len(stem) : len(stem) + 1].isupper())


def _since(resource: JsonObject, since: datetime) -> bool:
    """Tell whether a resource is as new as the proposal; an older one was there before."""
    meta = resource.get("meta")
    updated = meta.get("lastUpdated") if isinstance(meta, dict) else None
    try:
        return isinstance(updated, str) and moment(updated) >= since
    except (ValueError, TypeError):
        return False


def _over(workspace: Workspace, entry: ManualRow) -> bool:
    return workspace.clock.now() >= moment(entry.at) + WITHIN


def _record(workspace: Workspace, seen: ChangeRow, reading: Reading) -> State:
    after = State.VERIFIED if reading.found == MATCHED else State.EXCEPTION
    persisted = reading.persisted
    data: JsonObject = {"found": reading.found, "examined": exact(reading.examined)}
    if persisted is not None:
        data["version"] = persisted.version
    body: JsonObject = {
        "location": None if persisted is None else persisted.reference,
        "persisted": None if persisted is None else persisted.resource,
        "read_at": instant(workspace.clock.now()),
    }
    with workspace.ledger.transaction() as transaction:
        change = transaction.change(seen.proposal, seen.idx)
        if change is None or change.state != State.MANUAL_ENTRY:
            return State.MANUAL_ENTRY if change is None else State(change.state)
        if after == State.VERIFIED:
            service = service_in_force(transaction)
            data["recheck"] = begun(change.operation, transaction.clock.lo, service).as_json()
        transaction.append(
            Event(
                CHECKED, actor(workspace), about(change), data=data,
                before=State.MANUAL_ENTRY, after=after, body=body,
            )
        )  # fmt: skip
        if after == State.VERIFIED:
            end_corrected(workspace, transaction, change)
        else:
            raise_exception(workspace, transaction, change, UNFOUND, "critical", body)
    return after
