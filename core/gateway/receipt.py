"""What a receipt leads to: the state of the change, by the class of the answer.

The classes and the tables behind them are those of `core.failure`. Source: design §9.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.failure.classes import GUIDE, Action, Failure
from core.failure.classify import classify as row_of
from core.failure.dialect import PLAIN, Dialect
from core.failure.table import NO_ANSWER, Row
from core.lifecycle import State
from core.ports import Response

_STATES = {
    Action.WAIT: State.READY,
    Action.REFRESH: State.READY,
    Action.READ_BACK: State.AMBIGUOUS,
    Action.RETRY_ONCE: State.AMBIGUOUS,
    Action.VERIFY: State.AMBIGUOUS,
    Action.POLL: State.HELD_BY_EHR,
    Action.TO_REVIEWER: State.REFUSED,
    Action.TO_FIXER: State.REFUSED,
    Action.CONSENT_OR_INCIDENT: State.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state that a receipt leads to, and the failure class where there is one."""

    state: State
    failure: str | None = None
    row: Row | None = None
    """The row of the tables that the answer fell under."""


UNKNOWN = Outcome(State.AMBIGUOUS, Failure.UNKNOWN, NO_ANSWER)
INTERRUPTED = Outcome(State.AMBIGUOUS, "interrupted", NO_ANSWER)


def classify(response: Response, dialect: Dialect = PLAIN, rung: str = "") -> Outcome:
    """Return what the answer means; anything unknown is ambiguous, never a success.

    What waits, and how often it may, is `core.gateway.failing`'s.
    """
    row = row_of(response, dialect, rung)
    return Outcome(State.PERSISTED) if row is None else outcome_of(row)


def outcome_of(row: Row) -> Outcome:
    """Return the state that the action of a row's class leads to."""
    return Outcome(_STATES[GUIDE[row.failure].action], str(row.failure), row)
