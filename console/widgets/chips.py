"""The terms of a filter as chips; a click takes one off."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message
from textual.widgets import Static

from console.presenters.texts import foreign, joined, lines
from console.widgets.clicked import clicked, spans
from core.inert import inert

_GAP = 1


class Chips(Static):
    """One line of chips; hidden where there is none."""

    class Removed(Message):
        """A chip was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self) -> None:
        super().__init__(id="chips", markup=False)
        self._parts: list[range] = []
        self.texts: list[str] = []

    def show(self, texts: Sequence[str]) -> None:
        """Show these; each is foreign text, because it was typed or pasted."""
        self.display = bool(texts)
        if list(texts) == self.texts:
            return
        self.texts = list(texts)
        shown = [f" {inert(text)} x " for text in texts]
        self._parts = spans(shown, _GAP)
        self.update(lines([joined(*[foreign(text, "reverse") for text in shown], gap=" " * _GAP)]))

    def on_click(self, event: events.Click) -> None:
        """Take off the clicked one."""
        number = clicked(self, event, self._parts)
        if number is not None:
            self.post_message(self.Removed(number))
