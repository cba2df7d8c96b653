"""How the two queues of exceptions stand, and the clock of one of them, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo

from textual.content import Content

from console.presenters.texts import foreign, hour, joined, own, span
from core.canonical import JsonObject
from core.ledger.event import moment
from core.reconcile.clocks import Standing
from core.reconcile.levels import Queue
from core.reconcile.overdue import is_overdue
from core.reconcile.trouble import Trouble

NAMES: Mapping[Queue, str] = {"review": "Needs review", "reconciliation": "Reconciliation"}
IN_ORDER: tuple[Queue, ...] = ("review", "reconciliation")


def queues_line(found: Mapping[Queue, Standing], shown: Queue, now: datetime) -> Content:
    """Return both queues on one line, the one that is shown marked by more than colour."""
    parts = []
    for queue in IN_ORDER:
        told = _queue(NAMES[queue], found[queue], now)
        parts.append(own(f"[{told}]", "bold reverse") if queue == shown else own(f" {told} "))
    return Content("  ").join(parts)


def due_cell(item: Trouble, now: datetime) -> str:
    """Return the clock of one line: `in 12m`, `LATE 3h 05m`, or nothing."""
    if item.due is None or item.exception is None:
        return ""
    due = moment(item.due)
    return f"LATE {span(now, due)}" if is_overdue(item.exception, now) else f"in {span(due, now)}"


def clock_line(item: Trouble, now: datetime, zone: tzinfo | None) -> Content:
    """Return since when it waits and by when it is due, by the clock on the wall."""
    opened = own(f"since {_wall(item.since, zone)}")
    if item.due is None or item.exception is None:
        return opened
    late = is_overdue(item.exception, now)
    due = own(f"{due_cell(item, now)}, due {_wall(item.due, zone)}", "bold $error" if late else "")
    return joined(opened, "; ", due)


def around(
    item: Trouble, corrections: Sequence[tuple[str, str]], body: JsonObject | None
) -> Iterator[Content]:
    """Yield what is known around an exception: who changed it, and what was done so far.

    `corrections` are by whom each was asked for and what became of it. `body` is that of its event,
    None where it may not be shown.
    """
    exception = item.exception
    if exception is None:
        return
    if body is not None and (body.get("changed_by") or body.get("changed_at")):
        who = str(body.get("changed_by") or "the chart does not say by whom")
        yield joined("changed: ", foreign(str(body.get("changed_at") or "")), "  ", foreign(who))
    done = []
    if exception.incident is not None:
        done.append(own(f"belongs to incident {exception.incident[:8]}"))
    if exception.escalated_to is not None:
        done.append(joined("escalated to ", foreign(exception.escalated_to)))
    if exception.remapped_at is not None:
        done.append(own("a mapping is said to be missing"))
    if done:
        yield Content("; ").join(done)
    for by, became in corrections:
        yield joined("correction asked for by ", foreign(by), ": ", foreign(became))


def _wall(text: str, zone: tzinfo | None) -> str:
    found = moment(text)
    return f"{found.astimezone(zone):%m-%d} {hour(found, zone)}"


def _queue(name: str, standing: Standing, now: datetime) -> str:
    late = f", {standing.overdue} LATE" if standing.overdue else ""
    due = standing.next_due
    return f"{name} {standing.open}{late}" + (f", next {span(moment(due), now)}" if due else "")
