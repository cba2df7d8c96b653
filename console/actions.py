"""The one registry of what a person can do: keys, footer, palette, help and docs come from it.

A screen names its scope and has one method `action_<id>` for each action of that scope; no other
module defines a key. Source: design §8 (decisions take two distinct keys), §13.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Scope = Literal["app", "queue", "review", "decide", "help"]

SCOPES: dict[Scope, str] = {
    "app": "Everywhere",
    "queue": "Queue",
    "review": "Review",
    "decide": "Confirming a decision",
    "help": "Help",
}
"""Each scope with its heading, in the order of the key reference."""

MODAL: frozenset[Scope] = frozenset({"decide", "help"})
"""Scopes whose screens shut out the application's own keys."""

_SHOWN_KEYS = {
    "question_mark": "?",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "upper_g": "G",
    "up": "↑",
    "down": "↓",
    "escape": "esc",
}


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a person can do on one kind of screen.

    `keys` are Textual key names. `dangerous` actions decide or lead to a decision; a read-only
    console switches them off. `each_key` passes the pressed key to the method.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    scope: Scope
    group: str
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


def _go(id_: str, keys: str, label: str, help_: str, scope: Scope) -> Action:
    return Action(id_, tuple(keys.split()), label, help_, scope, "Move")


ACTIONS: tuple[Action, ...] = (
    Action("open", ("enter",), "Open", "Look at the change under the cursor; decides nothing.",
           "queue", "Look", shown_in_footer=True),
    Action("toggle_open", ("o",), "All open", "Show every open state, or only what waits for you.",
           "queue", "Look", shown_in_footer=True),
    Action("reload", ("ctrl+r",), "Reload", "Read the queue again.", "queue", "Look"),
    _go("cursor_up", "up k", "Up", "Move the cursor up.", "queue"),
    _go("cursor_down", "down j", "Down", "Move the cursor down.", "queue"),
    _go("page_up", "pageup", "Page up", "Move the cursor one page up.", "queue"),
    _go("page_down", "pagedown", "Page down", "Move the cursor one page down.", "queue"),
    _go("first", "home g", "First", "Move the cursor to the first row.", "queue"),
    _go("last", "end upper_g", "Last", "Move the cursor to the last row.", "queue"),
    Action("approve", ("a",), "Approve", "Ask to approve the change that is shown.",
           "review", "Decide", dangerous=True, shown_in_footer=True),
    Action("reject", ("r",), "Reject", "Ask to reject the change that is shown, with a reason.",
           "review", "Decide", dangerous=True, shown_in_footer=True),
    Action("defer", ("d",), "Defer", "Ask to put the change that is shown off until later.",
           "review", "Decide", dangerous=True, shown_in_footer=True),
    Action("next_item", ("n",), "Next", "Open the next change of the queue; decides nothing.",
           "review", "Look", shown_in_footer=True),
    Action("previous_item", ("p",), "Previous", "Open the previous change of the queue.",
           "review", "Look"),
    Action("next_change", ("right_square_bracket",), "Next change",
           "Go to the next change of this proposal.", "review", "Look"),
    Action("previous_change", ("left_square_bracket",), "Previous change",
           "Go to the previous change of this proposal.", "review", "Look"),
    Action("reload", ("ctrl+r",), "Reload", "Read what is shown again, as it is now.",
           "review", "Look"),
    Action("back", ("escape",), "Back", "Go back to the queue.", "review", "Look",
           shown_in_footer=True),
    _go("pane_up", "up k", "Scroll up", "Scroll the focused pane up.", "review"),
    _go("pane_down", "down j", "Scroll down", "Scroll the focused pane down.", "review"),
    _go("pane_page_up", "pageup", "Page up", "Scroll one page up.", "review"),
    _go("pane_page_down", "pagedown space", "Page down", "Scroll one page down.", "review"),
    _go("pane_top", "home g", "Top", "Scroll to the top.", "review"),
    _go("pane_bottom", "end upper_g", "Bottom", "Scroll to the bottom.", "review"),
    Action("confirm", ("y",), "Yes, decide", "Record the decision as it is written above.",
           "decide", "Decide", dangerous=True, shown_in_footer=True),
    Action("cancel", ("escape",), "Cancel", "Close without deciding.", "decide", "Decide",
           shown_in_footer=True),
    Action("choose", tuple("12345678"), "Choose", "Choose the line of that number.",
           "decide", "Decide", each_key=True),
    _go("choice_up", "up k", "Up", "Choose the line above.", "decide"),
    _go("choice_down", "down j", "Down", "Choose the line below.", "decide"),
    Action("note", ("n",), "Note", "Write a note; enter ends it.", "decide", "Decide",
           shown_in_footer=True),
    Action("close", ("escape",), "Close", "Close this help.", "help", "Look",
           shown_in_footer=True),
    Action("queue", ("1",), "Queue", "Go to the queue.", "app", "Screens"),
    Action("help", ("question_mark", "f1"), "Help", "List what can be done here, and its keys.",
           "app", "Find", shown_in_footer=True),
    Action("command_palette", ("ctrl+p",), "Commands", "Search everything that can be done here.",
           "app", "Find", shown_in_footer=True),
    Action("sync", ("s",), "Sync", "Ask the hub for what is new, now.", "app", "Console"),
    Action("stop_sync", ("x",), "Stop the sync",
           "End a running sync after its present step; nothing is lost.", "app", "Console"),
    Action("next_theme", ("ctrl+t",), "Theme", "Change the colours.", "app", "Console"),
    _go("focus_next", "tab", "Next pane", "Move the focus on.", "app"),
    _go("focus_previous", "shift+tab", "Previous pane", "Move the focus back.", "app"),
    Action("how_to_quit", ("ctrl+c",), "How to quit", "Say how to leave.", "app", "Console"),
    Action("quit", ("ctrl+q",), "Quit", "Leave the console; nothing undecided is decided.",
           "app", "Console", shown_in_footer=True, priority=True),
)  # fmt: skip
"""Every action, in the order of the footer."""


def key_name(key: str) -> str:
    """Return a Textual key name as people read it."""
    return _SHOWN_KEYS.get(key, key)


def of(scope: Scope) -> Iterator[Action]:
    """Yield the actions of one scope."""
    return (action for action in ACTIONS if action.scope == scope)


def here(scope: Scope) -> list[Action]:
    """Return what applies on a screen of this scope: its own actions, then the application's."""
    return [*of(scope), *_of_the_application(scope)]


def named(scope: Scope, id_: str) -> Action | None:
    """Return the action of that name in one scope."""
    return next((action for action in of(scope) if action.id == id_), None)


def by_key(scope: Scope, key: str) -> Action | None:
    """Return the action that a key stands for on a screen of this scope."""
    return next((action for action in here(scope) if key in action.keys), None)


def bindings(scope: Scope) -> list[BindingType]:
    """Return the bindings of a screen of this scope, or of the application itself."""
    wanted = list(of(scope))
    if scope in MODAL:
        wanted += [action for action in _of_the_application(scope) if not action.priority]
    return [_binding(action, key, scope) for action in wanted for key in action.keys]


def key_reference() -> str:
    """Return the reference of keys as Markdown, one table a scope."""
    parts = [
        "# Keys",
        "Every key of the console. `ctrl+p` searches them; `?` lists those of a screen.",
    ]
    for scope, heading in SCOPES.items():
        rows = ["| Key | Action | What it does |", "| --- | --- | --- |"]
        rows += [f"| {_code(action)} | {action.label} | {action.help} |" for action in of(scope)]
        parts += [f"## {heading}", "\n".join(rows)]
    return "\n\n".join(parts) + "\n"


def _of_the_application(scope: Scope) -> Sequence[Action]:
    if scope == "app":
        return ()
    wanted = ("focus_next", "focus_previous", "quit") if scope in MODAL else None
    return [action for action in of("app") if wanted is None or action.id in wanted]


def _binding(action: Action, key: str, scope: Scope) -> Binding:
    name = action.id if action.scope == scope else f"{action.scope}.{action.id}"
    return Binding(
        key,
        f"{name}('{key}')" if action.each_key else name,
        action.label,
        show=action.shown_in_footer and key == action.keys[0],
        key_display=key_name(key),
        tooltip=action.help,
        priority=action.priority,
        id=f"{action.scope}.{action.id}",
    )


def _code(action: Action) -> str:
    names = (
        [key_name(action.keys[0]), key_name(action.keys[-1])]
        if action.each_key
        else [key_name(key) for key in action.keys]
    )
    return (" … " if action.each_key else ", ").join(f"`{name}`" for name in names)
