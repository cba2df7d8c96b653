"""Telling whom an exception needs that nobody saw to in time: once, and never by silence.

Source: design §10 (service levels and clocks).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.canonical import exact
from core.duty.resolve import resolve
from core.errors import CountersignError
from core.gateway.events import actor
from core.ledger.event import Event, moment
from core.ledger.recheck_events import OVERDUE
from core.notice import Notice, raise_notice
from core.ports import Transaction
from core.records import ChangeRow, ExceptionRow
from core.review.asking import is_grave
from core.review.voiding import about
from core.workspace import Workspace, roster_in_force

WATCHERS = ("role:on-call", "role:supervisor")


def is_overdue(row: ExceptionRow, now: datetime) -> bool:
    """Tell whether an open exception is past its time."""
    return row.closed_at is None and row.due is not None and now >= moment(row.due)


def watch(workspace: Workspace) -> int:
    """Record what is overdue and tell about it, each exception once; return how many."""
    hi = workspace.ledger.interval().hi
    late = [one for one in workspace.ledger.open_exceptions() if _untold(one, hi)]
    told = 0
    for proposal, index in dict.fromkeys((one.proposal, one.idx) for one in late):
        with workspace.ledger.transaction() as transaction:
            change = transaction.change(proposal, index)
            found = [
                one
                for one in transaction.exceptions(proposal, index)
                if _untold(one, transaction.clock.hi)
            ]
            if change is not None and found:
                _tell(workspace, transaction, change, found)
                told += len(found)
    return told


def _untold(row: ExceptionRow, hi: datetime) -> bool:
    return row.overdue_at is None and is_overdue(row, hi)


def _tell(
    workspace: Workspace,
    transaction: Transaction,
    change: ChangeRow,
    found: Sequence[ExceptionRow],
) -> None:
    by, of = actor(workspace), about(change)
    transaction.append(
        Event(OVERDUE, by, of, data={"exceptions": [exact(one.id) for one in found]})
    )
    due = min(str(one.due) for one in found)
    to = _to(transaction, change, found)
    raise_notice(workspace.ids, transaction, by, of, Notice("exception-overdue", to, due))


def _to(
    transaction: Transaction, change: ChangeRow, found: Sequence[ExceptionRow]
) -> tuple[str, ...]:
    given = [name for one in found if one.escalated_to for name in one.escalated_to.split(", ")]
    route = change.route_json or {}
    try:
        called = resolve(roster_in_force(transaction), route, transaction.clock, change.ehr).to
    except CountersignError:
        called = tuple(f"role:{role}" for role in route.get("roles", ()))
    watchers = WATCHERS if is_grave(found) or not called else ()
    return tuple(dict.fromkeys([*given, *watchers, *called]))
