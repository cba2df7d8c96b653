"""Scrolling the focused pane of a screen, for the actions that the registry names `pane_…`."""

from __future__ import annotations

from console.screens.base import ConsoleScreen, Result
from console.widgets.pane import Pane


class ScrollingScreen(ConsoleScreen[Result], inherit_bindings=False):
    """A screen with panes; without a focused one the first pane scrolls."""

    @property
    def _pane(self) -> Pane:
        focused = self.focused
        return focused if isinstance(focused, Pane) else self.query(Pane).first()

    def action_pane_up(self) -> None:
        """Scroll up."""
        self._pane.scroll_up(animate=False)

    def action_pane_down(self) -> None:
        """Scroll down."""
        self._pane.scroll_down(animate=False)

    def action_pane_page_up(self) -> None:
        """Scroll one page up."""
        self._pane.scroll_page_up(animate=False)

    def action_pane_page_down(self) -> None:
        """Scroll one page down."""
        self._pane.scroll_page_down(animate=False)

    def action_pane_top(self) -> None:
        """Scroll to the top."""
        self._pane.scroll_home(animate=False)

    def action_pane_bottom(self) -> None:
        """Scroll to the bottom."""
        self._pane.scroll_end(animate=False)
