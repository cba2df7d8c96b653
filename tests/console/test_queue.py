"""The queue: what it says, that its cursor stays on a change, and what the first paint reads."""

from dataclasses import replace
from datetime import timedelta

import pytest

from console.app import ConsoleApp
from console.presenters.queue import columns, queue_row, what
from console.screens.queue import QueueScreen
from console.screens.review import ReviewScreen
from console.widgets.row_list import HEAD, RowList
from console.widgets.rows import Row, fitted, fitting
from core.review.decide import Answer, decide
from tests.builders import phone_change
from tests.console.desk import Desk, review, second_phone, text_of

WAITING = ["pending-human-review"]


def queue_of(app: ConsoleApp) -> QueueScreen:
    return next(one for one in app.screen_stack if isinstance(one, QueueScreen))


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
    async with desk.app().run_test() as pilot:
        state = queue_of(pilot.app).state
        assert state.rows.keys == [(stat, 0), (routine, 0), (routine, 1)]


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
    row = queue_row(desk.change(id_), desk.clock.now() + later, WAITING)
    assert (row.cells["due"], row.marks.get("due") == "late") == (due, late)


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


async def test_what_comes_in_is_counted_and_moves_nothing(desk: Desk) -> None:
    desk.second_patient()
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("down")
        before = text_of(app).splitlines()[1:-3]
        stat = await desk.propose(
            second_phone(), patient="Patient/second", urgency="stat", evidence=[]
        )
        app.store_changed()
        await pilot.pause()
        assert text_of(app).splitlines()[1:-3] == before
        assert "1 newer, 1 STAT (. shows)" in text_of(app).splitlines()[0]
        await pilot.press("full_stop")
        await pilot.pause()
        queue = queue_of(app)
        assert queue.list.cursor == (id_, 1) and queue.state.rows.keys[0] == (stat, 0)
        assert "newer" not in text_of(app).splitlines()[0]
        marked = next(line for line in text_of(app).splitlines() if line.startswith("▸"))
        assert "create Condition" in marked
        await pilot.press("full_stop")
        assert app.notice.text == "Nothing newer."


async def test_what_left_stays_in_its_line_and_says_what_became_of_it(desk: Desk) -> None:
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test(size=(120, 24)) as pilot:
        decide(desk.offline(), id_, 0, Answer("reject", reason="not-supported"))
        app.store_changed()
        await pilot.pause()
        assert "rejected: update Patient" in text_of(app).splitlines()[2]
        assert queue_of(app).list.cursor == (id_, 0)
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert "rejected:" not in text_of(app) and queue_of(app).list.cursor == (id_, 1)


async def test_an_empty_queue_fills_by_itself(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test() as pilot:
        id_ = await desk.propose()
        app.store_changed()
        await pilot.pause()
        assert queue_of(app).list.cursor == (id_, 0)


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
        queue = queue_of(app).list
        queue.display = True
        queue.show_rows(rows)
        queue.focus()
        await pilot.press("end")
        await pilot.pause()
        assert queue.cursor == ("p4999", 0)
        top = queue.scroll_y
        queue.show_rows(rows[1:])
        await pilot.pause()
        assert queue.cursor == ("p4999", 0)
        assert queue.scroll_y == top - 1
        await pilot.press("g")
        assert queue.cursor == ("p1", 0)


async def test_gone_row_hands_the_cursor_to_its_neighbour(desk: Desk) -> None:
    app = desk.app()
    rows = [_row(number) for number in range(5)]
    async with app.run_test() as pilot:
        queue = queue_of(app).list
        queue.show_rows(rows)
        queue.move_to(2)
        queue.show_rows([rows[0], rows[1], rows[3]])
        assert queue.cursor == ("p3", 0)
        queue.show_rows([rows[0], rows[1]])
        assert queue.cursor == ("p1", 0)
        await pilot.pause()


async def test_a_click_moves_and_a_second_click_opens(desk: Desk) -> None:
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.click(RowList, offset=(5, HEAD + 1))
        assert queue_of(app).list.cursor == (id_, 1)
        assert isinstance(app.screen, QueueScreen)
        await pilot.click(RowList, offset=(5, HEAD + 1))
        await pilot.pause()
        assert isinstance(app.screen, ReviewScreen)


async def test_a_click_on_the_heads_or_below_the_rows_does_nothing(desk: Desk) -> None:
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        for line in (0, HEAD + 2, HEAD + 5):
            await pilot.click(RowList, offset=(5, line))
        assert isinstance(app.screen, QueueScreen) and queue_of(app).list.cursor == (id_, 0)


async def test_a_filter_narrows_as_it_is_typed_and_esc_takes_it_back(desk: Desk) -> None:
    await desk.propose()
    app = desk.app()
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.press("slash", *"type:cond")
        await pilot.pause()
        assert "1 waiting" in text_of(app).splitlines()[0]
        assert "create Condition" in text_of(app) and "update Patient" not in text_of(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "2 waiting" in text_of(app).splitlines()[0]
        await pilot.press("slash", *"type:cond", "enter")
        await pilot.pause()
        assert " type:cond x " in text_of(app)
        await pilot.click("#chips", offset=(4, 0))
        await pilot.pause()
        assert "2 waiting" in text_of(app).splitlines()[0] and "type:cond" not in text_of(app)


async def test_what_is_no_filter_says_why_and_stays_in_the_line(desk: Desk) -> None:
    await desk.propose()
    app = desk.app()
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.press("slash", *"weight:9", "enter")
        await pilot.pause()
        assert app.notice.error and "filter: weight" in app.notice.text
        assert queue_of(app).state.chosen.filter.text == "weight"
        assert app.screen.query_one("#words").display


async def test_nothing_found_says_how_to_get_back(desk: Desk) -> None:
    await desk.propose()
    app = desk.app()
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.press("slash", *"zebra", "enter")
        await pilot.pause()
        assert "Nothing matches." in text_of(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "2 waiting" in text_of(app).splitlines()[0]


async def test_views_mine_my_roles_and_kept_ones(desk: Desk) -> None:
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.press("w")
        assert app.notice.text == "Keep view: there is no filter to keep; / types one"
        await pilot.press("slash", *"op:create", "enter", "w", *"new problems", "enter")
        await pilot.pause()
        assert app.notice.text == "Kept as new problems; v goes through the views."
        titles = []
        for _ in range(4):
            await pilot.press("v")
            await pilot.pause()
            titles.append(text_of(app).splitlines()[0].split("Queue")[1].strip())
        assert titles == ["2 waiting", "2 waiting  my roles'", "2 waiting  mine to decide",
                          "1 waiting  new problems"]  # fmt: skip
        assert queue_of(app).list.cursor == (id_, 1)


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
        assert set(read) == {"size", "state_counts", "queue_page", "queue_newer"}


@pytest.mark.parametrize("width", [80, 99, 100, 120, 200])
@pytest.mark.parametrize("all_open", [True, False])
def test_columns_fill_the_width_and_no_more(width: int, all_open: bool) -> None:
    assert sum(size for _, size in fitting(columns(all_open=all_open), width)) == width


@pytest.mark.parametrize("text", ["short", "much too long for it", "広い文字の名前です", "\x1b[2J"])
def test_cells_are_cut_to_their_width_and_inert(text: str) -> None:
    from rich.cells import cell_len

    assert cell_len(fitted(text, 10)) == 10
    assert "\x1b" not in fitted(text, 10)


def _row(number: int) -> Row[tuple[str, int]]:
    return Row((f"p{number}", 0), {"due": "8h 00m", "what": "create Condition"})


async def test_states_without_a_wait_have_no_countdown(desk: Desk) -> None:
    change = desk.change(await desk.propose())
    sending = replace(change, state="sending")
    assert queue_row(change, desk.clock.now(), WAITING).cells["due"] == "8h 00m"
    assert queue_row(sending, desk.clock.now(), ["sending"]).cells["due"] == ""
