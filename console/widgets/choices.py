"""Numbered lines to choose from, by key or by mouse; choosing confirms nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from console.presenters.texts import joined, lines, own


class Choices(Static):
    """One line a choice; hidden where there is none."""

    class Clicked(Message):
        """A line was clicked, counted from 0."""

        def __init__(self, line: int) -> None:
            super().__init__()
            self.line = line

    def __init__(self) -> None:
        super().__init__(markup=False)

    def show(self, choices: Sequence[Content], chosen: int | None) -> None:
        """Show them; the chosen one is marked by more than its colour."""
        self.display = bool(choices)
        self.update(
            lines(
                joined(own("▸ " if place == chosen else "  ", "bold"), own(f"{place + 1}  "),
                       choice.stylize("reverse") if place == chosen else choice)
                for place, choice in enumerate(choices)
            )
        )  # fmt: skip

    def show_ticks(self, choices: Sequence[Content], ticked: Collection[int]) -> None:
        """Show lines of which each is ticked by itself."""
        self.display = bool(choices)
        self.update(
            lines(
                joined(own("[x] " if place in ticked else "[ ] ", "bold"), own(f"{place + 1}  "),
                       choice.stylize("bold") if place in ticked else choice)
                for place, choice in enumerate(choices)
            )
        )  # fmt: skip

    def on_click(self, event: events.Click) -> None:
        """Tell which line was clicked."""
        event.stop()
        place = event.get_content_offset(self)
        if place is not None:
            self.post_message(self.Clicked(place.y))
