"""An EHR that keeps not confirming our Provenance: one standing fact, not an exception a write.

Source: design §10; docs/adr/0036, 0038. What was recorded and is gone is no such thing.
"""

from __future__ import annotations

from dataclasses import replace

from core.canonical import exact
from core.discrepancy import worst
from core.gateway.events import actor
from core.ledger.beside_events import STANDING, UNCONFIRMED, kind_of
from core.ledger.event import Event
from core.ports import Reads, Transaction
from core.reconcile.look import Looked
from core.records import ChangeRow
from core.review.voiding import about
from core.workspace import Workspace


def unconfirmed_since(reads: Reads, ehr: str) -> str | None:
    """Return since when an EHR is known not to confirm a Provenance; None where it does."""
    row = reads.config(kind_of(ehr))
    return row.at if row is not None and row.document == STANDING else None


def without_known(reads: Reads, change: ChangeRow, looked: Looked) -> Looked:
    """Return what was found without what is known of this EHR anyway."""
    if unconfirmed_since(reads, change.ehr) is None:
        return looked
    sides = tuple(one for one in looked.sides if not one.unconfirmed)
    if sides == looked.sides:
        return looked
    class_ = worst([one.class_ for one in looked.differences] + [one.class_ for one in sides])
    found = replace(looked, sides=sides, class_=class_)
    return found if found.wrong else replace(found, outcome="same", kind=None)


def stands(
    workspace: Workspace, transaction: Transaction, change: ChangeRow, looked: Looked
) -> None:
    """Record that it is known of this EHR from now on, where a person is told of it now."""
    if not any(one.unconfirmed for one in looked.sides):
        return
    before = transaction.config(kind_of(change.ehr))
    number = 1 if before is None else before.number + 1
    data = {"number": exact(number)}
    transaction.append(Event(UNCONFIRMED, actor(workspace), about(change), data=data))
