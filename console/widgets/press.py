"""A button for the mouse only: it takes no focus, so neither Enter nor space can press it."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.widgets import Static


class Press(Static, can_focus=False):
    """Says what a single click on it does; a double click counts once, and never as a second."""

    class Pressed(Message):
        """It was clicked once."""

        def __init__(self, press: Press) -> None:
            super().__init__()
            self.press = press

        @property
        def control(self) -> Press:
            """The one that was clicked."""
            return self.press

    def __init__(self, words: str, *, id: str) -> None:  # noqa: A002  the name of Textual
        super().__init__(words, id=id, markup=False)

    def on_click(self, event: events.Click) -> None:
        """Tell of a single click with the first button."""
        event.stop()
        if event.chain == 1 and event.button == 1:
            self.post_message(self.Pressed(self))
