"""Pulling Provenance: decisions that travel, of which a solo workspace believes only its own.

Source: hub-protocol §3, §7.
"""

from __future__ import annotations

from datetime import datetime

from core.hub.provenance import inspect_provenance
from core.hub.receive import alarm, quarantine
from core.intake.stage import Origin
from core.ports_hub import Page
from core.workspace import roster_in_force
from sync.hub.pull import OVERLAP, Pull

PROVENANCES = "Provenance"


async def pull_provenances(pull: Pull) -> None:
    """Look at every Provenance that changed; raises Unreachable or Refused, pages kept."""
    if pull.report.stopped:
        return
    since = pull.seen.cursor(PROVENANCES)
    at: datetime | None = None
    async for page in pull.hub.changed(PROVENANCES, None if since is None else since - OVERLAP):
        at = at or page.at
        _take(pull, page)
        pull.report.tell()
        if pull.stop():
            pull.report.stopped = True
            return
    if at is not None:
        pull.seen.advance(PROVENANCES, at)


def _take(pull: Pull, page: Page) -> None:
    with pull.workspace.ledger.transaction() as transaction:
        met = pull.seen.provenances([held.reference for held in page.items])
        roster = roster_in_force(transaction)
        for held in page.items:
            if met.get(held.reference) == held.version:
                continue
            judged = inspect_provenance(held.resource, roster, transaction.decided)
            origin = Origin(held.reference, held.version)
            if judged.severity == "alarm":
                pull.report.alarms += alarm(pull.workspace, transaction, origin, judged.code)
            elif judged.severity == "quarantine":
                quarantine(pull.workspace, transaction, origin, judged.code, answered=False)
                pull.report.quarantined += 1
            pull.seen.put_provenance(held.reference, held.version)
            pull.report.provenances += 1
