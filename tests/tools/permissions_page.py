"""The reference page of who may do what, from the table itself."""

from __future__ import annotations

from collections.abc import Iterable

from console import actions
from core.lifecycle import State
from core.review.permissions import TABLE, Case, Row, Who, answer
from tests.console.acts import DRIVERS

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
person of the roster in force whose key at this terminal is not revoked; only withdrawing is no
person's, but the agent's own or a submitter's whose key speaks for it.
"""
_BESIDE = """\
## Beside the table

- A list (`--ids-file`, or what is marked in the queue) is asked about change by change, as if each
  stood alone. Approving a list wants more: one low-risk rule, a quorum of one, no attestation, and
  that each was opened.
- An approval also needs what was looked at: the hash, the attestations of the route, a Consent that
  permits. To enter by hand despite a freeze takes saying so. Editing obeys the policy as intake
  does.
- Withdrawing what would not be written anyway, because it is rejected, denied or the like, changes
  nothing and is exit code 0.
- A claim tells others that somebody looks; nobody is refused one, and it gates nothing.
- Adopting a policy, roster, profile, maps or phase takes a key listed under `admins` of the roster
  in force, and a policy two owners where there are two people; the role `admin` alone adopts
  nothing.
- The gateway asks again when it sends: an approval counts only while its signer's role and key do.
"""
_WITHOUT_KEY = {
    "break-glass": "approve ID --hash H --break-glass --reason-file FILE",
    "withdraw": "withdraw ID --reason-file FILE",
    "declare-incident": "incident declare --category C --reason-file FILE",
    "close-incident": "incident close INCIDENT --reason-file FILE",
}
"""The command of an act that no key of the console does."""


def permissions_page() -> str:
    """Return the page as Markdown."""
    parts = [_INTRO, "## The acts", _acts(), "## How", _ways(), "## In which state", _states()]
    for name, roles in _ROUTES.items():
        parts += [f"## By whom, on {name} route", _people(roles)]
    return "\n".join([*parts, _BESIDE])


def _acts() -> str:
    rows = [(f"`{name}`", row.does, _who(row), _unless(row)) for name, row in TABLE.items()]
    return _table(("act", "what it is", "who", "unless"), rows)


def _who(row: Row) -> str:
    found = ["whoever approved it"] if row.voter else []
    if row.route_roles:
        found.append("a role of the route")
    if row.reassigners:
        found.append("a role of the route's `reassign_by`")
    if row.breakers:
        found.append("a role that the policy names under `[break_glass]`")
    if row.anybody:
        found.append("everybody in the roster")
    if row.agents:
        found.append("who speaks for the agent")
    found += sorted(row.roles)
    return ", ".join(found)


def _unless(row: Row) -> str:
    found = {
        "it has expired": row.unexpired,
        "this person has voted on it already": row.once,
        "this person submitted it by hand": row.others,
        "nobody approved it": row.voter,
        "no exception is open": row.excepted,
        "an exception is open of anything but an entry by hand that was not found": row.reentry,
        "a plain approval would do": row.bypass,
        "it is denied by anything but a Consent": State.DENIED in row.states,
        f"it is grave: then only {', '.join(sorted(row.grave_roles or ()))}": bool(row.grave_roles),
    }
    return "; ".join(words for words, holds in found.items() if holds)


def _ways() -> str:
    rows = []
    for act in TABLE:
        place = DRIVERS[act].key
        action = None if place is None else actions.named(*place)
        if place is None or action is None:
            rows.append((f"`{act}`", f"`{_WITHOUT_KEY[act]}`", ""))
        else:
            key = f"`{actions.key_name(action.keys[0])}` ({actions.SCOPES[place[0]]})"
            rows.append((f"`{act}`", f"`{action.command}`", key))
    return _table(("act", "command line", "key"), rows)


def _states() -> str:
    acts = [name for name, row in TABLE.items() if row.states]
    rows = [
        (f"`{state}`", *("yes" if state in TABLE[act].states else "" for act in acts))
        for state in State
    ]
    return _table(("state", *acts), rows)


def _people(roles: tuple[str, ...]) -> str:
    rows = [(f"`{act}`", *(_may(act, name, roles) for name in ROLES)) for act in TABLE]
    return _table(("act", *ROLES), rows)


def _may(act: str, role: str, roles: tuple[str, ...]) -> str:
    """Answer for a change in a state that the act is for, where nothing else stands against it.

    Break-glass is answered for a policy that names the role, on a change that a Consent denies.
    """
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
        unfound=True,
        breakers=held,
        consent_denied=True,
    )
    if answer(act, who, case) is not None:
        return ""
    return "if named" if row.breakers else "yes"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(heads)
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([*lines, ""])
