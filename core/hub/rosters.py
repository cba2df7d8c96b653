"""The `roster` register: who may sign what, in a chain that never goes back and forgets nobody.

Source: hub-protocol §3 (roster), §6 step 10. A roster revokes and never drops: rejections, recalls
and freezes of a key that was taken away go on counting (docs/adr/0026), and a reader who does not
find it any more would let what they stopped go on. The head names the roster that it goes by, so
that an older one which a hub serves, or a store put back from a backup holds, is noticed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.canonical import JsonObject, exact
from core.errors import CountersignError
from core.hub.fold import is_v1, number
from core.hub.head import Head
from core.hub.register import Gap, along, since, statement_in
from core.ports_hub import Held, Hub
from core.roster import Key, Roster, Submitter, parse_roster
from core.statement import InvalidStatement, peek, statement_digest, verify


@dataclass(frozen=True, slots=True)
class Listed:
    """One roster of the chain."""

    seq: int
    digest: str
    """Of its statement, by which the next one and the head name it."""
    roster: Roster
    prev: str = ""
    text: str = ""
    """The statement, for whoever verifies it by the admins of the one before."""
    at: str = ""
    """The version of the register up to which it was followed; empty: none is known."""


@dataclass(frozen=True, slots=True)
class FollowedRoster:
    """The roster in force, and whether that is what the register bears."""

    held: Held
    listed: Listed
    whole: bool


class RosterLost(Exception):
    """The register is gone, or documents between what was known and what is there are missing."""


def roster_payload(
    team: str, id_: str, at: str, document: str, before: Listed | None
) -> JsonObject:
    """Return what an admin signs; `document` is the whole roster."""
    return {
        "v": exact(1), "team": team, "id": id_, "at": at,
        "seq": exact(0 if before is None else before.seq + 1),
        "prev": "" if before is None else before.digest, "document": document,
    }  # fmt: skip


def read_listed(text: str | None, team: str) -> Listed | None:
    """Return a roster as its statement has it, its signature unverified: `follows` asks that."""
    try:
        payload = peek(text or "")
        seq = number(payload.get("seq"))
        document = payload.get("document")
        if payload.get("team") != team or not is_v1(payload) or seq is None:
            return None
        if not isinstance(document, str):
            return None
        roster = parse_roster(document)
    except CountersignError:
        return None
    made = Listed(seq, statement_digest(text or ""), roster, str(payload.get("prev")))
    return replace(made, text=text or "")


def follows(before: Listed, after: Listed) -> bool:
    """Tell whether `after` may follow: signed by an admin of the one before, nobody dropped."""
    if after.seq != before.seq + 1 or after.prev != before.digest:
        return False
    try:
        verify(after.text, "roster", before.roster.keys_for("roster"))
    except InvalidStatement:
        return False
    return not dropped(before.roster, after.roster) and bool(after.roster.keys_for("roster"))


def dropped(before: Roster, after: Roster) -> list[str]:
    """Return what a roster must not leave out: people, agents, keys; and keys no more revoked.

    Keys are counted where they stand: an admin's key that is only a person's any more is dropped.
    """
    missing = [f"person {one.id}" for one in before.people if one.id not in _ids(after.people)]
    missing += [f"agent {one.id}" for one in before.agents if one.id not in _ids(after.agents)]
    now = _keys(after)
    for place, key in _keys(before).items():
        found = now.get(place)
        if found is None:
            missing.append(f"key {place[1][:12]} of {place[0]}")
        elif key.revoked and not found.revoked:
            missing.append(f"the revocation of {place[1][:12]} of {place[0]}")
    return missing


async def follow_roster(hub: Hub, reference: str, known: Listed, team: str) -> FollowedRoster:
    """Read the register and follow the chain from `known`, which is kept where it goes back.

    Raises RosterLost, Unreachable or Refused.
    """
    held = await hub.read(reference)
    if held is None:
        raise RosterLost

    def read(one: Held) -> Listed | None:
        return read_listed(statement_in(one.resource), team)

    try:
        now = along(known, await since(hub, held, known.at), read, follows)
    except Gap:
        raise RosterLost from None
    newest = read(held)
    if newest is not None and newest.seq > now.seq + 1:
        raise RosterLost
    whole = newest is not None and newest.digest == now.digest
    return FollowedRoster(held, replace(now, at=held.version), whole)


def is_behind(head: Head, known: Listed) -> bool:
    """Tell whether the head names a newer roster than the one known, or another of its number.

    Nothing is sent by a roster that is behind: keys may have been revoked since. A head that names
    none binds nobody; one whose pointer cannot be read binds all.
    """
    pointer = head.payload.get("roster")
    if pointer is None:
        return False
    seq = number(pointer.get("seq")) if isinstance(pointer, dict) else None
    if not isinstance(pointer, dict) or seq is None or seq > known.seq:
        return True
    return seq == known.seq and pointer.get("digest") != known.digest


def _ids(found: object) -> set[str]:
    return {str(one.id) for one in found} if isinstance(found, list) else set()


def _keys(roster: Roster) -> dict[tuple[str, str], Key | Submitter]:
    """Return every key by whose it is and its kid."""
    found: dict[tuple[str, str], Key | Submitter] = {}
    for person in roster.people:
        found |= {(f"person {person.id}", key.kid): key for key in person.keys}
    for agent in roster.agents:
        found |= {(f"agent {agent.id}", key.kid): key for key in agent.keys}
    found |= {("the submitters", one.kid): one for one in roster.submitters}
    found |= {("the gateways", key.kid): key for key in roster.gateways}
    found |= {("the admins", key.kid): key for key in roster.admins}
    return found
