"""The queue as a list that draws only the lines in view; its cursor stays on a change, not a row.

Source: design §14.9 (never act on a row other than the one shown).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.presenters.queue import Key, QueueRow
from core.inert import inert

Column = tuple[str, int]
"""A member of `QueueRow` and the width it gets."""

_WIDE = 100
HEADS = {
    "due": "DUE",
    "urgency": "URGENCY",
    "what": "WHAT",
    "patient": "PATIENT",
    "agent": "AGENT",
    "state": "STATE",
}


def columns(width: int, *, all_open: bool) -> list[Column]:
    """Return the columns that fit.

    A narrow list of waiting changes leaves the state out (they are all alike); a narrow list of
    every open state leaves the agent out.
    """
    fixed: dict[str, int] = {"due": 9, "urgency": 8, "agent": 14, "state": 21}
    if width < _WIDE:
        del fixed["agent" if all_open else "state"]
    rest = max(20, width - 2 - sum(fixed.values()))
    fixed |= {"what": rest * 11 // 20, "patient": rest - rest * 11 // 20}
    return [(name, fixed[name]) for name in HEADS if name in fixed]


def fitted(text: str, width: int) -> str:
    """Return inert text in exactly `width` cells with a gap at its end, the cut shown."""
    safe = inert(text)
    if cell_len(safe) >= width:
        safe = set_cell_size(safe, max(0, width - 2)) + "…"
    return set_cell_size(safe, width)


class QueueList(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows, a cursor and a mouse; keys belong to the screen."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"queue-list--cursor", "queue-list--late"}

    class Opened(Message):
        """A row that had the cursor was clicked."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  the name of Textual
        super().__init__(id=id)
        self.rows: Sequence[QueueRow] = ()
        self.all_open = False
        self._cursor = 0

    @property
    def cursor(self) -> Key | None:
        """The change under the cursor."""
        return self.rows[self._cursor].key if self.rows else None

    def show(self, rows: Sequence[QueueRow]) -> None:
        """Show new rows; the cursor stays on its change and that change on its line.

        Where the change is gone, the cursor goes to the nearest one below it that is still there,
        else above it.
        """
        line = self._cursor - round(self.scroll_y)
        before = [row.key for row in self.rows]
        self.rows = rows
        self._cursor = _follow(before, self._cursor, [row.key for row in rows])
        self.virtual_size = Size(0, len(rows))
        self.scroll_to(
            y=max(0, self._cursor - max(0, line)), animate=False, force=True, immediate=True
        )
        self.refresh()

    def move(self, by: int) -> None:
        """Move the cursor by so many rows, as far as there are rows."""
        self.move_to(self._cursor + by)

    def move_to(self, row: int) -> None:
        """Move the cursor to a row, counted from 0."""
        self._cursor = max(0, min(row, len(self.rows) - 1))
        height = max(1, self.size.height)
        top = round(self.scroll_y)
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, immediate=True)
        elif self._cursor >= top + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False, immediate=True)
        self.refresh()

    def move_to_key(self, key: Key) -> None:
        """Move the cursor to a change, where it is shown."""
        for number, row in enumerate(self.rows):
            if row.key == key:
                self.move_to(number)

    def render_line(self, y: int) -> Strip:
        """Draw one line of the view."""
        number = round(self.scroll_y) + y
        if number >= len(self.rows):
            return Strip.blank(self.size.width, self.rich_style)
        row = self.rows[number]
        at_cursor = number == self._cursor
        style = (
            self.get_component_rich_style("queue-list--cursor") if at_cursor else (self.rich_style)
        )
        segments = [Segment("▸ " if at_cursor else "  ", style)]
        for name, width in columns(self.size.width, all_open=self.all_open):
            segments.append(self._cell(row, name, width, style, at_cursor=at_cursor))
        return Strip(segments).adjust_cell_length(self.size.width, style)

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self.move_to(self._cursor)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked row; a click on the cursor opens."""
        number = round(self.scroll_y) + event.y
        if number >= len(self.rows):
            return
        if number == self._cursor:
            self.post_message(self.Opened())
        else:
            self.move_to(number)

    def _cell(
        self, row: QueueRow, name: str, width: int, style: Style, *, at_cursor: bool
    ) -> Segment:
        text = str(getattr(row, name))
        if name == "due" and row.late:
            text = f"! {text}"
            if not at_cursor:
                style += self.get_component_rich_style("queue-list--late")
        if name == "urgency" and row.urgency != "routine":
            text = text.upper()
            style += Style(bold=True)
        return Segment(fitted(text, width), style)


def _follow(before: Sequence[Key], cursor: int, after: Sequence[Key]) -> int:
    """Return where the cursor goes when `before` becomes `after`."""
    places = {key: place for place, key in enumerate(after)}
    for key in [*before[cursor:], *reversed(before[:cursor])]:
        if key in places:
            return places[key]
    return 0
