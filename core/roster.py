"""Who may do what, with which keys.

Source: design §7, §8, hub-protocol §3 (roster). The roster takes effect by a signed adoption event;
keys are looked up in it by kid, never taken from a message.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from core.errors import BadInput, Refused
from core.statement import thumbprint

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]

SIGNERS = {
    "decision": "people",
    "recall": "people",
    "note": "people",
    "proposal": "submitters",
    "admission": "gateways",
    "rebase": "gateways",
    "outcome": "gateways",
    "adoption": "admins",
    "freeze": "people",
}
"""Which part of the roster may sign which kind of statement (hub-protocol §2)."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Key(_Model):
    """An Ed25519 public key."""

    kid: str
    """RFC 7638 thumbprint of `x`."""
    x: str
    """base64url of the 32 public bytes."""
    revoked: bool = False


class Person(_Model):
    """A reviewer, supervisor or other person."""

    id: Id
    roles: list[Id]
    keys: list[Key] = Field(default_factory=list)


class Submitter(_Model):
    """A key that may submit proposals in the name of the listed agents."""

    kid: str
    x: str
    agents: list[Id]


class Roster(_Model):
    """The people, agents and gateways of a workspace."""

    version: int
    people: list[Person]
    submitters: list[Submitter] = Field(default_factory=list)
    gateways: list[Key] = Field(default_factory=list)
    admins: list[Key] = Field(default_factory=list)

    def person(self, person: str) -> Person:
        """Return one person; Refused when the roster does not list them."""
        for found in self.people:
            if found.id == person:
                return found
        raise Refused(
            f"{person} is not in the roster", remedy="Ask an admin to enrol you with `roster`"
        )

    def roles(self) -> dict[str, frozenset[str]]:
        """Return each person's roles, of those who hold a key that still counts."""
        return {
            found.id: frozenset(found.roles)
            for found in self.people
            if any(not key.revoked for key in found.keys)
        }

    def keys_for(self, kind: str) -> dict[str, str]:
        """Return kid → public key of everyone who may sign statements of `kind`."""
        part = SIGNERS[kind]
        if part == "people":
            return {
                key.kid: key.x for found in self.people for key in found.keys if not key.revoked
            }
        if part == "submitters":
            return {found.kid: found.x for found in self.submitters}
        keys = self.gateways if part == "gateways" else self.admins
        return {key.kid: key.x for key in keys if not key.revoked}

    def owner(self, kid: str) -> Person | None:
        """Return the person whose unrevoked key this is."""
        for found in self.people:
            if any(key.kid == kid and not key.revoked for key in found.keys):
                return found
        return None

    def may_speak_for(self, kid: str, agent: str) -> bool:
        """Tell whether a submitter key is listed for an agent."""
        return any(found.kid == kid and agent in found.agents for found in self.submitters)


@lru_cache(maxsize=8)
def parse_roster(text: str) -> Roster:
    """Return the roster in a TOML document, or BadInput naming the first wrong field."""
    try:
        roster = Roster.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"the roster is not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(first["msg"], field=f"roster.{where}", remedy="See docs/guides") from None
    _check(roster)
    return roster


def _check(roster: Roster) -> None:
    ids = [found.id for found in roster.people]
    if len(set(ids)) != len(ids):
        raise BadInput("two people share an id", field="roster.people", remedy="Rename one")
    keys = [key for found in roster.people for key in found.keys]
    kids = [key.kid for key in keys]
    if len(set(kids)) != len(kids):
        raise BadInput("two people share a key", field="roster.people", remedy="Remove one")
    machines: list[Key | Submitter] = [*roster.submitters, *roster.gateways]
    if {key.kid for key in machines} & set(kids):
        raise BadInput(
            "a person's key may not be a submitter's or a gateway's too",
            field="roster.people",
            remedy="Give each a key of its own",
        )
    for key in [*machines, *keys, *roster.admins]:
        if thumbprint(key.x) != key.kid:
            raise BadInput(
                "a kid is not the thumbprint of its key", field="roster", remedy="Correct it"
            )
