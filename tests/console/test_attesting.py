"""The decision dialog of a route that asks for attestations: nothing ticked, each by its number."""

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from console.deciding import Shown
from console.screens.decide import DecisionModal
from core.review.decide import Answer, decide
from tests.builders import phone_change, problem_change
from tests.console.desk import Desk, text_of
from tests.core.review.attested import CODES, ask_to_attest
from tests.scale import in_ci

pytestmark = in_ci

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
    words = ("it rests on change 1, which is rejected: it would go without",)
    shown = Shown("p", 1, "5" * 64, "Synthetic, Ada", "create Condition", CODES, (0,), words)

    async def ask(pilot: Pilot[None]) -> None:
        pilot.app.push_screen(DecisionModal("approve", shown, None))
        await pilot.pause()
        await pilot.press("1")

    assert snap_compare(desk.app(), run_before=ask, terminal_size=size)


async def test_what_it_rests_on_being_gone_is_said_before_it_is_approved(desk: Desk) -> None:
    id_ = await desk.propose(phone_change(), problem_change(depends_on=[0]), evidence=[])
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter", "right_square_bracket", "a")
        await pilot.pause()
        assert "would go without" not in text_of(app)
        decide(desk.offline(), id_, 0, Answer("reject", reason="not-needed"))
        app.store_changed()
        await pilot.press("y")
        await pilot.pause()
        assert desk.states(id_) == ["rejected", PENDING] and "reload" in text_of(app)
        await pilot.press("ctrl+r", "a")
        await pilot.pause()
        assert "it rests on change 1, which is rejected: it would go without" in text_of(app)
        await pilot.press("y")
        await pilot.pause()
        assert desk.states(id_) == ["rejected", "ready-for-write"]
