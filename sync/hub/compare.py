"""Anti-entropy: once a day, or when asked, everything is compared, not only what is newer.

A cursor can miss what a server's clock or index hid; a vanished Task is never in a list of changes.
Source: hub-protocol §7 (vanished), design §11.
"""

from __future__ import annotations

from datetime import timedelta

from core.lifecycle import OPEN, State
from core.ports_hub import Held
from sync.hub.pull import TASKS, Pull, take
from sync.hub.push import vanished

EVERY = timedelta(days=1)
_BATCH = 100


def is_due(pull: Pull) -> bool:
    """Tell whether the last comparison is a day old."""
    last = pull.seen.compared(TASKS)
    return last is None or pull.workspace.clock.now() - last >= EVERY


async def compare(pull: Pull) -> None:
    """Take in what no pull brought, and find what is gone; raises Unreachable or Refused."""
    at = pull.workspace.clock.now()
    there = await pull.hub.listed(TASKS)
    here = pull.seen.versions()
    missed = [ref for ref, version in there.items() if here.get(ref) != version]
    found: list[Held] = []
    for reference in missed:
        if pull.stop():
            pull.report.stopped = True
            return
        held = await pull.hub.read(reference)
        if held is not None:
            found.append(held)
        if len(found) == _BATCH:
            take(pull, found)
            found.clear()
            pull.report.tell()
    take(pull, found)
    await _find_gone(pull, set(there))
    pull.seen.mark_compared(TASKS, at)


async def _find_gone(pull: Pull, there: set[str]) -> None:
    """Read the Tasks of open proposals that the list lacks: a search alone is never believed."""
    ledger = pull.workspace.ledger
    for proposal in ledger.hub_proposals():
        if proposal.task is None or proposal.task in there:
            continue
        if not any(State(change.state) in OPEN for change in ledger.changes(proposal.id)):
            continue
        if await pull.hub.read(proposal.task) is None:
            with ledger.transaction() as transaction:
                vanished(pull, transaction, proposal.task)
