"""Telling somebody outside the console that something needs them: what, by when, never about whom.

A notice holds an id, a kind, a deadline and to whom it goes; no patient, value or word of an agent.
It is raised in the transaction of what it is about, and delivered after that has committed.
Source: design §6 (expiry escalates before it strikes), §9, §12.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.canonical import JsonObject
from core.ledger.event import About, Actor, Event
from core.ports import Ids, Transaction

RAISED = "notice.raised"
DELIVERED = "notice.delivered"
FAILED = "notice.failed"

Kind = Literal[
    "expiring", "escalated", "nobody-on-duty", "expired", "urgent-waiting", "urgent-unsent",
    "incident", "consult", "exception-overdue", "exception-escalated",
    "access-refused",
]  # fmt: skip
"""Why somebody is told; static, so that it can leave the house."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be told; `to` names `role:nurse` or `person:dr-lee`, most wanted first."""

    kind: Kind
    to: tuple[str, ...]
    deadline: str | None = None
    """UTC time by which something must happen."""


def raise_notice(
    ids: Ids, transaction: Transaction, actor: Actor, about: About, notice: Notice
) -> str:
    """Record that somebody must be told, and return the notice's id."""
    id_ = ids.uuid()
    data: JsonObject = {"id": id_, "kind": notice.kind, "to": list(notice.to)}
    if notice.deadline is not None:
        data["deadline"] = notice.deadline
    transaction.append(Event(RAISED, actor, about, data=data))
    return id_
