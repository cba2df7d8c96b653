"""What can be done on the screen below, with keys and reasons; typing filters it, by key too."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from console import actions
from console.actions import Action
from console.presenters.texts import joined, lines, own
from console.screens.base import ConsoleModal, ConsoleScreen


class HelpScreen(ConsoleModal[None], inherit_bindings=False):
    """The help of one screen."""

    SCOPE = "help"
    BINDINGS = actions.bindings("help")
    AUTO_FOCUS = "#filter"

    def __init__(self, below: ConsoleScreen[None]) -> None:
        super().__init__()
        self._below = below

    def compose(self) -> ComposeResult:
        """Make the filter and the list."""
        with Vertical(id="dialog"):
            yield Input(placeholder="type to filter, by words or by key; esc closes", id="filter")
            with VerticalScroll(can_focus=False):
                yield Static(id="list", markup=False)

    def on_mount(self) -> None:
        """List everything."""
        self._show("")

    def on_input_changed(self, event: Input.Changed) -> None:
        """List what matches."""
        self._show(event.value)

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)

    def _show(self, wanted: str) -> None:
        found = [action for action in actions.here(self._below.SCOPE) if matches(action, wanted)]
        text = lines(self._line(action) for action in found) if found else own("No action matches.")
        self.query_one("#list", Static).update(text)

    def _line(self, action: Action) -> Content:
        why = self._below.why_not(action)
        told = own(action.help) if why is None else own(f"not now: {why}", "dim")
        keys = own(f"{action.shown_keys:<18}", "bold")
        return joined(keys, f"{action.label:<17}", told)


def matches(action: Action, wanted: str) -> bool:
    """Tell whether an action matches: a key exactly, or every word in its texts."""
    word = wanted.strip().lower()
    if word in (*action.keys, *map(actions.key_name, action.keys)):
        return True
    text = f"{action.label} {action.help} {action.group}".lower()
    return len(word) != 1 and all(part in text for part in word.split())
