"""One run of freezes and the lease: two gateways that stand still and wake, people who freeze.

The steps are those of `core.hub.head`, `core.hub.lease` and `core.hub.sending`; here is only who
takes which when, and what each was told. One seed decides everything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from unittest.mock import patch

from core.canonical import JsonObject
from core.errors import Unreachable
from core.hub import head as heads
from core.hub import lease as leases
from core.hub import sending
from core.hub.fold import Rules
from core.hub.head import Head, Wish, first_head, read_head
from core.hub.lease import HEARTBEAT_S, Lease, Unfollowed, read_lease
from core.hub.register import register
from core.hub.sending import Clearance
from core.incident.freeze import Target
from core.ports_hub import Held
from core.roster import Key
from core.statement import sign
from tests.fakes import START, FakeIds
from tests.sim.chance import Chance, Dice
from tests.sim.invariants import Violation
from tests.sim.loop import VirtualLoop, run
from tests.sim.team.hub import PERSONALITIES, TeamHub, TeamWire
from tests.sim.team.judge import Judge
from tests.sim.team.world import SimClock, TeamOutcome, remembered
from tests.team import REVIEWERS, SIGNERS, TEAM, Team, roster, signer_of

EHR = "north-ehr"
HEAD, LEASE = "Library/1", "Library/2"
TIMEOUT_S = 20.0
STORMY_S, CALM_S = 5400.0, 1800.0
AGENTS = ("scribe-1", "front-desk-1")
NAMES = ("gateway", "gateway-2")
LIVELY = ("fair", "racy")
"""Servers on which a lease can be kept: the others list a version too late to go by it."""


class Standing(TeamWire):
    """A gateway's way to the hub; an answer is only heard by a process that runs."""

    def __init__(self, hub: TeamHub, chance: Chance):
        super().__init__(hub, chance)
        self.chance = chance
        self.wakes = 0.0
        self.slept = 0.0

    async def awake(self) -> None:
        """Wait until the machine runs."""
        loop = asyncio.get_running_loop()
        while self.wakes > loop.time():  # noqa: ASYNC110  the time is virtual, and may be put off
            await asyncio.sleep(self.wakes - loop.time())

    def suspend(self, span: float) -> None:
        now = asyncio.get_running_loop().time()
        if self.wakes <= now:
            self.wakes, self.slept = now + span, self.slept + span

    async def read(self, reference: str) -> Held | None:
        return await self._heard(super().read(reference))

    async def version(self, reference: str, version: str) -> Held | None:
        return await self._heard(super().version(reference, version))

    async def history(self, reference: str) -> list[Held]:
        return await self._heard(super().history(reference))

    async def replace(self, held: Held, resource: JsonObject) -> None:
        return await self._heard(super().replace(held, resource))

    async def _heard(self, call):  # type: ignore[no-untyped-def]
        try:
            return await call
        finally:
            await self.awake()


@dataclass
class Gateway:
    """A store and its process; the store outlives it. Everything between two awaits is one step."""

    world: Gateways
    name: str
    wire: Standing
    clearance: Clearance
    flights: dict[str, float] = field(default_factory=dict)
    number: int = 0
    parting: bool = False

    def counter(self) -> float:
        """Return seconds that go on while the machine sleeps."""
        return self.world.loop.time()

    async def live(self) -> None:
        await asyncio.gather(self._beats(), self._sends(), self._sends(), self._stands_still())

    @property
    def over(self) -> bool:
        return self.world.loop.time() >= STORMY_S + CALM_S

    async def _stands_still(self) -> None:
        chance = self.wire.chance
        while not self.over:
            await asyncio.sleep(chance.between(60, 1500))
            if chance.happens("suspended", 0.5):
                long = chance.rng.random() < 0.6
                self.wire.suspend(chance.between(900, 2000) if long else chance.between(2, 120))
            elif self.clearance.holds and chance.happens("hands-over", 0.4):
                # Stopped by its people: it sends no more before it says so.
                self.clearance = replace(self.clearance, holds=False)
                self.parting = True

    async def _beats(self) -> None:
        watched = None
        while not self.over:
            await self.wire.awake()
            try:
                await self._hears()
                if self.clearance.holds or self.parting:
                    await self._holds("released" if self.parting else "held")
                else:
                    watched = await self._waits(watched)
            except leases.Behind as error:
                if not self.clearance.holds:
                    self.clearance = replace(self.clearance, lease=error.reached)
            except (Unreachable, heads.Broken, Unfollowed) as error:
                self.world.say(self.name, f"hears nothing: {type(error).__name__}")
            await asyncio.sleep(HEARTBEAT_S if self.clearance.holds else 30)

    async def _hears(self) -> None:
        asked = self.counter()
        found = await heads.follow_head(self.wire, HEAD, self.clearance.head, self.world.rules)
        self.clearance = sending.heard(self.clearance, found, asked)

    async def _holds(self, phase: leases.Phase) -> None:
        begun, known = self.counter(), self.clearance
        beat = await leases.heartbeat(
            self.world.party(self.wire, self.name), LEASE, EHR, known.lease, known.head.seq,
            tuple(self.flights), phase,
        )  # fmt: skip
        if beat.status in ("lost", "released"):
            self.parting = False
        self._learn(beat, begun)

    async def _waits(self, watched: leases.Watched | None) -> leases.Watched | None:
        """Watch the lease of another, and take it once that may be."""
        known = self.clearance
        _, seen = await leases.follow_lease(self.wire, LEASE, known.lease, EHR, self.world.rules)
        self.clearance = replace(known, lease=seen)
        watched = leases.watch(watched, seen.at, self.counter())
        if not leases.may_take(seen, watched, self.counter()):
            return watched
        begun = self.counter()
        signer = SIGNERS[self.name]
        mine = Lease(0, f"ledger-{self.name}", signer.kid, known.head.seq, tuple(self.flights))
        beat = await leases.take(
            self.world.party(self.wire, self.name), LEASE, EHR, seen, mine, watched, self.counter()
        )
        self._learn(beat, begun)
        return None

    def _learn(self, beat: leases.Beat, begun: float) -> None:
        self.world.say(self.name, f"{beat.status} epoch {beat.lease.epoch} {beat.lease.head_seq}")
        self.clearance = sending.beaten(self.clearance, beat, begun)
        if beat.status == "held":
            self.world.judge.holds(self.name, beat.lease)

    async def _sends(self) -> None:
        chance = self.wire.chance
        while not self.over:
            await asyncio.sleep(chance.between(0.2, 12))
            await self.wire.awake()
            agent = chance.rng.choice(AGENTS)
            target = Target({"agent": agent, "ehr": EHR}, ())
            why = sending.stopped_by(self.clearance, target, self.counter(), TIMEOUT_S)
            if why is not None:
                self.world.judge.stopped.add(why)
                continue
            self.number += 1
            operation = f"{self.name}-{self.number}"
            self.flights[operation] = self.world.loop.time()
            self.world.judge.leaves(self.name, self.clearance.lease.epoch, operation, agent)
            self.world.loop.create_task(self._ends(operation, chance.between(0.2, 90)))

    async def _ends(self, operation: str, after: float) -> None:
        await asyncio.sleep(after)
        await self.wire.awake()
        self.flights.pop(operation, None)
        self.world.judge.flying.pop(operation, None)


@dataclass
class Freezer:
    """A person who freezes, is told how far it is, and whose freeze another lifts."""

    world: Gateways
    who: str
    wire: TeamWire
    chance: Chance
    head: Head
    lease: Lease

    async def live(self) -> None:
        number = 0
        while self.world.loop.time() < STORMY_S:
            await asyncio.sleep(self.chance.between(20, 600))
            number += 1
            scope: JsonObject = {"agent": self.chance.rng.choice(AGENTS)}
            if self.chance.rng.random() < 0.2:
                scope = {}
            await self._freezes(f"{self.who}-{number}", scope)

    async def _freezes(self, id_: str, scope: JsonObject) -> None:
        party = self.world.party(self.wire, self.who)
        done = await self._tries(party, Wish(id_, "wrong dose", scope))
        if done is None or done.status != heads.STORED or done.in_force is None:
            return
        self.world.say(self.who, f"{id_} stored as {done.head.seq}")
        loop, judge = self.world.loop, self.world.judge
        at = (done.in_force - START).total_seconds()
        judge.in_force(id_, scope, at)
        until = loop.time() + self.chance.between(20, 500)
        await self._asks(id_, scope, done.head.seq, until)
        await asyncio.sleep(max(0.0, until - loop.time()))
        # Another lifts it; what may be lifted is broken by nothing a moment too early.
        judge.frozen.pop(id_, None)
        other = self.chance.rng.choice([one for one in REVIEWERS if one != self.who])
        await self._tries(
            self.world.party(self.wire, other), Wish(f"{id_}-t", "checked", thaws=(id_,))
        )

    async def _asks(self, id_: str, scope: JsonObject, seq: int, until: float) -> None:
        while not await self._confirmed(id_, scope, seq):
            await asyncio.sleep(self.chance.between(1, 8))
            if self.world.loop.time() >= until:
                return

    async def _tries(self, party: heads.Party, wish: Wish) -> heads.Frozen | None:
        for _ in range(20):
            try:
                done = await heads.change_head(party, HEAD, self.head, wish)
            except Unreachable:
                await asyncio.sleep(self.chance.between(1, 20))
                continue
            self.head = done.head
            if done.status in (heads.STORED, heads.REFUSED):
                return done
            await asyncio.sleep(self.chance.between(1, 20))
        return None

    async def _confirmed(self, id_: str, scope: JsonObject, seq: int) -> bool:
        try:
            _, seen = await leases.follow_lease(self.wire, LEASE, self.lease, EHR, self.world.rules)
        except leases.Behind as error:
            self.lease = error.reached
            return False
        except (Unreachable, Unfollowed):
            return False
        self.lease = seen
        if not leases.confirms(seen, seq):
            return False
        self.world.say(self.who, f"{id_} confirmed by epoch {seen.epoch}")
        holder = next(one for one in self.world.gateways if SIGNERS[one.name].kid == seen.kid)
        self.world.judge.confirms(id_, scope, seen, dict(holder.flights))
        return True


class Gateways:
    """The state of one run."""

    def __init__(self, seed: int, loop: VirtualLoop, hub: TeamHub, dice: Dice):
        self.loop, self.hub, self.dice = loop, hub, dice
        self.judge = Judge(loop)
        self.lines: list[str] = []
        SIGNERS.setdefault(NAMES[1], signer_of(NAMES[1]))
        admin = signer_of("admin")
        keys = [Key(kid=SIGNERS[name].kid, x=SIGNERS[name].x) for name in NAMES]
        admins = [Key(kid=admin.kid, x=admin.x)]
        self.rules = Rules(TEAM, roster().model_copy(update={"gateways": keys, "admins": admins}))
        self.team = Team(2, FakeIds(), SimClock(loop), self.rules)
        head = self._head(admin)
        lease = self._lease()
        self.gateways = [
            Gateway(self, name, Standing(hub, Chance(dice, name)),
                    Clearance(head, lease, 0.0, 0.0, holds=name == NAMES[0]))
            for name in NAMES
        ]  # fmt: skip
        self.judge.holds(NAMES[0], lease)
        self.people = [
            Freezer(self, who, TeamWire(hub, Chance(dice, who)), Chance(dice, f"{who}-acts"),
                    head, lease)
            for who in REVIEWERS[:2]
        ]  # fmt: skip

    def party(self, hub: TeamWire, name: str) -> heads.Party:
        return self.team.party(hub, name)

    def say(self, who: str, what: str) -> None:
        self.lines.append(f"{self.loop.time():9.2f} {who} {what}")

    def _head(self, admin) -> Head:  # type: ignore[no-untyped-def]
        text = sign("head", first_head(TEAM, "h0", "2026-11-23T09:00:00.000Z"), admin).text
        self.hub.post(register(f"{TEAM}/head", "0", text))
        found = read_head(text, self.rules)
        assert found is not None
        return found[0]

    def _lease(self) -> Lease:
        signer = SIGNERS[NAMES[0]]
        mine = Lease(1, f"ledger-{NAMES[0]}", signer.kid, 0)
        text = leases._signed(self.team.party(TeamWire(self.hub, Chance(self.dice, "x")), NAMES[0]),
                              EHR, mine)  # fmt: skip
        self.hub.post(register(f"{TEAM}/gateway.{EHR}", "1", text))
        found = read_lease(text, EHR, self.rules)
        assert found is not None
        return found

    async def live(self) -> None:
        async def heal() -> None:
            await asyncio.sleep(STORMY_S)
            self.dice.healed = True

        people = [one.live() for one in self.people]
        await asyncio.gather(heal(), *(one.live() for one in self.gateways), *people)

    def ended(self) -> None:
        """Judge a run after its faults have stopped and everybody has had time."""
        holders = [one for one in self.gateways if one.clearance.holds]
        if self.hub.personality.name in LIVELY and len(holders) != 1:
            names: Sequence[str] = [one.name for one in holders]
            self.judge.blame("stranded", f"the lease is held by {names or 'nobody'}")


def simulate_gateways(
    seed: int, personality: str | None = None, muted: frozenset[str] = frozenset()
) -> TeamOutcome:
    """Live one run and return what it came to; without a personality the seed chooses one."""
    names = sorted(PERSONALITIES)
    chosen = personality or names[seed % len(names)]
    loop = VirtualLoop(seed)
    hub = TeamHub(PERSONALITIES[chosen], loop.time)
    dice = Dice(seed, muted)
    world = Gateways(seed, loop, hub, dice)
    with (
        patch("core.hub.head.verify", remembered),
        patch("core.hub.lease.verify", remembered),
    ):
        run(loop, world.live())
    world.ended()
    judge = world.judge
    return TeamOutcome(seed, chosen, judge.violations, dice.fired, world.lines, judge.left)


def violations(seed: int, personality: str) -> list[Violation]:
    """Return what one run breaks."""
    return simulate_gateways(seed, personality).violations
