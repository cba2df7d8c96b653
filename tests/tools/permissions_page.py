"""The reference page of who may do what, from the table itself."""

from __future__ import annotations

from collections.abc import Iterable

from core.lifecycle import State
from core.review.permissions import TABLE, Case, Row, Who, answer

ROLES = ("physician", "nurse", "coordinator", "supervisor", "on-call", "admin", "none")
"""The roles of the sample roster that decide or contain; `none` stands for a person without one."""
_ROUTES = {
    "a coordinator's": ("coordinator",),
    "clinicians'": ("nurse", "physician"),
}
_INTRO = """\
# Who may do what

One table in the code (`core/review/permissions.py`) answers this for the console's keys and for
the command line alike; this page is written from it. What cannot be done in the state that a change
is in is refused with exit code 5, what the person may not do with exit code 3. Every act needs a
person of the roster in force whose key at this terminal is not revoked.
"""


def permissions_page() -> str:
    """Return the page as Markdown."""
    parts = [_INTRO, "## The acts", _acts(), "## In which state", _states()]
    for name, roles in _ROUTES.items():
        parts += [f"## By whom, on {name} route", _people(roles)]
    return "\n".join(parts)


def _acts() -> str:
    rows = [(f"`{name}`", row.does, _who(row), _unless(row)) for name, row in TABLE.items()]
    return _table(("act", "what it is", "who", "unless"), rows)


def _who(row: Row) -> str:
    found = ["whoever approved it"] if row.voter else []
    if row.route_roles:
        found.append("a role of the route")
    if row.reassigners:
        found.append("a role of the route's `reassign_by`")
    found += sorted(row.roles)
    return ", ".join(found)


def _unless(row: Row) -> str:
    found = []
    if row.unexpired:
        found.append("it has expired")
    if row.once:
        found.append("this person has voted on it already")
    if row.others:
        found.append("this person submitted it by hand")
    if row.excepted:
        found.append("no exception is open")
    if row.grave_roles is not None:
        found.append(f"it is grave: then only {', '.join(sorted(row.grave_roles))}")
    return "; ".join(found)


def _states() -> str:
    acts = [name for name, row in TABLE.items() if row.states]
    rows = [
        (f"`{state}`", *("yes" if state in TABLE[act].states else "" for act in acts))
        for state in State
    ]
    return _table(("state", *acts), rows)


def _people(roles: tuple[str, ...]) -> str:
    rows = [(name, *(_may(act, name, roles) for act in TABLE)) for name in ROLES]
    return _table(("role", *TABLE), rows)


def _may(act: str, role: str, roles: tuple[str, ...]) -> str:
    """Answer for a change in a state that the act is for, where nothing else stands against it."""
    row = TABLE[act]
    held = frozenset() if role == "none" else frozenset({role})
    who = Who("somebody", held, listed=True, enrolled=True)
    if not row.states:
        return "yes" if answer(act, who, None) is None else ""
    case = Case(
        state=min(row.states),
        roles=roles,
        reassign_by=("supervisor",),
        expired=False,
        voters=frozenset({"another"}),
        excepted=True,
        grave=False,
    )
    return "yes" if answer(act, who, case) is None else ""


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(heads)
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([*lines, ""])
