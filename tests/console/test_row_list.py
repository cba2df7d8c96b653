"""The list paints what changed and nothing more, and never keeps a line that says otherwise."""

from __future__ import annotations

from textual.app import App, ComposeResult

from console.widgets.row_list import RowList
from console.widgets.rows import Column, FixedRows, Row

COLUMNS = [Column("what", "WHAT", 10, share=1)]


class Counting(FixedRows[int]):
    """Rows that tell which of them were read."""

    def __init__(self, rows: list[Row[int]]) -> None:
        super().__init__(rows)
        self.read: list[int] = []

    def row(self, number: int) -> Row[int] | None:
        self.read.append(number)
        return super().row(number)


class Listing(App[None]):
    """An app with one list."""

    def compose(self) -> ComposeResult:
        yield RowList(COLUMNS, id="list")


def rows(count: int = 100) -> list[Row[int]]:
    return [Row(number, {"what": f"row {number}"}) for number in range(count)]


def painted(app: App[None]) -> str:
    found = app.query_one(RowList)
    return "\n".join(found.render_line(y).text for y in range(found.size.height))


async def test_the_cursor_paints_two_rows_and_a_scroll_only_the_row_that_came() -> None:
    app = Listing()
    async with app.run_test(size=(40, 11)) as pilot:
        shown, source = app.query_one(RowList), Counting(rows())
        shown.show(source)
        await pilot.pause()
        shown.move_to(3)
        await pilot.pause()
        source.read.clear()
        shown.move(1)
        await pilot.pause()
        assert set(source.read) == {4}
        shown.move_to(9)
        await pilot.pause()
        source.read.clear()
        shown.move(1)
        await pilot.pause()
        assert shown.top == 1 and set(source.read) <= {9, 10}
        assert painted(app).splitlines()[-1].startswith("▸ row 10")


async def test_rows_that_say_something_else_are_painted_anew() -> None:
    app = Listing()
    async with app.run_test(size=(40, 11)) as pilot:
        shown, source = app.query_one(RowList), Counting(rows())
        shown.show(source)
        await pilot.pause()
        assert "row 5" in painted(app)
        source.rows[5] = Row(5, {"what": "other"})
        shown.refresh()
        assert "other" in painted(app) and "row 5" not in painted(app)
        shown.show_rows(rows(3))
        assert "row 2" in painted(app) and "row 3" not in painted(app)


async def test_a_pick_another_width_and_another_theme_are_seen_at_once() -> None:
    app = Listing()
    async with app.run_test(size=(40, 11)) as pilot:
        shown = app.query_one(RowList)
        shown.show_rows(rows())
        await pilot.pause()
        before = shown.render_line(2)
        shown.pick()
        assert "▸●row 0" in painted(app)
        await pilot.resize_terminal(30, 11)
        assert {len(line) for line in painted(app).splitlines()} == {28}
        app.theme = "textual-light"
        await pilot.pause()
        assert shown.render_line(2) != before


async def test_more_lines_than_are_kept_are_still_painted() -> None:
    app = Listing()
    async with app.run_test(size=(40, 11)) as pilot:
        shown = app.query_one(RowList)
        shown.show_rows(rows(2000))
        await pilot.pause()
        for place in range(0, 2000, 9):
            shown.move_to(place)
            assert f"row {place} " in painted(app) + " "
        await pilot.pause()
