"""Who may do what, with which keys.

Source: design §7, §8, hub-protocol §3 (roster). The roster takes effect by a signed adoption event;
keys are looked up in it by kid, never taken from a message.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from core.duty.check import check_duty
from core.duty.shifts import Absence, Shift, Site
from core.errors import BadInput, Refused
from core.statement import InvalidStatement, thumbprint, unb64url

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
# Without a dot: the hub's identifier is `<agent>.<correlation>`.
AgentId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]

SIGNERS = {
    "decision": "people",
    "recall": "people",
    "note": "people",
    "edit": "people",
    "consult": "people",
    "reassignment": "people",
    "settlement": "people",
    "proposal": "proposers",
    "withdraw": "proposers",
    "admission": "gateways",
    "rebase": "gateways",
    "outcome": "gateways",
    "dispatch": "gateways",
    "lease": "gateways",
    "head": "people",
    "final": "deciders",
    "adoption": "admins",
    "freeze": "people",
    "incident": "people",
    "manual": "people",
    "dead-letter": "people",
    "break-glass": "people",
    "recovery": "admins",
    "roster": "admins",
}
"""Which part of the roster may sign which kind of statement (hub-protocol §2).

`proposers` are the enrolled agents and the submitters, `deciders` people and gateways: what a final
says comes from the decisions that it names.
"""

PUBLIC_BYTES = 32


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
    sites: list[Id] = Field(default_factory=list)
    """Where they work; without any they serve every EHR."""
    shifts: list[Shift] = Field(default_factory=list)
    """When they are on duty; without any, always."""
    absent: list[Absence] = Field(default_factory=list)
    deputies: list[Id] = Field(default_factory=list)
    """Who is asked while they are off duty or away, most wanted first."""


class Submitter(_Model):
    """A key of the command line, which may submit proposals in the name of the listed agents."""

    kid: str
    x: str
    agents: list[Id]
    revoked: bool = False


class EnrolledAgent(_Model):
    """An agent that proposes through the hub, with signing keys of its own."""

    id: AgentId
    keys: list[Key]

    def active(self) -> dict[str, str]:
        """Return kid → public key of its unrevoked keys."""
        return {key.kid: key.x for key in self.keys if not key.revoked}


class Roster(_Model):
    """The people, agents and gateways of a workspace."""

    version: int
    people: list[Person]
    agents: list[EnrolledAgent] = Field(default_factory=list)
    submitters: list[Submitter] = Field(default_factory=list)
    gateways: list[Key] = Field(default_factory=list)
    admins: list[Key] = Field(default_factory=list)
    sites: list[Site] = Field(default_factory=list)

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
        people = {key.kid: key.x for found in self.people for key in found.keys if not key.revoked}
        if part == "people":
            return people
        if part == "proposers":
            own = {found.kid: found.x for found in self.submitters if not found.revoked}
            return own | {kid: x for found in self.agents for kid, x in found.active().items()}
        keys = self.admins if part == "admins" else self.gateways
        machines = {key.kid: key.x for key in keys if not key.revoked}
        return people | machines if part == "deciders" else machines

    def owner(self, kid: str) -> Person | None:
        """Return the person whose unrevoked key this is."""
        for found in self.people:
            if any(key.kid == kid and not key.revoked for key in found.keys):
                return found
        return None

    def agent_keys(self, agent: str) -> dict[str, str]:
        """Return kid → public key of an agent's own unrevoked keys; none if it is not enrolled."""
        return {kid: x for one in self.agents if one.id == agent for kid, x in one.active().items()}

    def may_speak_for(self, kid: str, agent: str) -> bool:
        """Tell whether an unrevoked key is the agent's own, or a submitter's that lists it."""
        return kid in self.agent_keys(agent) or any(
            found.kid == kid and agent in found.agents and not found.revoked
            for found in self.submitters
        )

    def knows(self, kid: str) -> bool:
        """Tell whether this is an unrevoked key of anyone: person, agent, submitter or machine."""
        return any(key.kid == kid and not key.revoked for key in self.every_key())

    def every_key(self) -> list[Key | Submitter]:
        """Return every key that the roster lists; an admin's stands in it twice."""
        people = [key for found in self.people for key in found.keys]
        agents = [key for found in self.agents for key in found.keys]
        return [*people, *agents, *self.submitters, *self.gateways, *self.admins]


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
        problem = first["msg"].removeprefix("Value error, ")
        raise BadInput(problem, field=f"roster.{where}", remedy="See docs/guides") from None
    check(roster)
    return roster


def check(roster: Roster) -> None:
    """Raise BadInput for the first thing in which the parts of a roster contradict each other."""
    _check_ids([found.id for found in roster.people], "people")
    _check_ids([found.id for found in roster.agents], "agents")
    _check_owners(roster)
    for key in roster.every_key():
        if thumbprint(key.x) != key.kid:
            raise BadInput(
                "a kid is not the thumbprint of its key", field="roster", remedy="Correct it"
            )
    for index, found in enumerate(roster.agents):
        for key in found.keys:
            check_public(key.x, f"roster.agents.{index}.keys")
    check_duty(roster)
    _check_lookalikes(roster)


def check_public(x: str, field: str) -> None:
    """Raise BadInput unless `x` is canonical base64url of 32 bytes, as an Ed25519 key is."""
    try:
        length = len(unb64url(x))
    except InvalidStatement:
        length = 0
    if length != PUBLIC_BYTES:
        raise BadInput(
            "not the x of an Ed25519 public key",
            field=field,
            remedy="Give the 32 public bytes as unpadded base64url",
        )


def _check_ids(ids: list[str], part: str) -> None:
    if len(set(ids)) != len(ids):
        raise BadInput(f"two {part} share an id", field=f"roster.{part}", remedy="Rename one")


def _check_owners(roster: Roster) -> None:
    """Let every key belong to one party only: no credential of an agent may decide or write."""
    people = [key.kid for found in roster.people for key in found.keys]
    agents = [key.kid for found in roster.agents for key in found.keys]
    for kids, part in ((people, "people"), (agents, "agents")):
        if len(set(kids)) != len(kids):
            raise BadInput(f"two {part} share a key", field=f"roster.{part}", remedy="Remove one")
    humans = {*people, *(key.kid for key in roster.admins)}
    machines = {one.kid for one in roster.submitters} | {key.kid for key in roster.gateways}
    if humans & machines:
        raise BadInput(
            "a person's key may not be a submitter's or a gateway's too",
            field="roster.people",
            remedy="Give each a key of its own",
        )
    if set(agents) & (humans | machines):
        raise BadInput(
            "an agent's key may not be a person's, an admin's, a submitter's or a gateway's too",
            field="roster.agents",
            remedy="Give the agent a key of its own",
        )


def _check_lookalikes(roster: Roster) -> None:
    """Refuse an agent whose id the eye takes for another's, enrolled or spoken for.

    Ids that submitters speak for are not compared with each other: rosters adopted before agents
    could be enrolled stay readable.
    """
    enrolled = {found.id for found in roster.agents}
    spoken_for = [name for one in roster.submitters for name in one.agents] if enrolled else []
    seen: dict[str, str] = {}
    for name in [*sorted(enrolled), *spoken_for]:
        for look in _looks(name):
            other = seen.get(look, name)
            if other != name and {name, other} & enrolled:
                raise BadInput(
                    f"{name} and {other} look alike, and people would take one for the other",
                    field="roster.agents",
                    remedy="Rename one",
                )
            seen[look] = name


def _looks(name: str) -> set[str]:
    """Return what an id looks like in both cases; dashes and underscores count as the same."""
    # Loaded here: a start without enrolled agents need not wait for it.
    from core.inert import skeleton

    plain = name.replace("_", "-")
    return {skeleton(plain).casefold(), skeleton(plain.casefold())}
