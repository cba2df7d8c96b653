"""Delivering notices: each until it is taken, with growing pauses, and loudly given up after a day.

A notice is sent first and recorded afterwards: who is killed in between sends it again under the
same id, and never loses it. What leaves is ids and static words: no patient, no value, no word of
an agent. Source: design §6, §14.7.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.canonical import JsonObject, exact
from core.gateway import events
from core.ledger.event import About, Event, Interval, moment
from core.lifecycle import State
from core.notice import DELIVERED, FAILED
from core.records import NoticeRow
from core.workspace import Workspace

ABANDONED = "notice.abandoned"
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
TRIED_FOR = timedelta(days=1)
A_ROUND = 50
"""How many are sent in one go; the rest goes with the next."""
ABOUT_DECIDING = frozenset({"expiring", "escalated", "nobody-on-duty", "expired"})
UNDECIDED = frozenset({State.PENDING, State.DEFERRED, State.EXPIRED})


class NotDelivered(Exception):
    """A notice was not taken; `code` is static and says why."""

    def __init__(self, code: str):
        self.code = code
        super().__init__(code)


class Notifier(Protocol):
    """A way to tell people outside."""

    async def send(self, message: JsonObject) -> None:
        """Hand over one message (`message_of`); raises NotDelivered."""


@dataclass
class Told:
    """What one go of delivering did."""

    delivered: int = 0
    failed: int = 0
    given_up: int = 0


async def deliver(workspace: Workspace, notifier: Notifier) -> Told:
    """Send every notice that is due, oldest first, and record what became of each."""
    done = Told()
    ledger = workspace.ledger
    for row in due(ledger.untold_notices(), ledger.interval())[:A_ROUND]:
        if _is_moot(workspace, row):
            _record(workspace, row, ABANDONED, {"kind": row.kind, "why": "decided-meanwhile"})
            continue
        attempt: JsonObject = {"attempt": exact(row.attempts + 1)}
        try:
            await notifier.send(message_of(workspace.team, row))
        except NotDelivered as error:
            _record(workspace, row, FAILED, {**attempt, "why": error.code})
            done.failed += 1
            if ledger.interval().lo - moment(row.at) >= TRIED_FOR:
                _record(workspace, row, ABANDONED, {"kind": row.kind, "why": "not-delivered"})
                done.given_up += 1
            # What is out of order keeps nobody waiting: the others are tried at the next go.
            break
        else:
            _record(workspace, row, DELIVERED, attempt)
            done.delivered += 1
    return done


def due(rows: Sequence[NoticeRow], now: Interval) -> list[NoticeRow]:
    """Return the notices to be sent now, in their order."""
    return [row for row in rows if row.given_up_at is None and now.hi >= next_try(row)]


def next_try(row: NoticeRow) -> datetime:
    """Return when a notice is to be sent next: at once, then after pauses that double."""
    if row.attempts == 0 or row.tried_at is None:
        return moment(row.at)
    # Beyond a few doublings the longest pause holds, and a huge number is never made.
    pause: timedelta = FIRST_PAUSE * (1 << min(row.attempts - 1, 10))
    return moment(row.tried_at) + min(pause, LONGEST_PAUSE)


def message_of(team: str, row: NoticeRow) -> JsonObject:
    """Return what leaves: `{id, kind, deadline, to, proposal, change, team}`, ids only."""
    return {
        "id": row.id,
        "kind": row.kind,
        "deadline": row.deadline,
        "to": exact(json.loads(row.to)),
        "proposal": row.proposal,
        "change": None if row.idx is None else exact(row.idx),
        "team": team,
    }


def _is_moot(workspace: Workspace, row: NoticeRow) -> bool:
    """Tell whether a notice that was never sent in a day asks for what has been done since.

    A workspace may get its notifier long after its first notices: nobody is called for those.
    """
    if row.attempts or row.kind not in ABOUT_DECIDING or row.proposal is None or row.idx is None:
        return False
    if workspace.ledger.interval().lo - moment(row.at) < TRIED_FOR:
        return False
    change = workspace.ledger.change(row.proposal, row.idx)
    return change is not None and change.state not in UNDECIDED


def _record(workspace: Workspace, row: NoticeRow, type_: str, data: JsonObject) -> None:
    about = About(proposal=row.proposal, index=row.idx)
    with workspace.ledger.transaction() as transaction:
        actor = events.actor(workspace)
        transaction.append(Event(type_, actor, about, data={"id": row.id, **data}))
