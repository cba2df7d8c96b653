"""Going from screen to screen: the first level, a review over it, help, and the cover.

Source: design §8, §13.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import App

from console.presence import Presence
from console.presenters.queue import Key
from console.screens.base import ConsoleScreen
from console.worklist import KeyRows, Rows, Worklist

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.session import Session


class Places(App[None], inherit_bindings=False):
    """What an application needs to go to a screen; `console.app.ConsoleApp` is one."""

    monotonic: Callable[[], float]
    session: Session
    _presence: Presence

    def open_review(self, key: Key, rows: Sequence[Key] | Rows) -> None:
        """Open a change over what is shown; `rows` are the way through it."""
        from console.screens.review import ReviewScreen

        reads = self.session.ledger
        found = KeyRows(reads, rows) if isinstance(rows, Sequence) else rows
        self.push_screen(ReviewScreen(key, Worklist(reads, found)))

    def close_review(self, key: Key) -> None:
        """Go back to where it was opened, the cursor on what was looked at."""
        self.pop_screen()
        if isinstance(self.screen, ConsoleScreen):
            self.screen.select(key)

    def go_to_mode(self, name: str) -> None:
        """Go to a screen of the first level, and there to its list."""
        if self.current_mode != name:
            self.switch_mode(name)
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def action_queue(self) -> None:
        """Go to the queue."""
        self.go_to_mode("queue")

    def action_exceptions(self) -> None:
        """Go to the exceptions."""
        self.go_to_mode("exceptions")

    def action_incidents(self) -> None:
        """Go to the incidents."""
        self.go_to_mode("incidents")

    def action_audit(self) -> None:
        """Go to the audit."""
        self.go_to_mode("audit")

    def action_supervisor(self) -> None:
        """Go to the supervisor's view."""
        self.go_to_mode("supervisor")

    def action_go_to(self) -> None:
        """Search the screens, and proposals by their id."""
        from textual.command import CommandPalette

        from console.palette import PlaceProvider

        self.push_screen(
            CommandPalette(providers=[PlaceProvider], placeholder="Go to a screen, or to an id…")
        )

    def action_hide(self) -> None:
        """Hide what is shown."""
        self._cover("Hidden.")

    def uncover(self) -> None:
        """Take the cover off; what a held key repeats does nothing."""
        from console.screens.hidden import HiddenScreen

        if isinstance(self.screen, HiddenScreen):
            self._presence.uncovered(self.monotonic())
            self.pop_screen()

    def _cover(self, why: str) -> None:
        from console.screens.hidden import HiddenScreen

        if not isinstance(self.screen, HiddenScreen):
            self.push_screen(HiddenScreen(why))

    def action_help(self) -> None:
        """Open the help of this screen."""
        from console.screens.help import HelpScreen

        if isinstance(self.screen, ConsoleScreen):
            self.push_screen(HelpScreen(self.screen))
