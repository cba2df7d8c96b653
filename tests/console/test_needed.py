"""A change that is needed by a time says so in the queue, and counts down to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from console.presenters.queue import queue_row
from core.ledger.event import instant
from core.lifecycle import State
from core.needed import due
from tests.builders import phone_change, problem_change
from tests.console.desk import Desk, text_of

WAITING = ["pending-human-review"]
SIZES = [(80, 24), (120, 40), (160, 50)]


@pytest.fixture
def ward(desk: Desk) -> Desk:
    """One needed at 14:05, one needed a minute ago, one that nobody waits for."""
    now = desk.clock.now()
    first, second = (
        instant(now + timedelta(minutes=1)),
        instant(now + timedelta(hours=5, minutes=5)),
    )
    desk.propose_now(phone_change(), evidence=[], urgency="stat", needed_by=first)
    desk.propose_now(problem_change(), evidence=[], urgency="urgent", needed_by=second)
    desk.propose_now(evidence=[], correlation_id="plain")
    desk.clock.advance(minutes=2)
    return desk


async def test_the_list_says_needed_and_late(ward: Desk) -> None:
    app = ward.app()
    async with app.run_test(size=(160, 40)):
        shown = text_of(app)
    assert "LATE: update Patient.telecom" in shown
    assert "needed 14:05: create Condition" in shown and "5h 03m" in shown
    assert shown.count("needed") == 1


@pytest.mark.parametrize(
    ("needed", "due", "words", "late"),
    [
        (timedelta(hours=2), "2h 00m", "needed 11:00: ", False),
        (timedelta(minutes=59), "59m", "needed 09:59: ", True),
        (timedelta(0), "LATE", "LATE: ", True),
        (-timedelta(days=2), "LATE", "LATE: ", True),
        (timedelta(days=1), "8h 00m", "needed 11-24 09:00: ", False),
    ],
)
async def test_the_sooner_of_need_and_expiry_counts(
    desk: Desk, needed: timedelta, due: str, words: str, late: bool
) -> None:
    now = desk.clock.now()
    change = desk.change(await desk.propose(phone_change(), evidence=[]))
    row = queue_row(replace(change, needed_by=instant(now + needed)), now, WAITING, zone=UTC)
    assert row.cells["due"] == due and row.cells["what"] == f"{words}update Patient.telecom"
    assert (row.marks.get("due") == "late") is late


async def test_what_is_on_its_way_or_gone_has_no_time(desk: Desk) -> None:
    now = desk.clock.now()
    found = desk.change(await desk.propose(phone_change(), evidence=[]))
    change = replace(found, needed_by=instant(now))
    for state, shown in ((State.SENDING, ["sending"]), (State.READY, WAITING)):
        row = queue_row(replace(change, state=state), now, shown, zone=UTC)
        assert row.cells["due"] == "" and "LATE" not in row.cells["what"]
    unsent = queue_row(replace(change, state=State.READY), now, [State.READY], zone=UTC)
    assert unsent.cells["due"] == "LATE"


def test_the_time_stands_in_the_row_of_the_change(ward: Desk) -> None:
    rows = ward.ledger.changes_in("pending-human-review")
    told = {row.needed_by: ward.ledger.proposal(row.proposal) for row in rows}
    assert all(found is not None and found.needed_by == at for at, found in told.items())
    assert len(told) == 3


@pytest.mark.parametrize(("urgency", "due"), [("urgent", "3h 58m"), ("stat", "28m")])
async def test_the_queue_and_the_review_say_the_same_of_an_urgent_one_that_names_no_time(
    desk: Desk, urgency: str, due: str
) -> None:
    await desk.propose(phone_change(), evidence=[], urgency=urgency)
    desk.clock.advance(minutes=2)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        assert due in text_of(app) and "needed" not in text_of(app)
        await pilot.press("enter")
        await pilot.pause()
        assert f"due in {due}" in text_of(app)


def test_a_row_of_an_older_ledger_asks_its_proposal(ward: Desk) -> None:
    for row in ward.ledger.changes_in("pending-human-review"):
        proposal = ward.ledger.proposal(row.proposal)
        assert due(replace(row, needed_by=None, proposed_at=None), proposal) == due(row)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "160x50"])
def test_screen(ward: Desk, snap_compare: Callable[..., bool], size: tuple[int, int]) -> None:
    assert snap_compare(ward.app(), terminal_size=size)
