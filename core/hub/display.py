"""How states look on the Task, for other FHIR clients; nothing is ever read back from it.

Source: hub-protocol §5.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.lifecycle import OPEN, State, derived

_STATUS: dict[State, str] = {
    State.PROPOSED: "requested",
    State.POLICY_APPROVED: "received",
    State.PENDING: "received",
    State.DEFERRED: "on-hold",
    State.READY: "accepted",
    State.SENDING: "in-progress",
    State.AMBIGUOUS: "in-progress",
    State.MANUAL_ENTRY: "on-hold",
    State.EXPIRED: "on-hold",
    State.PERSISTED: "in-progress",
    State.HELD_BY_EHR: "on-hold",
    State.EXCEPTION: "on-hold",
    State.VERIFIED: "completed",
    State.CORRECTED: "completed",
    State.REFUSED: "failed",
    State.DEAD_LETTER: "failed",
    State.DENIED: "rejected",
    State.REJECTED: "rejected",
    State.SUPERSEDED: "cancelled",
    State.WITHDRAWN: "cancelled",
}
_OPEN_STATUS = ("requested", "received", "on-hold", "accepted", "in-progress")
_CLOSED_STATUS = ("completed", "failed", "rejected", "cancelled")


def status(states: Iterable[State]) -> tuple[str, str]:
    """Return (Task.status, businessStatus code) for the states of a proposal's changes.

    While any change is open, the least advanced open one; when all are closed, completed if any
    is, else failed, else rejected, else cancelled.
    """
    found = list(states)
    open_ones = [_STATUS[state] for state in found if state in OPEN]
    waiting = [name for name in _OPEN_STATUS if name in open_ones]
    if waiting:
        return waiting[0], str(derived(found))
    closed = {_STATUS[state] for state in found}
    return next(name for name in _CLOSED_STATUS if name in closed), str(derived(found))
