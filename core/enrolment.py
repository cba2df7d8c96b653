"""Changing the roster by one key: an agent's or a person's key enrolled, or any key revoked.

The document stays the admin's own: comments and order are kept, and a document written in a way
that cannot be edited line by line is refused, never rewritten.
Source: hub-protocol §3 (roster: agents, keys), design §14.6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError

from core.adoption import Adopter, admins_in_force, adopt_in
from core.canonical import parse_object
from core.errors import BadInput, Conflict, NotFound, Refused
from core.records import ConfigRow
from core.roster import EnrolledAgent, Key, Person, Roster, check, check_public, parse_roster
from core.statement import thumbprint
from core.workspace import Workspace, document

MAX_KEY = 16 * 1024
FIELD = "--key"
_AGENT = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.\s\"'-]+?)\s*\]\]?\s*(?:#.*)?")
_REVOKED = re.compile(r"(\s*)revoked\s*=.*")
_SECRETS = ("d", "k")

Edit = Callable[[str], str]


def read_public_key(data: bytes) -> str:
    """Return the `x` of an Ed25519 public key, given as a JWK or as bare base64url.

    BadInput for anything else; for a private key it says that the key is now exposed.
    """
    if b"PRIVATE KEY" in data:
        raise _exposed()
    text = data.strip()
    if not text.startswith(b"{"):
        x = text.decode("ascii", errors="replace")
        check_public(x, FIELD)
        return x
    jwk = parse_object(text)
    listed = jwk.get("keys")
    for one in [jwk, *(listed if isinstance(listed, list) else [])]:
        if isinstance(one, dict) and any(name in one for name in _SECRETS):
            raise _exposed()
    if jwk.get("kty") != "OKP" or jwk.get("crv") != "Ed25519" or jwk.get("use", "sig") != "sig":
        raise BadInput(
            "not an Ed25519 key for signing",
            field=FIELD,
            remedy='Give one JWK with "kty": "OKP", "crv": "Ed25519" and "x"',
        )
    x = str(jwk.get("x"))
    check_public(x, FIELD)
    return x


def change_roster(workspace: Workspace, on_disk: str | None, edit: Edit) -> ConfigRow:
    """Adopt the edited roster, in one transaction with reading the one in force.

    `on_disk` is the workspace's roster file, None where there is none. Raises Refused when the
    person at this terminal is no admin, Conflict when the file is not the roster in force.
    """
    signer = workspace.keys.signer("reviewer")
    adopter = Adopter(workspace.team, workspace.reviewer, signer, workspace.ids)
    with workspace.ledger.transaction() as transaction:
        if signer.kid not in admins_in_force(transaction):
            raise Refused(
                f"{workspace.reviewer} is not an admin of this workspace",
                remedy="Ask an admin in the adopted roster to do it",
            )
        held = document(transaction, "roster").document
        if on_disk != held:
            raise Conflict(
                "roster.toml is not the roster in force",
                remedy="Look at `roster diff`, then `roster adopt` the file, "
                "or bring it back with `roster show --toml`",
            )
        return adopt_in(transaction, adopter, "roster", edit(held))


def with_agent_key(text: str, agent: str, x: str) -> str:
    """Return the roster document with one more key for an agent, who is enrolled if need be.

    The same text when the agent has that key already. Raises BadInput for an id or key that the
    roster may not hold, Conflict for a key that was revoked.
    """
    if not _AGENT.fullmatch(agent):
        raise BadInput(
            "an agent id has 1 to 64 letters, digits, - and _", field="ID", remedy="Choose another"
        )
    before = parse_roster(text)
    kid = thumbprint(x)
    place = next((at for at, one in enumerate(before.agents) if one.id == agent), None)
    held = [] if place is None else before.agents[place].keys
    known = next((key for key in held if key.kid == kid), None)
    if known is not None and known.revoked:
        raise Conflict("this key was revoked", field=FIELD, remedy="Have the agent make a new one")
    if known is not None:
        return text
    enrolled = EnrolledAgent(id=agent, keys=[*held, Key(kid=kid, x=x)])
    agents = [enrolled if one.id == agent else one for one in before.agents]
    if place is None:
        agents.append(enrolled)
    wanted = before.model_copy(update={"agents": agents})
    check(wanted)
    key_lines = ["[[agents.keys]]", f'kid = "{kid}"', f'x = "{x}"']
    lines = text.rstrip("\n").split("\n")
    if place is None:
        lines += ["", "[[agents]]", f'id = "{agent}"', "", *key_lines]
    else:
        at = _end_of(lines, "agents", place)
        lines[at:at] = ["", *key_lines]
    return _checked(lines, wanted)


def with_person_key(text: str, person: str, x: str, roles: Sequence[str]) -> str:
    """Return the roster document with one more key for a person, who is enrolled with `roles`.

    The roles of somebody who is listed already are not changed: naming any is BadInput. The same
    text when they have that key; Conflict for a key that was revoked.
    """
    before = parse_roster(text)
    kid = thumbprint(x)
    place = next((at for at, one in enumerate(before.people) if one.id == person), None)
    if place is not None and roles:
        raise BadInput(
            f"{person} is listed already", field="--role", remedy="Change roles in roster.toml"
        )
    if place is None and not roles:
        raise BadInput("is missing", field="--role", remedy="Name at least one role")
    held = [] if place is None else before.people[place].keys
    known = next((key for key in held if key.kid == kid), None)
    if known is not None and known.revoked:
        raise Conflict("this key was revoked", field=FIELD, remedy="Have them make a new one")
    if known is not None:
        return text
    try:
        new = Person(id=person, roles=list(roles))
    except ValidationError:
        raise BadInput(
            "ids and roles have 1 to 64 letters, digits, dots, - and _",
            field="ID",
            remedy="Correct",
        ) from None
    whole = new if place is None else before.people[place]
    enrolled = whole.model_copy(update={"keys": [*held, Key(kid=kid, x=x)]})
    people = [enrolled if one.id == person else one for one in before.people]
    if place is None:
        people.append(enrolled)
    wanted = before.model_copy(update={"people": people})
    check(wanted)
    key_lines = ["[[people.keys]]", f'kid = "{kid}"', f'x = "{x}"']
    lines = text.rstrip("\n").split("\n")
    if place is None:
        listed = ", ".join(f'"{role}"' for role in roles)
        lines += ["", "[[people]]", f'id = "{person}"', f"roles = [{listed}]", "", *key_lines]
    else:
        at = _end_of(lines, "people", place)
        lines[at:at] = ["", *key_lines]
    return _checked(lines, wanted)


def with_revoked(text: str, kid: str) -> str:
    """Return the roster document with one key revoked wherever it stands; NotFound for no key."""
    before = parse_roster(text)
    if all(key.kid != kid for key in before.every_key()):
        raise NotFound("the roster has no key of that kid", field="KID", remedy="See `roster show`")
    wanted = Roster.model_validate(_revoked(before.model_dump(by_alias=True), kid))
    if wanted == before:
        return text
    own = re.compile(rf"\s*kid\s*=\s*[\"']{re.escape(kid)}[\"']\s*(?:#.*)?")
    lines = text.rstrip("\n").split("\n")
    for at in reversed([at for at, line in enumerate(lines) if own.fullmatch(line)]):
        _revoke_at(lines, at)
    return _checked(lines, wanted)


def _revoked(part: Any, kid: str) -> Any:
    if isinstance(part, list):
        return [_revoked(item, kid) for item in part]
    if not isinstance(part, dict):
        return part
    found = {name: _revoked(value, kid) for name, value in part.items()}
    return {**found, "revoked": True} if part.get("kid") == kid else found


def _revoke_at(lines: list[str], at: int) -> None:
    first = next((i for i in range(at, -1, -1) if _HEADER.fullmatch(lines[i])), 0)
    last = next((i for i in range(at, len(lines)) if _HEADER.fullmatch(lines[i])), len(lines))
    for index in range(first, last):
        said = _REVOKED.fullmatch(lines[index])
        if said is not None:
            lines[index] = f"{said[1]}revoked = true"
            return
    indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    lines.insert(at + 1, f"{indent}revoked = true")


def _end_of(lines: list[str], part: str, place: int) -> int:
    """Return the line after the last one of the agent or person at `place` in the document."""
    headers = [
        (at, found[1]) for at, line in enumerate(lines) if (found := _HEADER.fullmatch(line))
    ]
    starts = [at for at, name in headers if name == part]
    if place >= len(starts):
        raise _by_hand()
    later = [at for at, name in headers if at > starts[place] and not name.startswith(f"{part}.")]
    end = min(later, default=len(lines))
    # What stands right before the next table is that table's own comment.
    while not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#"):
        end -= 1
    return end


def _checked(lines: list[str], wanted: Roster) -> str:
    text = "\n".join([*lines, ""])
    try:
        same = parse_roster(text) == wanted
    except BadInput:
        same = False
    if not same:
        raise _by_hand()
    return text


def _by_hand() -> BadInput:
    return BadInput(
        "the roster is written in a form that is not edited line by line",
        field="roster.toml",
        remedy="Make the change in the file by hand, then `roster adopt`",
    )


def _exposed() -> BadInput:
    return BadInput(
        "this is a PRIVATE key: it has left its owner and counts as exposed; nothing was enrolled",
        field=FIELD,
        remedy="Destroy it, make a new key, and give only the public half",
    )
