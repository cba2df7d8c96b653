"""The second step of whatever changes something: it says what will happen and to how much.

`y` confirms, or one click on the words that say so; Enter does not, nor the key that opened it, nor
anything within 300 ms. The focus is on Cancel. Source: design §8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from console import actions
from console.actions import Action
from console.screens.base import ConsoleModal
from console.widgets.choices import Choices
from console.widgets.press import Press
from console.widgets.status_line import NoticeLine

SETTLE_S = 0.3


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What was confirmed, with the reason that was given for it ('' where none was asked)."""

    reason: str = ""
    choice: int | None = None
    """Which of the choices, counted from 0."""


class ConfirmModal(ConsoleModal[Confirmed], inherit_bindings=False):
    """Confirms one step; dismisses with None when it is cancelled."""

    SCOPE = "confirm"
    BINDINGS = actions.bindings("confirm")
    AUTO_FOCUS = "#cancel"

    def __init__(
        self, about: Content, *, reason: bool = False, choices: Sequence[Content] = ()
    ) -> None:
        """Make the dialog.

        With `reason` it cannot be confirmed before words are given, with `choices` not before one
        of them is chosen; none is chosen from the start.
        """
        super().__init__()
        self._about = about
        self._choices = list(choices)
        self._chosen: int | None = None
        self._needs_reason = reason
        self._opened_at: float | None = None

    def compose(self) -> ComposeResult:
        """Make the dialog."""
        with Vertical(id="dialog"):
            with VerticalScroll(id="about", can_focus=False):
                yield Static(self._about, markup=False)
                yield Choices()
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
        self._show_choices()

    @property
    def settled(self) -> bool:
        """Whether keys count by now."""
        opened = self._opened_at
        return opened is not None and self.console_app.monotonic() - opened >= SETTLE_S

    def blocked(self, action: Action) -> str | None:
        """Say what is missing before it can be confirmed."""
        if action.id == "note" and not self._needs_reason:
            return "no reason is asked for"
        if action.id in ("choose", "choice_up", "choice_down") and not self._choices:
            return "there is nothing to choose"
        if action.id == "confirm" and self._choices and self._chosen is None:
            return "choose a line first, by its number or with the arrows"
        if action.id == "confirm" and self._needs_reason and not self._reason:
            return "a reason is needed; press n to write it"
        return None

    def action_confirm(self) -> None:
        """Close with the confirmation."""
        self.dismiss(Confirmed(self._reason, self._chosen))

    def action_cancel(self) -> None:
        """Leave the reason, or close without doing anything."""
        if isinstance(self.focused, Input):
            self.query_one("#cancel").focus()
        else:
            self.dismiss(None)

    def action_note(self) -> None:
        """Write the reason."""
        self.query_one("#note", Input).focus()

    def action_choose(self, key: str) -> None:
        """Choose a line by its number."""
        self._choose(int(key) - 1)

    def action_choice_up(self) -> None:
        """Choose the line above."""
        self._choose((self._chosen or len(self._choices)) - 1)

    def action_choice_down(self) -> None:
        """Choose the line below."""
        self._choose(0 if self._chosen is None else (self._chosen + 1) % len(self._choices))

    def on_choices_clicked(self, event: Choices.Clicked) -> None:
        """Choose a line by mouse."""
        self._choose(event.line)

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

    def _choose(self, place: int) -> None:
        if 0 <= place < len(self._choices):
            self._chosen = place
            self._show_choices()
            self.refresh_bindings()

    def _show_choices(self) -> None:
        self.query_one(Choices).show(self._choices, self._chosen)

    @property
    def _reason(self) -> str:
        return self.query_one("#note", Input).value.strip() if self._needs_reason else ""

    def _hint(self) -> str:
        told = [action for action in actions.of("confirm") if action.shown_in_footer]
        if not self._needs_reason:
            told = [action for action in told if action.id != "note"]
        return "   ".join(f"{action.shown_keys} {action.label.lower()}" for action in told)
