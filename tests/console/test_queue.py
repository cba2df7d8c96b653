"""The queue: what it says, that its cursor stays on a change, and what the first paint reads."""

from dataclasses import replace
from datetime import timedelta

import pytest

from console.presenters.queue import QueueRow, queue_row, queue_rows, what
from console.screens.queue import QueueScreen
from console.screens.review import ReviewScreen
from console.widgets.queue_list import QueueList, columns, fitted
from core.review.decide import Answer, decide
from tests.builders import phone_change
from tests.console.desk import Desk, review, second_phone, text_of


async def test_rows_say_due_urgency_what_patient_agent_and_state(desk: Desk) -> None:
    await desk.propose()
    async with desk.app().run_test(size=(120, 30)) as pilot:
        shown = text_of(pilot.app)
        assert "2 waiting" in shown.splitlines()[0]
        row = next(line for line in shown.splitlines() if "update Patient.telecom" in line)
        for word in ("8h 00m", "routine", "Synthetic, Ada", "scribe-1", "pending-human-review"):
            assert word in row


async def test_what_counts_further_elements(desk: Desk) -> None:
    patch = [
        {"op": "replace", "path": "/telecom/1/value", "value": "555 0199"},
        {"op": "replace", "path": "/name/0/family", "value": "Synthetik"},
    ]
    id_ = await desk.propose(phone_change(patch=patch))
    assert what(desk.change(id_)) == "update Patient.name +1"


async def test_order_is_urgency_then_expiry(desk: Desk) -> None:
    desk.second_patient()
    routine = await desk.propose()
    stat = await desk.propose(second_phone(), patient="Patient/second", urgency="stat", evidence=[])
    rows = queue_rows(desk.ledger.changes_in("pending-human-review"), desk.clock.now())
    assert [row.key for row in rows] == [(stat, 0), (routine, 0), (routine, 1)]


@pytest.mark.parametrize(
    ("later", "due", "late"),
    [
        (timedelta(), "8h 00m", False),
        (timedelta(minutes=1), "7h 59m", False),
        (timedelta(hours=7, minutes=30), "30m", True),
        (timedelta(hours=7, minutes=59, seconds=30), "<1m", True),
        (timedelta(hours=8), "expired", True),
    ],
)
async def test_countdown_comes_from_the_clock(
    desk: Desk, later: timedelta, due: str, late: bool
) -> None:
    id_ = await desk.propose()
    row = queue_row(desk.change(id_), desk.clock.now() + later)
    assert (row.due, row.late) == (due, late)


async def test_countdown_moves_on_the_screen(desk: Desk) -> None:
    await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        assert "8h 00m" in text_of(app)
        desk.clock.advance(hours=1)
        app.tick()
        await pilot.pause()
        assert "7h 00m" in text_of(app) and "8h 00m" not in text_of(app)


async def test_empty_queue_says_what_to_do(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test() as pilot:
        assert "Nothing waits for review." in text_of(app)
        assert "countersign propose" in text_of(app)
        await pilot.press("enter")
        assert app.notice.text == "Open: there is nothing to open"


async def test_all_open_states_are_a_key_away(desk: Desk) -> None:
    id_ = await desk.propose()
    decide(desk.offline(), id_, 0, Answer("approve", seen=desk.change(id_).change_digest))
    async with desk.app().run_test(size=(120, 30)) as pilot:
        assert "not yet sent" not in text_of(pilot.app)
        await pilot.press("o")
        await pilot.pause()
        assert "ready, not yet sent" in text_of(pilot.app)
        assert "2 open" in text_of(pilot.app).splitlines()[0]


async def test_cursor_stays_on_its_change_when_rows_come_before_it(desk: Desk) -> None:
    desk.second_patient()
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("down")
        queue = app.screen.query_one(QueueList)
        assert queue.cursor == (id_, 1)
        await desk.propose(second_phone(), patient="Patient/second", urgency="stat", evidence=[])
        app.store_changed()
        await pilot.pause()
        assert len(queue.rows) == 3
        assert queue.cursor == (id_, 1)
        marked = next(line for line in text_of(app).splitlines() if line.startswith("▸"))
        assert "create Condition" in marked


async def test_enter_opens_the_change_that_was_under_the_cursor(desk: Desk) -> None:
    desk.second_patient()
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await desk.propose(second_phone(), patient="Patient/second", urgency="stat", evidence=[])
        app.store_changed()
        await pilot.press("enter")
        await pilot.pause()
        assert review(app).key == (id_, 0)


async def test_opening_and_leaving_changes_nothing_in_the_ledger(desk: Desk) -> None:
    await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        before = desk.ledger.size
        await pilot.press("enter", "n", "p", "right_square_bracket", "escape")
        await pilot.pause()
        assert isinstance(app.screen, QueueScreen)
        assert desk.ledger.size == before


async def test_many_rows_scroll_and_come_back_to_the_same_line(desk: Desk) -> None:
    rows = [_row(number) for number in range(5000)]
    app = desk.app()
    async with app.run_test() as pilot:
        queue = app.screen.query_one(QueueList)
        queue.display = True
        queue.show(rows)
        await pilot.press("end")
        await pilot.pause()
        assert queue.cursor == ("p4999", 0)
        top = queue.scroll_y
        queue.show(rows[1:])
        await pilot.pause()
        assert queue.cursor == ("p4999", 0)
        assert queue.scroll_y == top - 1
        await pilot.press("g")
        assert queue.cursor == ("p1", 0)


async def test_gone_change_hands_the_cursor_to_its_neighbour(desk: Desk) -> None:
    app = desk.app()
    rows = [_row(number) for number in range(5)]
    async with app.run_test() as pilot:
        queue = app.screen.query_one(QueueList)
        queue.show(rows)
        queue.move_to(2)
        queue.show([rows[0], rows[1], rows[3]])
        assert queue.cursor == ("p3", 0)
        queue.show([rows[0], rows[1]])
        assert queue.cursor == ("p1", 0)
        await pilot.pause()


async def test_a_click_moves_and_a_second_click_opens(desk: Desk) -> None:
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.click(QueueList, offset=(5, 1))
        assert app.screen.query_one(QueueList).cursor == (id_, 1)
        assert isinstance(app.screen, QueueScreen)
        await pilot.click(QueueList, offset=(5, 1))
        await pilot.pause()
        assert isinstance(app.screen, ReviewScreen)


async def test_first_paint_reads_the_change_table_only(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.propose()
    read: list[str] = []
    whole = desk.ledger

    class Watched:
        def __getattr__(self, name: str) -> object:
            read.append(name)
            return getattr(whole, name)

    monkeypatch.setattr(type(desk), "ledger", Watched())
    app = desk.app()
    monkeypatch.setattr(app, "_begin", lambda: None)
    async with app.run_test():
        assert "2 waiting" in text_of(app)
        assert set(read) == {"changes_in"}


@pytest.mark.parametrize("width", [80, 99, 100, 120, 200])
@pytest.mark.parametrize("all_open", [True, False])
def test_columns_fill_the_width_and_no_more(width: int, all_open: bool) -> None:
    assert width - 1 <= 2 + sum(size for _, size in columns(width, all_open=all_open)) <= width


@pytest.mark.parametrize("text", ["short", "much too long for it", "広い文字の名前です", "\x1b[2J"])
def test_cells_are_cut_to_their_width_and_inert(text: str) -> None:
    from rich.cells import cell_len

    assert cell_len(fitted(text, 10)) == 10
    assert "\x1b" not in fitted(text, 10)


def _row(number: int) -> QueueRow:
    return QueueRow(
        (f"p{number}", 0), "8h 00m", False, "routine", "create Condition", "A", "a", "s"
    )


async def test_states_without_a_wait_have_no_countdown(desk: Desk) -> None:
    change = desk.change(await desk.propose())
    assert queue_row(change, desk.clock.now()).due == "8h 00m"
    assert queue_row(replace(change, state="sending"), desk.clock.now()).due == ""
