"""The `gateway.<ehr>` register: which store may send to an EHR, and what it confirms.

Source: hub-protocol §6 steps 8 and 9. The holder is a store, not a process. Its heartbeats carry
the head that it goes by and the writes in flight, read in one transaction: that is what turns a
freeze from stored into confirmed. Another takes over only after it saw one and the same version for
the term and a margin, on a counter of its own that also counts while the machine sleeps.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from core.canonical import JsonObject, exact
from core.errors import Unreachable
from core.hub.deciding import Party
from core.hub.fold import Rules, number
from core.hub.head import L_S
from core.hub.register import Gap, Interrupted, along, replaced, since, statement_in
from core.ledger.event import instant
from core.ports_hub import Held, Hub, Lost
from core.statement import InvalidStatement, sign, verify

TERM_S = 900
MARGIN_S = 60
HEARTBEAT_S = L_S / 2
"""The longest time between two heartbeats, so that a freeze is confirmed soon."""

Phase = Literal["held", "released"]


@dataclass(frozen=True, slots=True)
class Lease:
    """One document of the register."""

    epoch: int
    ledger: str
    """The id of the holder's ledger."""
    kid: str
    head_seq: int
    """The head that the holder goes by."""
    in_flight: tuple[str, ...] = ()
    """Operations whose bytes may have left and whose end is not known."""
    phase: Phase = "held"
    term_s: int = TERM_S
    prev: str = field(default="", compare=False)
    """The digest of the document that it follows."""
    digest: str = field(default="", compare=False)
    live: bool = field(default=True, compare=False)
    """False where its key was revoked: it ends a tenure and confirms nothing."""
    at: str = field(default="", compare=False)
    """The version of the register up to which it was followed; empty: none is known."""


class Unfollowed(Exception):
    """The register is gone, or versions between what was known and what is there are missing."""


class Behind(Unreachable):
    """The hub went away before the newest version was reached.

    Heartbeats make many versions: who follows goes on from `reached`, and does not begin anew.
    """

    def __init__(self, reached: Lease, why: Unreachable):
        super().__init__(why.problem, remedy=why.remedy)
        self.reached = reached


def read_lease(text: str | None, ehr: str, rules: Rules) -> Lease | None:
    """Return a validly signed lease of this team for this EHR; None for anything else."""
    try:
        found = verify(text or "", "lease", {key.kid: key.x for key in rules.roster.gateways})
    except InvalidStatement:
        return None
    said = found.payload
    numbers = [number(said.get(name)) for name in ("epoch", "head_seq", "term_s")]
    flying, phase = said.get("in_flight"), said.get("state")
    whole = (said.get("team"), said.get("ehr")) == (rules.team, ehr) and said.get(
        "kid"
    ) == found.kid
    if not whole or phase not in ("held", "released") or not isinstance(flying, list):
        return None
    epoch, head, term = numbers
    if epoch is None or head is None or term is None:
        return None
    live = found.kid in rules.roster.keys_for("lease")
    made = Lease(
        epoch, str(said.get("ledger")), found.kid, head, tuple(map(str, flying)), phase, term
    )
    return replace(made, prev=str(said.get("prev")), digest=found.digest, live=live)


def follows(before: Lease, after: Lease) -> bool:
    """Tell whether `after` may follow: its holder's next word, or the next epoch of anybody.

    Whether a taker waited long enough only its own counter knows; the EHR's next write is fenced by
    the epoch. Each names the document before it: who did not see the newest one takes nothing over.
    """
    if after.prev != before.digest:
        return False
    if after.epoch == before.epoch:
        same = (after.ledger, after.kid) == (before.ledger, before.kid)
        return same and before.phase == "held" and after.head_seq >= before.head_seq
    return after.epoch == before.epoch + 1 and after.head_seq >= before.head_seq


async def follow_lease(
    hub: Hub, reference: str, known: Lease, ehr: str, rules: Rules
) -> tuple[Held, Lease]:
    """Read the register and return the lease in force: the first of each epoch in version order.

    Raises Unfollowed; Behind, whose lease is the one to go on from, where the hub went away midway;
    Unreachable or Refused.
    """
    held = await hub.read(reference)
    if held is None:
        raise Unfollowed

    def read(one: Held) -> Lease | None:
        return read_lease(statement_in(one.resource), ehr, rules)

    try:
        now = along(known, await since(hub, held, known.at), read, follows)
    except Gap:
        raise Unfollowed from None
    except Interrupted as error:
        seen = along(known, error.found, read, follows)
        at = error.found[-1].version if error.found else known.at
        raise Behind(replace(seen, at=at), error) from None
    newest = read(held)
    if newest is not None and newest.live and newest.epoch > now.epoch + 1:
        # A tenure between was not seen, so that nobody here may say whose it is now.
        raise Unfollowed
    return held, replace(now, at=held.version)


@dataclass(frozen=True, slots=True)
class Beat:
    """How a heartbeat or a takeover ended; `lease` is the one in force as far as known.

    `held` only where the register shows ours in force after it was stored; `released` where that
    word was its holder's last. `unsure` where it is not known: nothing is renewed then. `lost`
    where another store holds it.
    """

    status: Literal["held", "released", "lost", "unsure", "too-early"]
    lease: Lease


async def heartbeat(
    party: Party,
    reference: str,
    ehr: str,
    known: Lease,
    head_seq: int,
    in_flight: tuple[str, ...],
    phase: Phase = "held",
) -> Beat:
    """Store the holder's next word: the head that it goes by and the writes in flight, as of now.

    `known` is the holder's lease as it was last seen in force. Whoever calls reads head and flights
    in one immediate transaction, so that no write under an older head can follow, and counts the
    term from before the call. `released` is a holder's last word: another may take over at once.
    """
    try:
        held, seen = await follow_lease(party.hub, reference, known, ehr, party.rules)
    except Unfollowed:
        return Beat("unsure", known)
    if not _is_holder(seen, known) or seen.phase != "held" or not seen.live:
        return Beat("lost", seen)
    if head_seq < seen.head_seq:
        # A holder that knows an older head than it told has forgotten: nothing is renewed.
        return Beat("unsure", seen)
    next_ = replace(seen, head_seq=head_seq, in_flight=in_flight, phase=phase)
    return await _store(party, reference, ehr, held, seen, next_)


@dataclass(frozen=True, slots=True)
class Watched:
    """How long a taker has seen one and the same version; seconds of its own counter.

    The counter must go on while the machine sleeps (CLOCK_BOOTTIME).
    """

    version: str
    since: float


def watch(before: Watched | None, version: str, now: float) -> Watched:
    """Return what is watched after the register was read at `now`."""
    if before is not None and before.version == version and now >= before.since:
        return before
    return Watched(version, now)


def may_take(seen: Lease, watched: Watched, now: float) -> bool:
    """Tell whether the lease may be taken over now."""
    if watched.version != seen.at:
        return False
    return seen.phase == "released" or now - watched.since >= seen.term_s + MARGIN_S


async def take(
    party: Party, reference: str, ehr: str, known: Lease, mine: Lease, watched: Watched, now: float
) -> Beat:
    """Take the lease over as the next epoch; `mine` names the taker's ledger, head and flights.

    The taker sends nothing before it has caught up whole and has read back every dispatch without
    an outcome.
    """
    try:
        held, seen = await follow_lease(party.hub, reference, known, ehr, party.rules)
    except Unfollowed:
        return Beat("unsure", known)
    if not may_take(seen, watched, now):
        return Beat("too-early", seen)
    if mine.head_seq < seen.head_seq:
        # A freeze that the holder went by, and the taker has not seen, would be confirmed by it.
        return Beat("unsure", seen)
    flying = tuple(dict.fromkeys((*seen.in_flight, *mine.in_flight)))
    claim = replace(mine, epoch=seen.epoch + 1, in_flight=flying, phase="held")
    return await _store(party, reference, ehr, held, seen, claim)


def sends_until(begun: float, term_s: int, timeout_s: float) -> float:
    """Return until when the holder may let a first byte out, on its own counter.

    `begun` is when its last good heartbeat began; it stops one request timeout before the term.
    """
    return begun + term_s - timeout_s


def confirms(lease: Lease, head_seq: int) -> bool:
    """Tell whether the holder said that it goes by that head or a newer one.

    A freeze of that head is then in force at this gateway, and `in_flight` is all that left before.
    """
    return lease.live and lease.head_seq >= head_seq


async def _store(
    party: Party, reference: str, ehr: str, held: Held, before: Lease, wanted: Lease
) -> Beat:
    """Store a document after `before`, which is in force at `held`, and see what came of it."""
    text = _signed(party, ehr, replace(wanted, prev=before.digest))
    ours = read_lease(text, ehr, party.rules)
    if ours is None or not ours.live:
        return Beat("lost", before)
    try:
        await party.hub.replace(held, replaced(held.resource, str(wanted.epoch), text))
        # On a server whose compare-and-set races, an answer proves nothing: the versions do.
        _, seen = await follow_lease(party.hub, reference, before, ehr, party.rules)
    except (Lost, Unfollowed, Unreachable):
        return Beat("unsure", before)
    if seen.digest == ours.digest:
        return Beat("held" if seen.phase == "held" else "released", seen)
    return Beat("unsure" if _is_holder(seen, before) else "lost", seen)


def _is_holder(seen: Lease, mine: Lease) -> bool:
    return (seen.epoch, seen.ledger, seen.kid) == (mine.epoch, mine.ledger, mine.kid)


def _signed(party: Party, ehr: str, lease: Lease) -> str:
    payload: JsonObject = {
        "v": exact(1),
        "team": party.rules.team,
        "id": party.ids.uuid(),
        "at": instant(party.clock.now()),
        "ehr": ehr,
        "epoch": exact(lease.epoch),
        "ledger": lease.ledger,
        "kid": party.signer.kid,
        "term_s": exact(lease.term_s),
        "head_seq": exact(lease.head_seq),
        "in_flight": exact(list(lease.in_flight)),
        "state": lease.phase,
        "prev": lease.prev,
    }
    return sign("lease", payload, party.signer).text
