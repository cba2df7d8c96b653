"""The `head` register: the team's freezes, signed, in a chain that never goes back.

Source: hub-protocol §3 (head), §6 step 8, design §14.4. A person may add freezes; a thaw is signed
by somebody else than who froze, with a reason; only an admin moves a pointer. A document that does
not follow is no head: the last good one stands, and nothing is sent by it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.canonical import Json, JsonObject, exact
from core.errors import Unreachable
from core.hub.deciding import ATTEMPTS, CONTENDED, Party
from core.hub.fold import Rules, is_v1, number
from core.hub.register import Gap, along, replaced, since, statement_in
from core.ledger.event import instant
from core.ports_hub import Held, Hub, Lost
from core.statement import InvalidStatement, Statement, sign, verify

L_S = 10
"""How long a gateway may go by a head, counted from the start of its read."""
STORED, REFUSED, BROKEN = "stored", "refused", "broken-chain"


@dataclass(frozen=True, slots=True)
class Head:
    """One document of the chain."""

    seq: int
    digest: str
    payload: JsonObject
    at: str = field(default="", compare=False)
    """The version of the register up to which it was followed; empty: none is known."""

    @property
    def freezes(self) -> dict[str, JsonObject]:
        """The freezes in force by their ids."""
        return {str(one["id"]): one for one in _objects(self.payload.get("freezes"))}


@dataclass(frozen=True, slots=True)
class Frozen:
    """How asking for a freeze or a thaw ended; only `stored` did.

    `in_force` is when no gateway goes by an older head any more: one may have begun to read until
    we saw ours, and uses what it read for L.
    """

    status: str
    head: Head
    in_force: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants of the head: one freeze more, or some less."""

    id: str
    reason: str
    scope: JsonObject = field(default_factory=dict)
    thaws: tuple[str, ...] = ()


def first_head(team: str, id_: str, at: str) -> JsonObject:
    """Return the payload that an admin signs at `init`."""
    return {"v": exact(1), "team": team, "id": id_, "at": at, "seq": exact(0), "prev": "",
            "freezes": [], "thaws": [], "roster": None, "policy": None}  # fmt: skip


def read_head(text: str | None, rules: Rules) -> tuple[Head, Statement] | None:
    """Return a validly signed head of this team; None for anything else.

    Revoked keys count as links of the chain: what they froze stays frozen (`follows`).
    """
    everybody = [key for one in rules.roster.people for key in one.keys]
    keys = {key.kid: key.x for key in (*everybody, *rules.roster.admins)}
    try:
        found = verify(text or "", "head", keys)
    except InvalidStatement:
        return None
    seq = number(found.payload.get("seq"))
    whole = found.payload.get("team") == rules.team and is_v1(found.payload)
    ids = [one.get("id") for one in _objects(found.payload.get("freezes"))]
    named = all(isinstance(one, str) for one in ids) and len(set(map(str, ids))) == len(ids)
    if not whole or seq is None or not named:
        return None
    return Head(seq, found.digest, found.payload), found


def follows(before: Head, after: Head, by: Statement, rules: Rules) -> bool:
    """Tell whether `after` may follow `before`, by what its signer may do."""
    if after.seq != before.seq + 1 or after.payload.get("prev") != before.digest:
        return False
    who = _person(by.kid, rules)
    is_admin = by.kid in rules.roster.keys_for("adoption")
    pointers = all(after.payload.get(n) == before.payload.get(n) for n in ("roster", "policy"))
    if not pointers and not is_admin:
        return False
    reasons = {
        str(one.get("id")): one.get("reason") for one in _objects(after.payload.get("thaws"))
    }
    old, new = before.freezes, after.freezes
    live = by.kid in rules.roster.keys_for("head")
    if not live and not is_admin and not set(old) <= set(new):
        return False
    if any(one.get("by") != who or not who for id_, one in new.items() if id_ not in old):
        return False
    if any(new[id_] != old[id_] for id_ in old if id_ in new):
        return False
    return all(
        who and one.get("by") != who and reasons.get(id_)
        for id_, one in old.items()
        if id_ not in new
    )


@dataclass(frozen=True, slots=True)
class Followed:
    """The register as read, the head in force, and whether that is what the register bears.

    Where it is not, nothing is sent, and the next document goes on from the head in force.
    """

    held: Held
    head: Head
    whole: bool


class Broken(Exception):
    """The register is gone, or documents between what was known and what is there are missing."""


async def follow_head(hub: Hub, reference: str, known: Head, rules: Rules) -> Followed:
    """Read the register and follow the chain from `known` through every document between.

    Of two documents that follow the same one, the first in version order counts, as a server may
    let both through. Raises Broken, Unreachable or Refused.
    """
    held = await hub.read(reference)
    if held is None:
        raise Broken

    def read(one: Held) -> _Signed | None:
        found = read_head(statement_in(one.resource), rules)
        return None if found is None else _Signed(*found)

    def goes_on(before: _Signed, after: _Signed) -> bool:
        return after.by is not None and follows(before.head, after.head, after.by, rules)

    try:
        # Between two reads more than one may have been stored, and a later one hide the first.
        now = along(_Signed(known), await since(hub, held, known.at), read, goes_on).head
    except Gap:
        raise Broken from None
    newest = read(held)
    if newest is not None and newest.head.seq > now.seq + 1:
        raise Broken
    whole = newest is not None and newest.digest == now.digest
    return Followed(held, replace(now, at=held.version), whole)


@dataclass(frozen=True, slots=True)
class _Signed:
    """A head with the statement that signs it, where it is not the one known."""

    head: Head
    by: Statement | None = None

    @property
    def digest(self) -> str:
        """Return what the next document names it by."""
        return self.head.digest


async def change_head(party: Party, reference: str, known: Head, wish: Wish) -> Frozen:
    """Add a freeze or take some away, by CAS; repeat it with the same wish as often as wanted."""
    head = known
    for _ in range(ATTEMPTS):
        try:
            seen = await follow_head(party.hub, reference, head, party.rules)
        except Broken:
            return Frozen(BROKEN, head)
        held, head = seen.held, seen.head
        if seen.whole and _is_done(head, wish):
            by = party.clock.bounds().hi + timedelta(seconds=L_S)
            return Frozen(STORED, head, by)
        text = _next(party, head, wish)
        found = read_head(text, party.rules)
        if found is None or not follows(head, *found, party.rules):
            return Frozen(REFUSED, head)
        try:
            await party.hub.replace(held, replaced(held.resource, str(found[0].seq), text))
        except (Lost, Unreachable):
            # Whether it was stored, the next read says.
            continue
    return Frozen(CONTENDED, head)


def _is_done(head: Head, wish: Wish) -> bool:
    if wish.thaws:
        return not set(wish.thaws) & set(head.freezes)
    return wish.id in head.freezes


def _person(kid: str, rules: Rules) -> str:
    """Return whose key this is, or was; empty for nobody's."""
    owners = (one.id for one in rules.roster.people if kid in {key.kid for key in one.keys})
    return next(owners, "")


def _next(party: Party, head: Head, wish: Wish) -> str:
    person = party.rules.roster.owner(party.signer.kid)
    who = "" if person is None else person.id
    kept: list[Json] = [one for id_, one in head.freezes.items() if id_ not in wish.thaws]
    if not wish.thaws:
        kept.append({"id": wish.id, "scope": wish.scope, "by": who, "reason": wish.reason})
    thaws: list[Json] = [{"id": id_, "reason": wish.reason} for id_ in wish.thaws]
    payload: JsonObject = {
        **head.payload,
        "id": party.ids.uuid(),
        "at": instant(party.clock.now()),
        "seq": exact(head.seq + 1),
        "prev": head.digest,
        "freezes": kept,
        "thaws": thaws,
    }
    return sign("head", payload, party.signer).text


def _objects(value: object) -> list[JsonObject]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
