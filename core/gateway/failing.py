"""Counting failures and saying when something is done about them; the record of each.

A failure is recorded with its class, how many of it there were in a row, and when the write is
sent, read or looked for again; no guard lets it through earlier. Chance comes from the port of
identifiers, time from the ledger's clock. Source: design §9.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.canonical import JsonObject, exact
from core.failure.classes import GUIDE, Action
from core.failure.classify import codes_of
from core.failure.dialect import Dialect
from core.failure.due import GIVE_UP, HELD, next_poll, next_try, roll_of
from core.failure.table import NOT_SENT, Row
from core.failure.tokens import NoGrant
from core.gateway.receipt import Outcome
from core.ledger.event import Actor, Event, instant, moment
from core.ledger.failure_events import FAILED
from core.ledger.rowops import integer
from core.lifecycle import State
from core.notice import Notice, raise_notice
from core.ports import Reads, Response, Transaction
from core.records import ChangeRow
from core.records_failure import FailureRow, refuses_access
from core.review.voiding import about
from core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a failure leads to, and what the ledger says of it."""

    outcome: Outcome
    data: JsonObject


@dataclass(frozen=True, slots=True)
class _Now:
    """One failure, as it is counted."""

    row: Row
    at: datetime
    since: datetime
    tries: int
    attempt: int
    roll: float


def weigh(
    workspace: Workspace,
    reads: Reads,
    change: ChangeRow,
    outcome: Outcome,
    at: datetime,
    answer: Response | None = None,
    dialect: Dialect | None = None,
) -> Weighed | None:
    """Count a failure on top of what is recorded; None for an outcome that is none.

    A token that was refused twice, and a write put off for GIVE_UP, is a dead letter.
    """
    if outcome.row is None:
        return None
    now = _counted(workspace, reads, change, outcome.row, at)
    retry_after = None if answer is None else answer.retry_after
    due, deadline = _times(now, retry_after)
    last = _last_attempt(reads.failure(change.operation), now)
    code = None if answer is None or dialect is None else dialect.known(codes_of(answer))
    data: JsonObject = {
        "failure": str(now.row.failure),
        "since": instant(now.since),
        "tries": exact(now.tries),
    }
    optional: JsonObject = {
        "code": code,
        "due": None if due is None else instant(due),
        "deadline": None if deadline is None else instant(deadline),
        "last_attempt": None if last is None else exact(last),
    }
    data |= {key: value for key, value in optional.items() if value is not None}
    state = State.DEAD_LETTER if _ends(now) else outcome.state
    return Weighed(replace(outcome, state=state), data)


def record(
    workspace: Workspace, transaction: Transaction, change: ChangeRow, data: JsonObject
) -> None:
    """Append the record of a failure; on-call is told when an EHR begins to refuse access."""
    gateway = Actor("gateway", "gateway", workspace.keys.signer("gateway").kid)
    if refuses_access(str(data["failure"]), integer(data["tries"])) and not any(
        row.ehr == change.ehr for row in transaction.refused_access()
    ):
        notice = Notice("access-refused", ("role:on-call",))
        raise_notice(workspace.ids, transaction, gateway, about(change), notice)
    transaction.append(Event(FAILED, gateway, about(change), data=data))


def not_sent(workspace: Workspace, seen: ChangeRow, why: NoGrant | None = None) -> None:
    """Record that nothing left, and when it is tried again; nothing where the change moved on."""
    why = why or NoGrant(NOT_SENT)
    row = why.row
    with workspace.ledger.transaction() as transaction:
        change = transaction.change(seen.proposal, seen.idx)
        if change != seen:
            return
        now = _counted(workspace, transaction, seen, row, transaction.clock.hi)
        again = next_try(now.at, now.tries, now.roll, row.until, why.retry_after)
        data: JsonObject = {
            "failure": str(row.failure),
            "since": instant(now.since),
            "tries": exact(now.tries),
            "due": instant(again),
        }
        if why.code is not None:
            data["code"] = why.code
        last = _last_attempt(transaction.failure(seen.operation), now)
        record(
            workspace,
            transaction,
            seen,
            data | ({} if last is None else {"last_attempt": exact(last)}),
        )


def is_due(reads: Reads, change: ChangeRow, now: datetime) -> bool:
    """Tell whether something may be done about a change now, as far as its failures say."""
    row = reads.failure(change.operation)
    return row is None or row.ended is not None or row.due is None or now >= moment(row.due)


def _counted(workspace: Workspace, reads: Reads, change: ChangeRow, row: Row, at: datetime) -> _Now:
    earlier, written = reads.failure(change.operation), reads.write(change.operation)
    roll = roll_of(workspace.ids.nonce())
    attempt = 0 if written is None else written.attempt
    if earlier is None or earlier.ended is not None or earlier.failure != row.failure:
        return _Now(row, at, at, 1, attempt, roll)
    return _Now(row, at, moment(earlier.since), earlier.tries + 1, attempt, roll)


def _times(now: _Now, retry_after: float | None) -> tuple[datetime | None, datetime | None]:
    """Return when it is tried again, and by when it must have shown."""
    action = GUIDE[now.row.failure].action
    if action == Action.WAIT:
        return next_try(now.at, now.tries, now.roll, now.row.until, retry_after), None
    if action == Action.POLL:
        return next_poll(now.at, now.tries, now.roll), now.since + HELD
    if action == Action.RETRY_ONCE:
        return next_try(now.at, now.tries, now.roll, None, retry_after), None
    if retry_after is not None and action in (Action.READ_BACK, Action.VERIFY):
        return now.at + timedelta(seconds=retry_after), None
    return None, None


def _last_attempt(earlier: FailureRow | None, now: _Now) -> int | None:
    """Return the last attempt that may be made; what was set before is never widened."""
    action = GUIDE[now.row.failure].action
    retries = 1 if action == Action.RETRY_ONCE and now.row.retries is None else now.row.retries
    own = None if retries is None else now.attempt + retries
    before = None if earlier is None or earlier.ended is not None else earlier.last_attempt
    known = [one for one in (own, before) if one is not None]
    return min(known, default=None)


def _ends(now: _Now) -> bool:
    action = GUIDE[now.row.failure].action
    if action == Action.REFRESH:
        return now.tries > 1
    return action == Action.WAIT and now.at - now.since >= GIVE_UP
