"""What one action is, and how its keys are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scope = Literal[
    "app", "queue", "review", "decide", "edit", "exceptions", "incidents", "audit", "supervisor",
    "confirm", "help",
]  # fmt: skip

SCOPES: dict[Scope, str] = {
    "app": "Everywhere",
    "queue": "Queue",
    "review": "Review",
    "decide": "Confirming a decision",
    "edit": "Editing a change",
    "exceptions": "Exceptions",
    "incidents": "Incidents",
    "audit": "Audit",
    "supervisor": "Supervisor",
    "confirm": "Confirming",
    "help": "Help",
}
"""Each scope with its heading, in the order of the key reference."""

MODAL: frozenset[Scope] = frozenset({"decide", "edit", "confirm", "help"})
"""Scopes whose screens shut out the application's own keys."""

_SHOWN_KEYS = {
    "question_mark": "?",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "escape": "esc",
    "slash": "/",
    "colon": ":",
    "full_stop": ".",
    "comma": ",",
    "plus": "+",
}


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a person can do on one kind of screen.

    `keys` are Textual key names. `command` is how the command line does the same, without the
    `countersign` before it; only moving, looking and the console's own comfort may have none.
    `dangerous` actions write to the ledger or lead to it; a read-only console switches them off.
    `each_key` passes the pressed key to the method.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    scope: Scope
    group: str
    command: str = ""
    dangerous: bool = False
    shown_in_footer: bool = False
    priority: bool = False
    each_key: bool = False

    @property
    def shown_keys(self) -> str:
        """The keys as people read them."""
        if self.each_key:
            return f"{key_name(self.keys[0])} … {key_name(self.keys[-1])}"
        return " or ".join(key_name(key) for key in self.keys)


def key_name(key: str) -> str:
    """Return a Textual key name as people read it."""
    if key.startswith("upper_"):
        return key.removeprefix("upper_").upper()
    return _SHOWN_KEYS.get(key, key)


def go(id_: str, keys: str, label: str, help_: str, scope: Scope) -> Action:
    """Return an action that only moves; `keys` are separated by spaces."""
    return Action(id_, tuple(keys.split()), label, help_, scope, "Move")


def list_moves(scope: Scope) -> tuple[Action, ...]:
    """Return the moves of a screen with a list, for `console.screens.listing.ListScreen`."""
    return (
        go("cursor_up", "up k", "Up", "Move the cursor up.", scope),
        go("cursor_down", "down j", "Down", "Move the cursor down.", scope),
        go("page_up", "pageup", "Page up", "Move the cursor one page up.", scope),
        go("page_down", "pagedown", "Page down", "Move the cursor one page down.", scope),
        go("first", "home g", "First", "Move the cursor to the first row.", scope),
        go("last", "end upper_g", "Last", "Move the cursor to the last row.", scope),
    )


def pane_moves(scope: Scope) -> tuple[Action, ...]:
    """Return the moves of a screen with panes, for `console.screens.scrolling.ScrollingScreen`."""
    return (
        go("pane_up", "up k", "Scroll up", "Scroll the focused pane up.", scope),
        go("pane_down", "down j", "Scroll down", "Scroll the focused pane down.", scope),
        go("pane_page_up", "pageup", "Page up", "Scroll one page up.", scope),
        go("pane_page_down", "pagedown space", "Page down", "Scroll one page down.", scope),
        go("pane_top", "home g", "Top", "Scroll to the top.", scope),
        go("pane_bottom", "end upper_g", "Bottom", "Scroll to the bottom.", scope),
    )
