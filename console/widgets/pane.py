"""A pane that scrolls; its keys belong to the screen."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
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


class EvidencePane(Pane):
    """Quotes below each other, which knows those whose end stands in view."""

    class Scrolled(Message):
        """Another part of it stands in view."""

    def __init__(self, heading: str, *, id: str) -> None:  # noqa: A002  the name of Textual
        super().__init__(heading, id=id)
        self._blocks: Sequence[tuple[int | None, Content]] = ()

    def show_blocks(self, blocks: Sequence[tuple[int | None, Content]]) -> None:
        """Show pieces of text below each other, from their beginning."""
        self._blocks = blocks
        self.show(Content("\n").join(text for _, text in blocks))

    def in_view(self) -> list[int]:
        """Return the indexes of the quotes whose last line stands in view."""
        text = self.query(Static).first()
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        found, end = [], 0
        for number, block in self._blocks:
            end += block.get_height({}, max(1, text.content_size.width))
            # A blank line ends every quote.
            if number is not None and top < end - 1 <= top + height:
                found.append(number)
        return found

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell that it was scrolled."""
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Scrolled())


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
