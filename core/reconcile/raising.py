"""Opening an exception for what reconciliation found; a critical one belongs to an incident.

One incident stands for all of its kind from one agent at one EHR while it is open, so that a fault
that hits many writes tells people once. Source: design §10, §12.
"""

from __future__ import annotations

from core.canonical import JsonObject
from core.gateway.events import actor, open_exception
from core.incident.incidents import Category, open_incident
from core.ports import Transaction
from core.reconcile.levels import due_text
from core.records import ChangeRow
from core.review.voiding import about
from core.workspace import Workspace

SOURCE = "reconciliation"
_MESSAGES = frozenset({"Communication", "CommunicationRequest"})


def raise_exception(
    workspace: Workspace,
    transaction: Transaction,
    change: ChangeRow,
    kind: str,
    class_: str,
    body: JsonObject | None = None,
) -> None:
    """Open an exception with its due time, and an incident where it is critical."""
    incident = _incident(workspace, transaction, change, kind) if class_ == "critical" else None
    open_exception(workspace, transaction, change, kind, class_, body, incident)


def category_of(change: ChangeRow, kind: str) -> Category:
    """Return the article's category of what is critically wrong with a write."""
    if kind == "duplicate":
        return "duplicate-write-back"
    if change.type in _MESSAGES:
        return "misrouted-communication"
    return "data-corruption"


def _incident(
    workspace: Workspace, transaction: Transaction, change: ChangeRow, kind: str
) -> str | None:
    category = category_of(change, kind)
    known = _open_one(transaction, change, category)
    if known is not None:
        return known
    due = due_text(transaction, "critical", transaction.clock.lo)
    return open_incident(
        workspace.ids, transaction, actor(workspace), about(change), category, SOURCE, due
    )


def _open_one(transaction: Transaction, change: ChangeRow, category: Category) -> str | None:
    """Return the open incident that this one belongs to."""
    for row in transaction.open_incidents():
        if row.category != category or row.proposal is None or row.idx is None:
            continue
        if (row.proposal, row.idx) == (change.proposal, change.idx):
            return row.id
        other = transaction.change(row.proposal, row.idx)
        same = other is not None and (other.ehr, other.agent) == (change.ehr, change.agent)
        if row.source == SOURCE and same:
            return row.id
    return None
