"""A list that draws only the lines in view; its cursor stays on a key, not on a line.

Source: design §14.9 (never act on a row other than the one shown).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, Self

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.widgets.rows import Column, FixedRows, Key, Mark, Row, Source, fitted, fitting

HEAD = 1
"""Lines above the rows."""
GUTTER = 2
_KEPT_LINES = 512
_SIGNS: dict[Mark, str] = {"late": "! ", "loud": "", "gone": "", "good": ""}


class RowList(ScrollView, Generic[Key], can_focus=True, inherit_bindings=False):
    """Heads, rows, a cursor, picked rows and a mouse; keys belong to the screen."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row-list--heads", "row-list--cursor", "row-list--late", "row-list--loud",
        "row-list--gone", "row-list--good",
    }  # fmt: skip

    class Opened(Message):
        """A row that had the cursor was clicked."""

    class Moved(Message):
        """The cursor is on another row now."""

    def __init__(self, columns: Sequence[Column], *, id: str) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self.columns = columns
        self.source: Source[Key] = FixedRows[Key]()
        self.picked: set[Key] = set()
        self._cursor = 0
        self._settling = False
        self._drawn: dict[tuple[int, int, bool], Strip] = {}

    @property
    def cursor(self) -> Key | None:
        """The key under the cursor."""
        row = self.source.row(self._cursor) if len(self.source) else None
        return None if row is None else row.key

    @property
    def cursor_row(self) -> int:
        """The row of the cursor, counted from 0."""
        return self._cursor

    @property
    def top(self) -> int:
        """The first row in view."""
        return round(self.scroll_y)

    @property
    def lines(self) -> int:
        """How many rows the view has room for."""
        return max(1, self.size.height - HEAD)

    def show(self, source: Source[Key]) -> None:
        """Show other rows; the cursor stays on its key, and that key on its line.

        Where the key is gone, the cursor goes to the nearest row below that is still there, else
        to the nearest above.
        """
        line = self._cursor - self.top
        cursor = self._follow(source)
        self.source = source
        self.picked = {key for key in self.picked if source.place(key) is not None}
        self.renumber(cursor, cursor - line)

    def renumber(self, cursor: int, top: int) -> None:
        """Take up that rows have other numbers now: the cursor's, and the first in view's."""
        self._cursor = max(0, min(cursor, len(self.source) - 1))
        self.virtual_size = Size(0, len(self.source) + HEAD)
        self.scroll_to(y=max(0, top), animate=False, force=True, immediate=True)
        self.refresh()

    def show_rows(self, rows: Sequence[Row[Key]]) -> None:
        """Show rows that are all at hand."""
        self.show(FixedRows(rows))

    def move(self, by: int) -> None:
        """Move the cursor by so many rows, as far as there are rows."""
        self.move_to(self._cursor + by)

    def move_to(self, row: int) -> None:
        """Move the cursor to a row, counted from 0."""
        before = self._cursor
        self._cursor = max(0, min(row, len(self.source) - 1))
        if self._cursor < self.top:
            self.scroll_to(y=self._cursor, animate=False, immediate=True)
        elif self._cursor >= self.top + self.lines:
            self.scroll_to(y=self._cursor - self.lines + 1, animate=False, immediate=True)
        if self._cursor != before:
            self.post_message(self.Moved())
        self.refresh_row(before)
        self.refresh_row(self._cursor)

    def move_to_key(self, key: Key) -> bool:
        """Move the cursor to a key; False where it is not shown."""
        place = self.source.place(key)
        if place is not None:
            self.move_to(place)
        return place is not None

    def pick(self) -> bool | None:
        """Pick the row under the cursor, or let go of it; None where there is no row."""
        key = self.cursor
        if key is None:
            return None
        self.picked ^= {key}
        self.refresh()
        return key in self.picked

    def chosen(self) -> list[Key]:
        """Return the picked keys, in no order, or else the one under the cursor."""
        if self.picked:
            return list(self.picked)
        return [] if self.cursor is None else [self.cursor]

    def render_line(self, y: int) -> Strip:
        """Draw one line of the view."""
        width = self.scrollable_content_region.width
        if y < HEAD:
            return self._heads(width)
        number = self.top + y - HEAD
        at_cursor = number == self._cursor
        drawn = self._drawn.get((number, width, at_cursor))
        if drawn is None:
            drawn = self._row_line(number, width, at_cursor=at_cursor)
            if len(self._drawn) >= _KEPT_LINES:
                self._drawn.clear()
            self._drawn[number, width, at_cursor] = drawn
        return drawn

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Draw anew; without a region the rows may say something else now."""
        if not regions:
            self._drawn.clear()
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def notify_style_update(self) -> None:
        """Draw in the styles as they are now."""
        self._drawn.clear()
        super().notify_style_update()

    def refresh_row(self, number: int) -> None:
        """Paint one row again, as the cursor left it or came to it."""
        self.refresh(Region(0, number - self.top + HEAD, self.size.width, 1))

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self.move_to(self._cursor)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked row; a click on the cursor opens."""
        number = self.top + event.y - HEAD
        if event.y < HEAD or number >= len(self.source):
            return
        if number == self._cursor:
            self.post_message(self.Opened())
        else:
            self.move_to(number)

    def _settle(self) -> None:
        """Take up that reading showed another number of rows; what is in view stays."""
        self._settling = False
        fallen = self.source.settle()
        self.renumber(self._cursor - fallen, self.top - fallen)

    def _heads(self, width: int) -> Strip:
        style = self.get_component_rich_style("row-list--heads")
        heads = "".join(fitted(column.head, size) for column, size in self._fitting(width))
        return Strip([Segment(" " * GUTTER + heads, style)]).adjust_cell_length(width, style)

    def _row_line(self, number: int, width: int, *, at_cursor: bool) -> Strip:
        row = self.source.row(number) if number < len(self.source) else None
        if len(self.source) + HEAD != self.virtual_size.height and not self._settling:
            self._settling = True
            self.call_later(self._settle)
        if row is None:
            return Strip.blank(width, self.rich_style)
        return self._line(row, width, at_cursor=at_cursor)

    def _line(self, row: Row[Key], width: int, *, at_cursor: bool) -> Strip:
        style = self.rich_style
        whole = row.marks.get("*")
        if whole is not None:
            style += self.get_component_rich_style(f"row-list--{whole}", partial=True)
        if at_cursor:
            style += self.get_component_rich_style("row-list--cursor", partial=True)
        gutter = "▸" if at_cursor else " "
        segments = [Segment(gutter + ("●" if row.key in self.picked else " "), style)]
        for column, size in self._fitting(width):
            segments.append(self._cell(row, column.name, size, style))
        return Strip(segments).simplify().adjust_cell_length(width, style)

    def _cell(self, row: Row[Key], name: str, size: int, style: Style) -> Segment:
        text, mark = row.cells.get(name, ""), row.marks.get(name)
        if mark is not None:
            text = _SIGNS[mark] + text
            style += self.get_component_rich_style(f"row-list--{mark}", partial=True)
        return Segment(fitted(text, size), style)

    def _fitting(self, width: int) -> list[tuple[Column, int]]:
        return fitting(self.columns, width - GUTTER)

    def _follow(self, source: Source[Key]) -> int:
        """Return where the cursor goes when this source takes the place of the present one."""
        present = len(self.source)
        near = [*range(self._cursor, min(present, self._cursor + 500))]
        near += range(min(self._cursor, present) - 1, max(-1, self._cursor - 500), -1)
        for number in near:
            row = self.source.row(number)
            place = None if row is None else source.place(row.key)
            if place is not None:
                return place
        return min(self._cursor, max(0, len(source) - 1))
