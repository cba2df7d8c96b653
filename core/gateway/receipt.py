"""What an answer to a write means: the failure classes and the state that each leads to.

Source: `reference` failure tables behind design §9; FHIR R4 http (status codes), SMART App Launch.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.lifecycle import State
from core.ports import Response

PRECONDITION = frozenset({304, 409, 412})
UNKNOWN = frozenset({408, 500, 501, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state that a receipt leads to, and the failure class where there is one."""

    state: State
    failure: str | None = None


_BY_STATUS = {
    200: Outcome(State.PERSISTED),
    201: Outcome(State.PERSISTED),
    202: Outcome(State.HELD_BY_EHR, "accepted-not-visible"),
    401: Outcome(State.READY, "authentication"),
    403: Outcome(State.REFUSED, "authorization"),
    429: Outcome(State.READY, "throttled"),
    **dict.fromkeys(PRECONDITION, Outcome(State.AMBIGUOUS, "precondition")),
    **dict.fromkeys(UNKNOWN, Outcome(State.AMBIGUOUS, "outcome-unknown")),
}


def classify(response: Response) -> Outcome:
    """Return what the answer means; anything unknown is ambiguous, never a success.

    A `precondition` answer is `AMBIGUOUS` until the resource was read: on a repeated request it
    may be our own earlier commit.
    """
    known = _BY_STATUS.get(response.status)
    if known is not None:
        return known
    if 300 <= response.status < 400:
        return Outcome(State.REFUSED, "redirected")
    if 400 <= response.status < 500:
        return Outcome(State.REFUSED, _refusal(response))
    return Outcome(State.AMBIGUOUS, "outcome-unknown")


def _refusal(response: Response) -> str:
    for issue in ("duplicate", "business-rule"):
        if response.status == 422 and issue in response.issues:
            return issue
    return "validation"
