"""What is wrong now, for how many patients, and is it contained? In numbers, from the ledger.

Source: design §12.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.incident.awaited import Awaited, awaited
from core.incident.preview import Preview, PreviewReads, preview
from core.ledger.event import instant, moment
from core.reconcile.clocks import standings
from core.reconcile.trouble import Trouble, TroubleReads, troubles
from core.records import FreezeRow
from core.records_incident import IncidentRow

WINDOWS = {"5 min": 5, "hour": 60, "day": 24 * 60}
"""The windows of the rates, in minutes."""
RATES = ("proposed", "approved", "rejected", "sent", "verified", "exceptions")
BUCKETS = 12
BUCKET_MIN = 5


class SummaryReads(PreviewReads, TroubleReads, Protocol):
    """What is read for it."""

    def first_since(self, at: str) -> int:
        """Return the number of the first event at or after a time."""

    def rates_since(self, seq: int, before: int | None = None) -> Mapping[str, int]:
        """Return how many of RATES there were from event `seq` on, and before another."""

    def failures_since(self, seq: int) -> Mapping[str, int]:
        """Return how many writes failed in each way from event `seq` on."""

    def last_receipt(self, ehr: str) -> tuple[str, int | None] | None:
        """Return when the EHR answered a write last, and with which status."""

    def open_incidents(self) -> Sequence[IncidentRow]:
        """Return the open incidents, oldest first."""

    def state_counts(self) -> dict[str, int]:
        """Return how many changes are in each state."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A freeze in force and what it stops."""

    row: FreezeRow
    scope: Mapping[str, str]
    stops: Preview
    awaited: tuple[Awaited, ...] = ()
    """The writes that had left when it came into force, with what became of them."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything that the panel shows; times are UTC texts."""

    at: str
    troubles: Sequence[Trouble]
    incidents: Sequence[IncidentRow]
    patients: int
    """How many patients the troubles and the incidents are about."""
    freezes: Sequence[Frozen]
    rates: Mapping[str, Mapping[str, int]]
    """Window → rate → count."""
    proposed: Sequence[int]
    """Proposals in each of the last BUCKETS spans of BUCKET_MIN minutes, oldest first."""
    failures: Mapping[str, int]
    """Failure class → writes of the last hour."""
    receipts: Mapping[str, tuple[str, int | None]]
    """EHR → when it answered a write last, and with which status."""
    states: Mapping[str, int]


def summarize(reads: SummaryReads, ehrs: Sequence[str], now: datetime) -> Summary:
    """Return the summary of this moment."""
    found = troubles(reads)
    incidents = reads.open_incidents()
    about = {item.change.patient_tag for item in found if item.change is not None}
    about |= {row.patient_tag for row in incidents if row.patient_tag is not None}
    edges = [now - timedelta(minutes=BUCKET_MIN * place) for place in range(BUCKETS, -1, -1)]
    seqs = [reads.first_since(instant(edge)) for edge in edges]
    proposed = [
        reads.rates_since(low, high).get("proposed", 0)
        for low, high in zip(seqs[:-1], [*seqs[1:-1], None], strict=True)
    ]
    receipts = {name: reads.last_receipt(name) for name in ehrs}
    return Summary(
        at=instant(now),
        troubles=found,
        incidents=incidents,
        patients=len(about),
        freezes=[frozen(reads, row) for row in reads.freezes()],
        rates={
            name: reads.rates_since(reads.first_since(instant(now - timedelta(minutes=minutes))))
            for name, minutes in WINDOWS.items()
        },
        proposed=proposed,
        failures=reads.failures_since(reads.first_since(instant(now - timedelta(hours=1)))),
        receipts={name: item for name, item in receipts.items() if item is not None},
        states=reads.state_counts(),
    )


def frozen(reads: PreviewReads, row: FreezeRow) -> Frozen:
    """Return a freeze with what it stops; an unreadable scope stops everything."""
    try:
        scope = json.loads(row.scope)
    except ValueError:
        scope = {}
    named = (
        {str(key): str(value) for key, value in scope.items()} if isinstance(scope, dict) else {}
    )
    return Frozen(row, named, preview(reads, named), awaited(reads, row))


def summary_json(found: Summary) -> dict[str, object]:
    """Return what `incident summary --json` prints; its keys are API."""
    codes: dict[str, int] = {}
    for item in found.troubles:
        codes[item.code] = codes.get(item.code, 0) + 1
    for row in found.incidents:
        codes[row.category] = codes.get(row.category, 0) + 1
    return {
        "at": found.at,
        "to_look_at": codes,
        "patients": found.patients,
        "queues": {
            queue: standing.as_json()
            for queue, standing in standings(found.troubles, moment(found.at)).items()
        },
        "incidents": [
            {"id": row.id, "category": row.category, "severity": row.severity, "at": row.at}
            for row in found.incidents
        ],
        "freezes": [
            {
                "id": item.row.id,
                "scope": dict(item.scope),
                "by": item.row.by,
                "at": item.row.at,
                **preview_json(item.stops),
                "awaited": [late.as_json() for late in item.awaited],
            }
            for item in found.freezes
        ],
        "rates": {name: dict(rates) for name, rates in found.rates.items()},
        "failures": dict(found.failures),
        "ehrs": {
            name: {"answered": at, "status": status}
            for name, (at, status) in found.receipts.items()
        },
        "states": dict(found.states),
    }


def preview_json(found: Preview) -> dict[str, object]:
    """Return a preview as `incident freeze --preview --json` prints it."""
    return {
        "stops": found.stopped,
        "states": dict(found.states),
        "patients": found.patients,
        "in_flight": [f"{row.proposal}/{row.idx}" for row in found.in_flight],
        "whole": found.whole,
    }
