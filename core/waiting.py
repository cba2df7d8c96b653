"""What a decided change still waits for, in words, so that nobody takes a decision for its effect.

Source: design §11 (local-first), §6.
"""

from __future__ import annotations

from core.lifecycle import State
from core.records import BY_HAND

_SOLO: dict[State, str] = {
    State.PROPOSED: "held until the patient's Consents can be read",
    State.READY: "not yet sent",
    State.SENDING: "being sent",
    State.AMBIGUOUS: "sent, its fate not known yet",
    State.HELD_BY_EHR: "taken in by the EHR, not yet stored",
    State.PERSISTED: "written, not yet verified",
    State.MANUAL_ENTRY: "entered by hand, not yet read in the chart",
}


_BY_HAND = "to be entered by hand, as this EHR has no API write for it"


def state_words(state: str, rung: str = "", held_up: str | None = None) -> str:
    """Return the state, and after a colon what it waits for; `rung` is the change's.

    `held_up` says what else keeps a change that is ready from being sent.
    """
    waits = held_up or waits_for(state, rung)
    return state if waits is None else f"{state}: {waits}"


def waits_for(state: str, rung: str = "") -> str | None:
    """Return what a change in this state waits for; None where it waits for no machine."""
    if rung == BY_HAND and State(state) == State.READY:
        return _BY_HAND
    return _SOLO.get(State(state))
