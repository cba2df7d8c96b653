"""The states of one change and the one table of legal transitions between them.

Source: design §6. Any transition that the table does not list raises; a proposal's own state is
derived from its changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from core.errors import Failed


class State(StrEnum):
    """The state of a change, in the words that scripts and the ledger use."""

    PROPOSED = "proposed"
    POLICY_APPROVED = "policy-approved"
    DENIED = "denied"
    PENDING = "pending-human-review"
    READY = "ready-for-write"
    REJECTED = "rejected"
    DEFERRED = "deferred"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    SENDING = "sending"
    PERSISTED = "persisted"
    VERIFIED = "verified"
    AMBIGUOUS = "ambiguous"
    HELD_BY_EHR = "held-by-ehr"
    REFUSED = "refused"
    DEAD_LETTER = "dead-letter"
    EXCEPTION = "exception"
    MANUAL_ENTRY = "manual-entry"
    CORRECTED = "corrected"


_S = State

TRANSITIONS: dict[State, frozenset[State]] = {
    _S.PROPOSED: frozenset({_S.POLICY_APPROVED, _S.DENIED}),
    _S.POLICY_APPROVED: frozenset({_S.PENDING, _S.READY}),
    _S.DENIED: frozenset(),
    _S.PENDING: frozenset(
        {
            _S.READY,
            _S.REJECTED,
            _S.DEFERRED,
            _S.EXPIRED,
            _S.SUPERSEDED,
            _S.WITHDRAWN,
            _S.DENIED,
            _S.MANUAL_ENTRY,
        }
    ),
    _S.DEFERRED: frozenset({_S.PENDING, _S.SUPERSEDED, _S.WITHDRAWN, _S.EXPIRED}),
    _S.EXPIRED: frozenset({_S.PENDING, _S.SUPERSEDED, _S.WITHDRAWN, _S.MANUAL_ENTRY}),
    _S.READY: frozenset(
        {_S.SENDING, _S.PENDING, _S.DENIED, _S.SUPERSEDED, _S.WITHDRAWN, _S.MANUAL_ENTRY}
    ),
    _S.SENDING: frozenset(
        {
            _S.PERSISTED,
            _S.AMBIGUOUS,
            _S.HELD_BY_EHR,
            _S.REFUSED,
            _S.READY,
            _S.PENDING,
            _S.DEAD_LETTER,
        }
    ),
    _S.AMBIGUOUS: frozenset({_S.PERSISTED, _S.READY, _S.PENDING, _S.EXCEPTION, _S.DEAD_LETTER}),
    _S.HELD_BY_EHR: frozenset({_S.PERSISTED, _S.REFUSED, _S.EXCEPTION}),
    _S.PERSISTED: frozenset({_S.VERIFIED, _S.EXCEPTION}),
    _S.VERIFIED: frozenset({_S.EXCEPTION, _S.CORRECTED}),
    _S.REFUSED: frozenset({_S.PENDING, _S.MANUAL_ENTRY}),
    _S.DEAD_LETTER: frozenset({_S.AMBIGUOUS, _S.READY, _S.PENDING, _S.REFUSED, _S.MANUAL_ENTRY}),
    _S.EXCEPTION: frozenset(
        {_S.VERIFIED, _S.PERSISTED, _S.PENDING, _S.CORRECTED, _S.DEAD_LETTER, _S.MANUAL_ENTRY}
    ),
    _S.MANUAL_ENTRY: frozenset({_S.VERIFIED, _S.EXCEPTION}),
    _S.CORRECTED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.SUPERSEDED: frozenset(),
    _S.WITHDRAWN: frozenset(),
}

# The least advanced open state names a proposal; closed ones only when nothing is open.
_OPEN_ORDER = (
    _S.PROPOSED,
    _S.POLICY_APPROVED,
    _S.PENDING,
    _S.DEFERRED,
    _S.EXPIRED,
    _S.EXCEPTION,
    _S.AMBIGUOUS,
    _S.DEAD_LETTER,
    _S.HELD_BY_EHR,
    _S.MANUAL_ENTRY,
    _S.READY,
    _S.SENDING,
    _S.PERSISTED,
)
_CLOSED_ORDER = (
    _S.VERIFIED,
    _S.CORRECTED,
    _S.REFUSED,
    _S.REJECTED,
    _S.DENIED,
    _S.SUPERSEDED,
    _S.WITHDRAWN,
)
OPEN = frozenset(_OPEN_ORDER)
ONLY_BY = {
    (_S.DENIED, _S.PENDING): "decision.broke-glass",
    # A store put back from a backup has forgotten whether it sent what it holds unsent.
    **{
        (state, _S.AMBIGUOUS): "write.doubted"
        for state in (_S.PENDING, _S.DEFERRED, _S.EXPIRED, _S.READY, _S.AMBIGUOUS)
    },
}
"""Transitions beside the table that one type of event alone may make."""


class IllegalTransition(Failed):
    """A change was asked to move where the table does not let it."""

    code = "illegal-transition"


def check(before: State, after: State, event: str = "") -> None:
    """Raise IllegalTransition unless the table of §6 allows `before → after` to such an event."""
    if after not in TRANSITIONS[before] and (not event or ONLY_BY.get((before, after)) != event):
        raise IllegalTransition(f"a change cannot go from {before} to {after}")


def derived(states: Iterable[State]) -> State:
    """Return the state of a proposal from those of its changes.

    The least advanced open one; when all are closed, verified if any is, else the next of the
    closed order.
    """
    present = set(states)
    for state in (*_OPEN_ORDER, *_CLOSED_ORDER):
        if state in present:
            return state
    return State.PROPOSED
