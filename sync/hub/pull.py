"""Pulling Tasks: pages first, each committed whole; then the cursor.

Source: hub-protocol §7 (query, overlap, ignore, quarantine, alarm), §6 step 2; design §11.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.hub.inspect import Judged, Kind, Known, inspect
from core.hub.receive import alarm, quarantine
from core.hub.withdrawal import is_withdrawal
from core.intake.stage import Origin
from core.ports import Transaction
from core.ports_hub import Held, Hub
from core.records import ProposalRow
from core.workspace import Workspace, roster_in_force
from sync.hub.report import Report
from sync.hub.seen import Seen, SeenRow
from sync.hub.withdrawals import take_withdrawal

OVERLAP = timedelta(seconds=180)
TASKS = "Task"

Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Pull:
    """What one pull works with; `stop` tells that a person asked to stop."""

    workspace: Workspace
    hub: Hub
    seen: Seen
    ehrs: Sequence[str]
    report: Report
    stop: Stop


async def pull_tasks(pull: Pull) -> None:
    """Take in every Task that changed; raises Unreachable or Refused, with all pages so far kept.

    The cursor is the server's own time, and moves only when every page is in: whatever ends this
    early, the next pull begins where this one did.
    """
    since = pull.seen.cursor(TASKS)
    at: datetime | None = None
    async for page in pull.hub.changed(TASKS, None if since is None else since - OVERLAP):
        at = at or page.at
        take(pull, page.items)
        pull.report.tell()
        if pull.stop():
            pull.report.stopped = True
            return
    if at is not None:
        pull.seen.advance(TASKS, at)
        if since is None:
            pull.seen.mark_compared(TASKS, at)


def take(pull: Pull, items: Sequence[Held]) -> None:
    """Judge the versions that are new and remember them all, in one transaction."""
    references = [held.reference for held in items]
    with pull.workspace.ledger.transaction() as transaction:
        met = pull.seen.tasks(references)
        roster = roster_in_force(transaction)
        for held in items:
            before = met.get(held.reference)
            if before is not None and before.version == held.version:
                continue
            if is_withdrawal(held.resource):
                take_withdrawal(pull, transaction, held, roster)
                pull.report.pulled += 1
                continue
            proposal = transaction.proposal_of_task(held.reference)
            known = known_of(pull.seen, transaction, held.reference, proposal)
            judged = inspect(
                held.resource, held.size, roster, pull.workspace.team, pull.ehrs, known
            )
            _settle(pull, transaction, held, judged, before, proposal)
            pull.report.pulled += 1


def known_of(
    seen: Seen, transaction: Transaction, reference: str, proposal: ProposalRow | None
) -> Known:
    """Return what the ledger says of a Task; it is the truth, whatever the cache says."""
    signed = [output.digest for output in transaction.outputs(reference)]
    return Known(
        digest=None if proposal is None else proposal.digest,
        settled=proposal is None and bool(signed),
        signed=signed,
        pushed=seen.pushed(signed) if signed else (),
    )


def _settle(
    pull: Pull,
    transaction: Transaction,
    held: Held,
    judged: Judged,
    before: SeenRow | None,
    proposal: ProposalRow | None,
) -> None:
    origin = Origin(held.reference, held.version)
    row = SeenRow(
        held.reference,
        held.version,
        "admitted" if proposal is not None else "known" if before is None else before.state,
        proposal=None if proposal is None else proposal.id,
    )
    if judged.kind is Kind.FRESH and judged.statement is not None:
        text = judged.statement.text
        row = SeenRow(held.reference, held.version, "fresh", judged.statement.digest, text)
        pull.report.fresh += 1
    elif judged.kind is Kind.QUARANTINE:
        row = SeenRow(held.reference, held.version, "quarantined")
        quarantine(pull.workspace, transaction, origin, str(judged.code))
        pull.report.quarantined += 1
    elif judged.kind is Kind.ALARM:
        if proposal is None:
            row = SeenRow(held.reference, held.version, "alarmed")
        pull.report.alarms += alarm(
            pull.workspace, transaction, origin, str(judged.code), row.proposal
        )
        for lost in judged.missing:
            pull.seen.mark(lost, "waiting", "hub-rewrite")
    elif judged.kind is Kind.IGNORE:
        row = SeenRow(held.reference, held.version, "ignored")
        pull.report.ignored += 1
    pull.seen.put(row)
