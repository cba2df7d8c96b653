"""When writes wait because others went wrong: of the same patient, or on the same route.

A write that failed for good, whose end nobody knows, or that the chart holds otherwise may be what
the next one of this patient builds on; and where one was critical, or several changed, the road
itself may be wrong. Nothing is kept about a pause: it is there while the exceptions behind it are
open, and ends when somebody has settled them. Source: design §9 (dead letters).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from core.ledger.event import moment
from core.ports import Reads
from core.records import ChangeRow
from core.records_pause import UnsettledRow

SEVERAL = 3
WINDOW = timedelta(hours=24)
"""So many changed writes in so long pause their route."""
BY_HAND = "manual-entry"
"""What a person typed says nothing of the road that writes go."""
_PATIENT_CLASSES = frozenset({"changed", "critical"})
_PATIENT_KINDS = frozenset({"ambiguous", "dead-letter"})


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a write waits; `by` is the first change that somebody has to settle."""

    why: Literal["patient-paused", "route-paused"]
    by: UnsettledRow

    @property
    def words(self) -> str:
        """What a reviewer reads after "not yet sent:"."""
        of = "to this patient" if self.why == "patient-paused" else "on this route"
        return f"waits until another write {of} is settled ({self.by.proposal} {self.by.idx})"


def paused(reads: Reads, change: ChangeRow) -> Pause | None:
    """Return what a change that is ready to be sent waits for, if it does."""
    if reads.corrects(change.proposal) is not None:
        # What puts a write right must not wait until something is put right.
        return None
    rows = reads.unsettled(change.ehr)
    others = [row for row in rows if (row.proposal, row.idx) != (change.proposal, change.idx)]
    for row in others:
        if row.patient_tag == change.patient_tag and _of_patient(row):
            return Pause("patient-paused", row)
    first = _of_route(others, (change.route_json or {}).get("id"))
    return None if first is None else Pause("route-paused", first)


def _of_patient(row: UnsettledRow) -> bool:
    return row.class_ in _PATIENT_CLASSES or row.kind in _PATIENT_KINDS


def _of_route(rows: Sequence[UnsettledRow], route: object) -> UnsettledRow | None:
    graver = [row for row in rows if row.class_ in _PATIENT_CLASSES and row.kind != BY_HAND]
    alike = [row for row in graver if _route_id(row) == route]
    for row in alike:
        if row.class_ == "critical":
            return row
    for row, later in zip(alike, alike[SEVERAL - 1 :], strict=False):
        if moment(later.opened_at) - moment(row.opened_at) <= WINDOW:
            return row
    return None


def _route_id(row: UnsettledRow) -> object:
    return None if row.route is None else json.loads(row.route).get("id")
