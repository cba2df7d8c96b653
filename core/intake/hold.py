"""Holding a change whose Consents cannot be read, until they can be or a person has to look.

A hold stands beside the state: the change stays `proposed`, the Consents are read again with
growing pauses, and at the deadline it is admitted for a person to see, who cannot approve it
before consent permits. `core.gateway.holds` does the reading again.
Source: design §7 (held, retried to a deadline, then goes to a person), §14.5.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.canonical import JsonObject, exact
from core.consent.consult import Heard
from core.intake.judge import verdict_data
from core.ledger.event import About, Actor, Event, instant
from core.policy import Verdict
from core.ports import Transaction
from core.workspace import Workspace, document

HELD = "consent.held"

DEADLINE = timedelta(minutes=15)
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)


def hold(
    workspace: Workspace, transaction: Transaction, one: About, verdict: Verdict, heard: Heard
) -> None:
    """Record that a proposed change waits for its Consents, and what policy said meanwhile."""
    gateway = Actor("gateway", "gateway", workspace.keys.signer("gateway").kid)
    policy = document(transaction, "policy").digest
    data = verdict_data(verdict, policy, heard.answer, heard.at)
    transaction.append(Event("change.evaluated", gateway, one, data=data))
    lo = transaction.clock.lo
    append_held(workspace, transaction, one, 1, (lo, lo + DEADLINE))


def append_held(
    workspace: Workspace,
    transaction: Transaction,
    one: About,
    attempt: int,
    span: tuple[datetime, datetime],
) -> None:
    """Record one attempt and when the next is due; `span` is since when and to which deadline."""
    lo, (since, deadline) = transaction.clock.lo, span
    pause = min(FIRST_PAUSE * 2 ** min(attempt - 1, 10), LONGEST_PAUSE)
    # The last look before the deadline falls on it, so that a person sees the change in time.
    due = min(lo + pause, deadline) if lo < deadline else lo + pause
    data: JsonObject = {
        "attempt": exact(attempt),
        "since": instant(since),
        "due": instant(due),
        "deadline": instant(deadline),
    }
    gateway = Actor("gateway", "gateway", workspace.keys.signer("gateway").kid)
    transaction.append(Event(HELD, gateway, one, data=data))
