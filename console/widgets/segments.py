"""One line of parts to choose from, by mouse as by key: tabs, or the changes of a proposal."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from console.presenters.texts import joined, own
from console.widgets.clicked import clicked, spans

GAP = 2


class Segments(Static):
    """Parts side by side; the chosen one is marked by more than its colour."""

    class Clicked(Message):
        """A part was clicked, counted from 0."""

        def __init__(self, segments: Segments, number: int) -> None:
            super().__init__()
            self.segments = segments
            self.number = number

        @property
        def control(self) -> Segments:
            """The line that was clicked."""
            return self.segments

    def __init__(self, *, id: str) -> None:  # noqa: A002  the name of Textual
        super().__init__(id=id, markup=False)
        self._parts: list[range] = []

    def show(self, parts: Sequence[Content], chosen: int) -> None:
        """Show the parts."""
        shown = [
            joined(
                "▸" if place == chosen else " ", part.stylize("bold") if place == chosen else part
            )
            for place, part in enumerate(parts)
        ]
        self._parts = spans([part.plain for part in shown], GAP)
        self.update(joined(*shown, gap=" " * GAP) if shown else own(""))

    def on_click(self, event: events.Click) -> None:
        """Tell which part was clicked."""
        number = clicked(self, event, self._parts)
        if number is not None:
            self.post_message(self.Clicked(self, number))
