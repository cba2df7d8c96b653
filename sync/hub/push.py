"""Pushing signed statements onto their Tasks, whole and once, whatever happens in between.

Each answer is one of applied, retryable, rejected. An unknown one needs no care of its own: the
Task is read before every PUT, and a statement that stands there is not added again.
Source: hub-protocol §3 (one more output, PUT If-Match), §4, §6 steps 2 and 5; design §11.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.errors import Refused, Unreachable
from core.hub import display
from core.hub.inspect import inspect
from core.hub.outcome import answer
from core.hub.receive import alarm
from core.hub.task import outputs, with_outputs
from core.intake.stage import Origin
from core.lifecycle import State
from core.ports import Transaction
from core.ports_hub import Held, Lost
from core.records import OutputRow
from core.statement import statement_digest
from core.workspace import roster_in_force
from sync.hub.pull import Pull, known_of
from sync.hub.seen import SeenRow

LOSSES = 5
FIRST_WAIT_S = 5
LONGEST_WAIT_S = 600
# What a Task whose proposal is not ours any more must never be given.
UNTOUCHED = frozenset({"input-changed"})


def sign_answers(pull: Pull) -> None:
    """Sign the outcome of every proposal that moved since its Task was last told."""
    untold = pull.workspace.ledger.untold()
    if not untold:
        return
    with pull.workspace.ledger.transaction() as transaction:
        for proposal in untold:
            answer(pull.workspace, transaction, proposal)


async def push(pull: Pull, *, all_waiting: bool) -> None:
    """Bring what is due to the hub; with `all_waiting` also what is waiting for a later try."""
    now = None if all_waiting else pull.workspace.clock.now()
    by_task: dict[str, list[OutputRow]] = {}
    for row in pull.seen.outbox(now):
        by_task.setdefault(row.task, []).append(row)
    for task, rows in by_task.items():
        if pull.stop():
            pull.report.stopped = True
            return
        try:
            await _push_task(pull, task, rows)
        except Refused:
            _all(pull, rows, "rejected", "refused")
            pull.report.rejected += len(rows)
        except Unreachable:
            _retry_later(pull, rows, "unreachable")
            pull.report.unreachable = True
            return
        pull.report.tell()


async def _push_task(pull: Pull, task: str, rows: Sequence[OutputRow]) -> None:
    for _ in range(LOSSES):
        held = await pull.hub.read(task)
        if held is None:
            _gone(pull, task, rows)
            return
        code = _problem(pull, held)
        if code in UNTOUCHED:
            _all(pull, rows, "rejected", code)
            pull.report.rejected += len(rows)
            return
        missing = _missing(held, rows)
        if not missing:
            _applied(pull, rows)
            return
        status, business = _shown(pull, task, rows)
        more = [(row.kind, row.statement) for row in missing]
        try:
            await pull.hub.replace(held, with_outputs(held.resource, more, status, business))
        except Lost:
            continue
        _applied(pull, rows)
        return
    with pull.workspace.ledger.transaction() as transaction:
        pull.report.alarms += alarm(
            pull.workspace, transaction, Origin(task, ""), "contended", rows[0].proposal
        )
    _retry_later(pull, rows, "contended")


def _problem(pull: Pull, held: Held) -> str | None:
    """Judge what is about to be written to, as a pull would: it may have changed since."""
    with pull.workspace.ledger.transaction() as transaction:
        proposal = transaction.proposal_of_task(held.reference)
        known = known_of(pull.seen, transaction, held.reference, proposal)
        judged = inspect(
            held.resource,
            held.size,
            roster_in_force(transaction),
            pull.workspace.team,
            pull.ehrs,
            known,
        )
        if judged.kind == "alarm" and judged.code is not None:
            origin = Origin(held.reference, held.version)
            id_ = None if proposal is None else proposal.id
            pull.report.alarms += alarm(pull.workspace, transaction, origin, judged.code, id_)
    return judged.code


def _missing(held: Held, rows: Sequence[OutputRow]) -> list[OutputRow]:
    there = {statement_digest(item.text) for item in outputs(held.resource) if item.text}
    return [row for row in rows if row.digest not in there]


def _shown(pull: Pull, task: str, rows: Sequence[OutputRow]) -> tuple[str, str]:
    proposal = pull.workspace.ledger.proposal_of_task(task)
    if proposal is None:
        state = next((row.state for row in rows if row.state), "denied")
        return "completed" if state == State.WITHDRAWN else "rejected", state
    changes = pull.workspace.ledger.changes(proposal.id)
    return display.status(State(change.state) for change in changes)


def _gone(pull: Pull, task: str, rows: Sequence[OutputRow]) -> None:
    with pull.workspace.ledger.transaction() as transaction:
        vanished(pull, transaction, task)
        for row in rows:
            pull.seen.mark(row.digest, "rejected", "gone")
    pull.report.rejected += len(rows)


def vanished(pull: Pull, transaction: Transaction, task: str) -> None:
    """Record that a Task is gone from the hub; what we hold of it stays, and is never final."""
    proposal = transaction.proposal_of_task(task)
    id_ = None if proposal is None else proposal.id
    pull.report.alarms += alarm(pull.workspace, transaction, Origin(task, ""), "vanished", id_)
    pull.report.gone += 1
    pull.seen.put(SeenRow(task, "", "gone", proposal=id_))


def _applied(pull: Pull, rows: Sequence[OutputRow]) -> None:
    _all(pull, rows, "applied", None)
    pull.report.pushed += len(rows)


def _retry_later(pull: Pull, rows: Sequence[OutputRow], why: str) -> None:
    now = pull.workspace.clock.now()
    with pull.workspace.ledger.transaction():
        for row in rows:
            pull.seen.mark(row.digest, "waiting", why, _due(now, pull.seen.attempts(row.digest)))
    pull.report.retrying += len(rows)


def _due(now: datetime, attempts: int) -> datetime:
    return now + timedelta(seconds=min(FIRST_WAIT_S * 2 ** min(attempts, 10), LONGEST_WAIT_S))


def _all(pull: Pull, rows: Sequence[OutputRow], state: str, failure: str | None) -> None:
    with pull.workspace.ledger.transaction():
        for row in rows:
            pull.seen.mark(row.digest, state, failure)
