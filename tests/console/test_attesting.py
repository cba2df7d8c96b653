"""The decision dialog of a route that asks for attestations: nothing ticked, each by its number."""

from collections.abc import Callable

import pytest

from console.screens.decide import DecisionModal
from tests.builders import phone_change
from tests.console.desk import Desk, text_of
from tests.core.review.attested import CODES, ask_to_attest

PENDING = "pending-human-review"


async def test_each_line_is_ticked_by_its_number_before_y_counts(desk: Desk) -> None:
    ask_to_attest(desk.bench)
    id_ = await desk.propose(phone_change())
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter", "a")
        await pilot.pause()
        shown = text_of(app)
        assert "[ ] 1  document-seen: I saw the document itself" in shown
        assert "[ ] 2  patient-by-callback" in shown and "[x]" not in shown
        await pilot.press("y")
        await pilot.pause()
        assert desk.states(id_) == [PENDING] and "tick 1 and 2 first" in text_of(app)
        await pilot.press("1", "y")
        await pilot.pause()
        assert desk.states(id_) == [PENDING] and "tick 2 first" in text_of(app)
        await pilot.press("2", "y")
        await pilot.pause()
        assert desk.states(id_) == ["ready-for-write"]
    (vote,) = desk.ledger.decisions(id_, 0)
    entry = desk.ledger.entry(vote.seq)
    assert entry is not None and entry.leaf["data"]["attested"] == list(CODES)


@pytest.mark.parametrize("key", ["enter", "down", "up", "space", "j", "k", "9", "tab"])
async def test_no_other_key_ticks_a_line(desk: Desk, key: str) -> None:
    ask_to_attest(desk.bench)
    id_ = await desk.propose(phone_change())
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter", "a")
        await pilot.pause()
        assert isinstance(app.screen, DecisionModal)
        for _ in range(3):
            await pilot.press(key)
        await pilot.pause()
        assert "[x]" not in text_of(app)
        await pilot.press("y")
        await pilot.pause()
    assert desk.states(id_) == [PENDING]


async def test_a_second_press_takes_the_tick_off(desk: Desk) -> None:
    ask_to_attest(desk.bench)
    id_ = await desk.propose(phone_change())
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter", "a", "1", "2", "1", "y")
        await pilot.pause()
        assert desk.states(id_) == [PENDING] and "tick 1 first" in text_of(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_picture(desk: Desk, snap_compare: Callable[..., bool], size: tuple[int, int]) -> None:
    ask_to_attest(desk.bench)
    desk.propose_now(phone_change())
    assert snap_compare(desk.app(), press=("enter", "a", "1"), terminal_size=size)
