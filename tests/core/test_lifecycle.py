"""The one table of transitions, against the lines of the design."""

from __future__ import annotations

from itertools import permutations, product

import pytest

from core import lifecycle
from core.lifecycle import OPEN, TRANSITIONS, IllegalTransition, State, check, derived

# Design §6, line by line, and the sending roads of §9 that end in its states.
LINES = """
proposed -> policy-approved | denied
policy-approved -> pending-human-review | ready-for-write
pending-human-review -> ready-for-write | rejected | deferred | expired | superseded | withdrawn
deferred -> pending-human-review
expired -> pending-human-review
ready-for-write -> sending | pending-human-review
sending -> persisted | ambiguous | held-by-ehr | refused
persisted -> verified
"""
LISTED = [
    (before, after.strip())
    for before, _, line in (item.partition(" -> ") for item in LINES.strip().splitlines())
    for after in line.split("|")
]
FINAL = {"denied", "rejected", "superseded", "withdrawn", "corrected"}


@pytest.mark.parametrize(("before", "after"), LISTED)
def test_every_listed_transition_is_allowed(before: str, after: str) -> None:
    check(State(before), State(after))


@pytest.mark.parametrize(("before", "after"), list(product(State, State)))
def test_the_table_alone_decides(before: State, after: State) -> None:
    if after in TRANSITIONS[before]:
        check(before, after)
    else:
        with pytest.raises(IllegalTransition, match=f"cannot go from {before} to {after}"):
            check(before, after)


def test_states_are_the_words_of_the_design() -> None:
    assert {state.value for state in State} == {
        "proposed", "policy-approved", "denied", "pending-human-review", "ready-for-write",
        "rejected", "deferred", "expired", "superseded", "withdrawn", "sending", "persisted",
        "verified", "ambiguous", "held-by-ehr", "refused", "dead-letter", "exception",
        "manual-entry", "corrected",
    }  # fmt: skip
    assert set(TRANSITIONS) == set(State)


def test_nothing_leaves_a_final_state() -> None:
    assert {state for state, nexts in TRANSITIONS.items() if not nexts} == FINAL
    assert not FINAL & OPEN


def test_no_state_goes_to_itself_and_all_but_the_first_can_be_reached() -> None:
    assert not [state for state, nexts in TRANSITIONS.items() if state in nexts]
    assert set().union(*TRANSITIONS.values()) == set(State) - {State.PROPOSED}


def test_only_policy_and_a_person_open_the_way_to_the_chart() -> None:
    """Nothing is sent but from ready-for-write; a decision or an auto route alone first gets there.

    The other two ways in are the gateway's own, after a send that certainly did nothing.
    """
    assert _before(State.SENDING) == {State.READY}
    assert _before(State.READY) == {
        State.POLICY_APPROVED, State.PENDING, State.SENDING, State.AMBIGUOUS, State.DEAD_LETTER,
    }  # fmt: skip
    assert _before(State.POLICY_APPROVED) == {State.PROPOSED}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("proposed", "ready-for-write"),
        ("pending-human-review", "sending"),
        ("denied", "pending-human-review"),
        ("rejected", "ready-for-write"),
        ("expired", "ready-for-write"),
        ("deferred", "ready-for-write"),
        ("ambiguous", "sending"),
        ("verified", "ready-for-write"),
        ("sending", "withdrawn"),
    ],
)
def test_short_cuts_are_closed(before: str, after: str) -> None:
    with pytest.raises(IllegalTransition):
        check(State(before), State(after))


def test_control_a_wider_table_would_let_a_short_cut_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wider = {**TRANSITIONS, State.PENDING: TRANSITIONS[State.PENDING] | {State.SENDING}}
    monkeypatch.setattr(lifecycle, "TRANSITIONS", wider)
    with pytest.raises(pytest.fail.Exception):
        test_short_cuts_are_closed("pending-human-review", "sending")


def _before(state: State) -> set[State]:
    return {before for before, nexts in TRANSITIONS.items() if state in nexts}


@pytest.mark.parametrize("state", State)
def test_one_change_gives_its_own_state(state: State) -> None:
    assert derived([state]) == derived([state, state]) == state


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        (("verified", "pending-human-review"), "pending-human-review"),
        (("ready-for-write", "pending-human-review"), "pending-human-review"),
        (("persisted", "sending"), "sending"),
        (("rejected", "deferred"), "deferred"),
        (("verified", "rejected"), "verified"),
        (("rejected", "denied"), "rejected"),
        (("withdrawn", "superseded"), "superseded"),
        (("verified", "exception", "sending"), "exception"),
    ],
)
def test_least_advanced_open_change_names_the_proposal(
    states: tuple[str, ...], wanted: str
) -> None:
    for order in permutations(states):
        assert derived(State(state) for state in order) == wanted


def test_closed_proposal_has_no_open_change() -> None:
    for one, other in product(State, State):
        assert (derived([one, other]) in OPEN) == bool({one, other} & OPEN)


def test_every_state_is_ranked() -> None:
    assert {derived([state]) for state in State} == set(State)
    assert derived([]) == State.PROPOSED
