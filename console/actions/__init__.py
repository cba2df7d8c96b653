"""The one registry of what a person can do: keys, footer, palette, help and docs come from it.

A screen names its scope and has one method `action_<id>` for each action of that scope; no other
module defines a key. Source: design §8 (decisions take two distinct keys), §13.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.binding import Binding, BindingType

from console.actions.action import MODAL, SCOPES, Action, Scope, key_name
from console.actions.audit import AUDIT
from console.actions.edit import EDIT
from console.actions.everywhere import APP, CONFIRM, HELP
from console.actions.exceptions import EXCEPTIONS
from console.actions.incidents import INCIDENTS
from console.actions.queue import QUEUE
from console.actions.review import DECIDE, REVIEW
from console.actions.supervisor import SUPERVISOR

__all__ = [
    "ACTIONS",
    "MODAL",
    "SCOPES",
    "Action",
    "Scope",
    "bindings",
    "by_key",
    "here",
    "key_name",
    "key_reference",
    "named",
    "of",
]

ACTIONS: tuple[Action, ...] = (
    *QUEUE, *REVIEW, *DECIDE, *EDIT, *EXCEPTIONS, *INCIDENTS, *AUDIT, *SUPERVISOR, *CONFIRM,
    *HELP, *APP,
)  # fmt: skip
"""Every action, in the order of the footer."""


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
