"""What stands over everything while nobody is there: no patient, and the first key only uncovers.

Source: design §8 (nothing is decided by reflex), §14.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static

from console.presenters.texts import lines, own

if TYPE_CHECKING:
    from console.app import ConsoleApp


class HiddenScreen(ModalScreen[None], inherit_bindings=False):
    """Covers the screen; any key or click takes it off and does nothing else."""

    def __init__(self, why: str) -> None:
        super().__init__()
        self._why = why

    def compose(self) -> ComposeResult:
        """Say what this is."""
        yield Static(
            lines([own("Countersign", "bold"), own(""), own(self._why),
                   own("Press any key, or click, to go on. Nothing was decided.")]),
            markup=False,
        )  # fmt: skip

    def on_key(self, event: events.Key) -> None:
        """Uncover; the key itself does nothing."""
        event.stop()
        event.prevent_default()
        cast("ConsoleApp", self.app).uncover()

    def on_click(self, event: events.Click) -> None:
        """Uncover; the click itself does nothing."""
        event.stop()
        cast("ConsoleApp", self.app).uncover()
