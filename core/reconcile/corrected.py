"""Ending what a correction has put right. Source: design §6 (`corrected`), §12."""

from __future__ import annotations

from core.gateway.events import actor
from core.ledger.event import Event
from core.ledger.recheck_events import CORRECTED
from core.lifecycle import State
from core.ports import Transaction
from core.records import ChangeRow
from core.review.voiding import about, close_exceptions
from core.workspace import Workspace


def end_corrected(workspace: Workspace, transaction: Transaction, verified: ChangeRow) -> None:
    """Close the exceptions of what a change put right that is verified now; else do nothing."""
    row = transaction.corrects(verified.proposal)
    change = None if row is None else transaction.change(row.proposal, row.idx)
    if change is None or change.state != State.EXCEPTION:
        return
    by = actor(workspace)
    transaction.append(
        Event(
            CORRECTED,
            by,
            about(change),
            data={"by": verified.proposal},
            before=change.state,
            after=State.CORRECTED,
        )
    )
    close_exceptions(transaction, change, by, "corrected")
