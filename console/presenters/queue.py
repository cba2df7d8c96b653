"""What a queue row says, from the change table alone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, tzinfo

from console.presenters.texts import hour, span
from console.widgets.rows import Column, Mark, Row
from core.ledger.event import moment
from core.lifecycle import State
from core.needed import STILL, due
from core.records import ChangeRow

Key = tuple[str, int]
"""A change: proposal id and index."""

NOT_SENT = "ready, not yet sent"
"""How an approval that has no effect yet is told from one that has."""

_WAITS = (State.PENDING, State.DEFERRED)
LATE = "LATE"
"""What is said of a change that was needed by now and is not in the chart."""
_RISKS: dict[str, Mark] = {"high": "loud"}


def columns(*, all_open: bool) -> list[Column]:
    """Return the columns of the queue.

    A narrow list of waiting changes leaves the state out (they are all alike); a narrow list of
    every open state leaves the agent out.
    """
    return [
        Column("due", "DUE", 9),
        Column("urgency", "URGENCY", 8),
        Column("risk", "RISK", 8, from_width=86),
        Column("what", "WHAT", 10, share=11),
        Column("patient", "PATIENT", 10, share=9),
        Column("agent", "AGENT", 14, from_width=98 if all_open else 0),
        Column("state", "STATE", 21, from_width=0 if all_open else 98),
        Column("route", "ROUTE", 14, from_width=150),
        Column("ehr", "EHR", 12, from_width=170),
    ]


def queue_row(
    change: ChangeRow,
    now: datetime,
    shown: Collection[str],
    looker: str | None = None,
    zone: tzinfo | None = None,
) -> Row[Key]:
    """Return one row; only a change that waits for a person, or is needed by a time, counts down.

    The sooner of expiry and need counts, and a need that the proposal names is said with its hour
    of `zone`. `looker`
    is who else looks at it now. What is in none of the states that the list shows is marked as
    gone, with what became of it.
    """
    until = moment(change.expires) if change.expires and change.state in _WAITS else None
    gone = change.state not in shown
    times = due(change) if change.state in STILL else None
    needed = None if times is None else times.needed
    late = needed is not None and needed <= now
    if needed is not None and (until is None or needed < until):
        until = needed
    state = NOT_SENT if change.state == State.READY else change.state
    marks: dict[str, Mark] = {}
    if until is not None and (until - now).total_seconds() < 3600:
        marks["due"] = "late"
    if change.urgency == "stat":
        marks["urgency"] = "loud"
    if change.tier in _RISKS:
        marks["risk"] = _RISKS[change.tier]
    route = change.route_json
    if needed is not None and not gone and (late or change.needed_by is not None):
        when = LATE if late else f"needed {_hour(needed, now, zone)}"
        about = f"{when}: {what(change)}"
    else:
        about = what(change)
    words = about if looker is None or gone else f"{looker} is looking: {about}"
    return Row(
        key=(change.proposal, change.idx),
        cells={
            "due": "" if until is None or gone else LATE if late else span(until, now),
            "urgency": change.urgency if change.urgency == "routine" else change.urgency.upper(),
            "risk": change.tier or "",
            "what": f"{state}: {words}" if gone else words,
            "patient": change.patient_label or "(erased)",
            "agent": change.agent,
            "state": state,
            "route": "" if route is None else str(route.get("id", "")),
            "ehr": change.ehr,
        },
        marks={"*": "gone"} if gone else marks,
    )


def _hour(needed: datetime, now: datetime, zone: tzinfo | None) -> str:
    """Return `14:05`, or `11-24 14:05` where that is another day."""
    local = needed.astimezone(zone)
    day = "" if local.date() == now.astimezone(zone).date() else f"{local:%m-%d} "
    return f"{day}{hour(needed, zone)}"


def what(change: ChangeRow) -> str:
    """Return `create Condition`, `update Patient.telecom`, or `update Patient.name +1`."""
    if change.op == "create":
        return f"create {change.type}"
    elements = sorted({".".join(path.split(".")[:2]) for path, _ in change.touched})
    if not elements:
        return f"update {change.type}"
    more = f" +{len(elements) - 1}" if len(elements) > 1 else ""
    return f"update {elements[0]}{more}"
