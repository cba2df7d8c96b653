"""A screen with one list as its main part, for the actions that `list_moves` registers."""

from __future__ import annotations

from typing import Any

from console.screens.base import ConsoleScreen, Result
from console.widgets.row_list import RowList


class ListScreen(ConsoleScreen[Result], inherit_bindings=False):
    """Moves the cursor of its first list."""

    @property
    def list(self) -> RowList[Any]:
        """The list that the keys move in."""
        focused = self.focused
        return focused if isinstance(focused, RowList) else self.query(RowList).first()

    def action_cursor_up(self) -> None:
        """Move up."""
        self.list.move(-1)

    def action_cursor_down(self) -> None:
        """Move down."""
        self.list.move(1)

    def action_page_up(self) -> None:
        """Move one page up."""
        self.list.move(1 - self.list.lines)

    def action_page_down(self) -> None:
        """Move one page down."""
        self.list.move(self.list.lines - 1)

    def action_first(self) -> None:
        """Move to the first row."""
        self.list.move_to(0)

    def action_last(self) -> None:
        """Move to the last row."""
        self.list.move_to(len(self.list.source) - 1)
