"""The second step of whatever changes something: it says what will happen and to how much.

`y` confirms, or one click on the words that say so; Enter does not, nor the key that opened it, nor
anything within 300 ms. The focus is on Cancel. Source: design §8.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from console import actions
from console.actions import Action
from console.screens.base import ConsoleModal
from console.widgets.press import Press
from console.widgets.status_line import NoticeLine

SETTLE_S = 0.3


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What was confirmed, with the reason that was given for it ('' where none was asked)."""

    reason: str = ""


class ConfirmModal(ConsoleModal[Confirmed], inherit_bindings=False):
    """Confirms one step; dismisses with None when it is cancelled."""

    SCOPE = "confirm"
    BINDINGS = actions.bindings("confirm")
    AUTO_FOCUS = "#cancel"

    def __init__(self, about: Content, *, reason: bool = False) -> None:
        """Make the dialog; with `reason` it cannot be confirmed before words are given."""
        super().__init__()
        self._about = about
        self._needs_reason = reason
        self._opened_at: float | None = None

    def compose(self) -> ComposeResult:
        """Make the dialog."""
        with Vertical(id="dialog"):
            with VerticalScroll(id="about", can_focus=False):
                yield Static(self._about, markup=False)
            if self._needs_reason:
                yield Input(placeholder="reason (needed): n writes it", id="note")
            yield NoticeLine()
            yield Static(self._hint(), id="hint", markup=False)
            with Horizontal(id="answers"):
                yield Button("Cancel", id="cancel")
                yield Press(" y  Yes, do it ", id="yes")

    def on_mount(self) -> None:
        """Start the time in which keys are ignored."""
        self._opened_at = self.console_app.monotonic()

    @property
    def settled(self) -> bool:
        """Whether keys count by now."""
        opened = self._opened_at
        return opened is not None and self.console_app.monotonic() - opened >= SETTLE_S

    def blocked(self, action: Action) -> str | None:
        """Say what is missing before it can be confirmed."""
        if action.id == "note" and not self._needs_reason:
            return "no reason is asked for"
        if action.id == "confirm" and self._needs_reason and not self._reason:
            return "a reason is needed; press n to write it"
        return None

    def action_confirm(self) -> None:
        """Close with the confirmation."""
        self.dismiss(Confirmed(self._reason))

    def action_cancel(self) -> None:
        """Leave the reason, or close without doing anything."""
        if isinstance(self.focused, Input):
            self.query_one("#cancel").focus()
        else:
            self.dismiss(None)

    def action_note(self) -> None:
        """Write the reason."""
        self.query_one("#note", Input).focus()

    def on_input_submitted(self) -> None:
        """End the reason; it confirms nothing."""
        self.query_one("#cancel").focus()

    def on_input_changed(self) -> None:
        """Take the reason into account."""
        self.refresh_bindings()

    def on_button_pressed(self) -> None:
        """Close without doing anything; Cancel is the only button there is."""
        self.dismiss(None)

    async def on_press_pressed(self) -> None:
        """Confirm by mouse, where `y` would."""
        confirm = actions.named("confirm", "confirm")
        if self.settled and confirm is not None:
            await self.run_registered(confirm)

    @property
    def _reason(self) -> str:
        return self.query_one("#note", Input).value.strip() if self._needs_reason else ""

    def _hint(self) -> str:
        told = [action for action in actions.of("confirm") if action.shown_in_footer]
        if not self._needs_reason:
            told = [action for action in told if action.id != "note"]
        return "   ".join(f"{action.shown_keys} {action.label.lower()}" for action in told)
