"""A screen with one list as its main part, for the actions that `list_moves` registers."""

from __future__ import annotations

from typing import Any

from console.screens.base import ConsoleScreen, Result
from console.widgets.pane import Pane
from console.widgets.row_list import RowList


class ListScreen(ConsoleScreen[Result], inherit_bindings=False):
    """Moves the cursor of the focused list, or scrolls the focused pane; else its first list."""

    @property
    def list(self) -> RowList[Any]:
        """The list that the keys move in."""
        focused = self.focused
        return focused if isinstance(focused, RowList) else self.query(RowList).first()

    @property
    def _pane(self) -> Pane | None:
        return self.focused if isinstance(self.focused, Pane) else None

    def action_cursor_up(self) -> None:
        """Move up."""
        pane = self._pane
        if pane is None:
            self.list.move(-1)
        else:
            pane.scroll_up(animate=False)

    def action_cursor_down(self) -> None:
        """Move down."""
        pane = self._pane
        if pane is None:
            self.list.move(1)
        else:
            pane.scroll_down(animate=False)

    def action_page_up(self) -> None:
        """Move one page up."""
        pane = self._pane
        if pane is None:
            self.list.move(1 - self.list.lines)
        else:
            pane.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        """Move one page down."""
        pane = self._pane
        if pane is None:
            self.list.move(self.list.lines - 1)
        else:
            pane.scroll_page_down(animate=False)

    def action_first(self) -> None:
        """Move to the first row."""
        pane = self._pane
        if pane is None:
            self.list.move_to(0)
        else:
            pane.scroll_home(animate=False)

    def action_last(self) -> None:
        """Move to the last row."""
        pane = self._pane
        if pane is None:
            self.list.move_to(len(self.list.source) - 1)
        else:
            pane.scroll_end(animate=False)
