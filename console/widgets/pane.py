"""A pane that scrolls; its keys belong to the screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static


class Pane(VerticalScroll, can_focus=True, inherit_bindings=False):
    """One text that scrolls under a heading that does not. The heading is our own words."""

    def __init__(self, heading: str, *, id: str) -> None:  # noqa: A002  the name of Textual
        super().__init__(id=id)
        self.border_title = heading

    def compose(self) -> ComposeResult:
        """Make the text."""
        yield Static(markup=False)

    def show(self, text: Content) -> None:
        """Show a text from its beginning."""
        self.query(Static).first().update(text)
        self.scroll_home(animate=False)


class ChangePane(Pane):
    """The change and what was said of it; the agent's own words come last, in a frame."""

    def compose(self) -> ComposeResult:
        """Make the text and the frame."""
        yield from super().compose()
        frame = Static(id="agent", markup=False)
        frame.border_title = "agent says, unverified"
        yield frame

    def show_agent(self, text: Content | None) -> None:
        """Show the agent's words, or leave the frame out."""
        frame = self.query_one("#agent", Static)
        frame.display = text is not None
        frame.update(text or "")
