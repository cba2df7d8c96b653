"""One run: three reviewers at consoles, an agent, a rewriting client and a gateway on one hub.

One seed decides everything. The steps are those of `core.hub`; here is only who takes which when.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from unittest.mock import patch

from core.errors import Unreachable
from core.hub import deciding, filing
from core.hub.deciding import Result
from core.hub.task import outputs
from core.hub.trail import Trail
from core.ports_hub import Hub, Lost
from core.statement import Statement, verify
from tests.fakes import START, FakeIds, LoneClock
from tests.sim.chance import Chance, Dice
from tests.sim.invariants import Violation
from tests.sim.loop import VirtualLoop, run
from tests.sim.team.hub import PERSONALITIES, TeamHub, TeamWire
from tests.sim.team.oracle import QUORUM, Oracle
from tests.team import AGENT, REVIEWERS, Team, bearing

STORMY_S = 900.0
CALM_S = 1200.0
TASKS = 2


@dataclass(frozen=True)
class TeamOutcome:
    """What a run came to."""

    seed: int
    personality: str
    violations: list[Violation]
    fired: list[str]
    lines: list[str]
    sent: int


class SimClock(LoneClock):
    def __init__(self, loop: VirtualLoop):
        self._loop = loop

    def now(self) -> datetime:
        return START + timedelta(seconds=self._loop.time())


@lru_cache(maxsize=65536)
def _verified(text: str, kind: str, keys: tuple[tuple[str, str], ...]) -> Statement:
    return verify(text, kind, dict(keys))


def remembered(text: str, kind: str, keys: dict[str, str]) -> Statement:
    """Verify as the product does; what holds once holds again."""
    return _verified(text, kind, tuple(keys.items()))


@dataclass
class World:
    seed: int
    loop: VirtualLoop
    dice: Dice
    hub: TeamHub
    oracle: Oracle
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        ids, clock = FakeIds(), SimClock(self.loop)
        self.teams = [
            Team(QUORUM, ids, clock, task=f"Task/{number + 1}") for number in range(TASKS)
        ]

    @property
    def stormy(self) -> bool:
        return not self.dice.healed

    def say(self, who: str, what: str) -> None:
        self.lines.append(f"{self.loop.time():9.2f} {who} {what}")

    def learn(self, who: str, team: Team, what: str, result: Result) -> None:
        """Take up what a party concludes from a step."""
        self.say(who, f"{team.task} {what}: {result.status}")
        self.oracle.alarmed(team.task, result.alarms)
        unsure = (deciding.PENDING, deciding.CONTENDED, deciding.VANISHED, deciding.FULL)
        if result.standing.final is not None and result.status not in unsure:
            self.oracle.told_final(team.task, who, result.standing.final.id)


@dataclass
class Console:
    """A reviewer at a laptop, which may be offline or closed; what is signed is durable."""

    world: World
    who: str
    chance: Chance
    wire: Hub

    async def live(self) -> None:
        await asyncio.gather(*(self._decides(team) for team in self.world.teams))

    async def _decides(self, team: Team) -> None:
        # Often they all look at once, when a meeting ends; that is when writes race.
        meets = self.chance.rng.random() < 0.6
        await asyncio.sleep(
            30.0 * self.world.teams.index(team) + self.chance.between(20, 23)
            if meets
            else self.chance.between(5, 90)
        )
        if self.chance.happens("offline", 0.2):
            await asyncio.sleep(self.chance.between(60, 900))
        dice = self.chance.rng.random()
        outcome = "approve" if dice < 0.78 else "reject" if dice < 0.93 else "defer"
        votes = [team.decision(self.who, outcome)]
        if outcome == "approve" and self.chance.rng.random() < 0.25:
            votes.append(team.decision(self.who, outcome))
        # Two windows of one person, each with a decision of its own.
        await asyncio.gather(
            *(self._brings(team, "decision", text, self._push(team, text)) for text in votes)
        )

    def _push(self, team: Team, text: str) -> Callable[[Trail], Awaitable[Result]]:
        party = team.party(self.wire, self.who)
        return lambda trail: deciding.push(party, team.slot, text, trail)

    async def _brings(
        self, team: Team, kind: str, text: str, step: Callable[[Trail], Awaitable[Result]]
    ) -> None:
        """File a statement and push it until its fate is known, or the laptop is closed."""
        await self._files(team, kind, text)
        if self.chance.happens("closes", 0.15):
            self.world.say(self.who, f"{team.task} closes the laptop")
            return
        trail = Trail()
        while True:
            try:
                result = await step(trail)
            except Unreachable:
                await asyncio.sleep(self.chance.between(2, 30))
                continue
            trail = result.trail
            self.world.learn(self.who, team, kind, result)
            if self._is_done(team, kind, text, result):
                break
            if not self.world.stormy and self.world.loop.time() > STORMY_S + CALM_S / 2:
                break
            await asyncio.sleep(self.chance.between(5, 40))
        if kind == "decision":
            await self._regrets(team, result)

    async def _files(self, team: Team, kind: str, text: str) -> None:
        again = False
        while True:
            try:
                await filing.file(self.wire, team.task, kind, [text], again=again)
                break
            except Unreachable:
                again = True
                await asyncio.sleep(self.chance.between(2, 30))
        if kind == "decision":
            self.world.oracle.filed[team.task].add(text)

    def _is_done(self, team: Team, kind: str, text: str, result: Result) -> bool:
        oracle = self.world.oracle
        if kind == "recall":
            if result.status == "recalled":
                oracle.acknowledged(team.task, f"recalled by {self.who}")
            return result.status in ("recalled", "too-late", "nothing-to-recall")
        id_ = filing.peek(text)["id"]
        if id_ in {key[-1] for key in result.standing.seen} and result.status in (
            "pending",
            "effective",
            "parked",
        ):
            oracle.kept[team.task].add(id_)
        if result.status == "parked":
            oracle.acknowledged(team.task, f"objected to by {self.who}")
        return result.status in ("effective", "superseded", "parked", "too-late", "void")

    async def _regrets(self, team: Team, result: Result) -> None:
        approved = result.status == "effective" and result.standing.state == "approved"
        if not approved or self.chance.rng.random() > 0.4:
            return
        await asyncio.sleep(self.chance.between(0, 25))
        text = team.recall(self.who)
        party = team.party(self.wire, self.who)
        step = lambda trail: deciding.recall(party, team.slot, text, trail)  # noqa: E731
        await self._brings(team, "recall", text, step)


@dataclass
class Gateway:
    """Admits, finalises, applies withdrawals, and sends; its ledger outlives its process."""

    world: World
    chance: Chance
    wire: Hub

    async def live(self) -> None:
        await asyncio.gather(*(self._tends(team) for team in self.world.teams))

    async def _tends(self, team: Team) -> None:
        admission, claim, withdrawal = team.admission(), team.dispatch(), team.withdrawal()
        withdraws = self.chance.rng.random() < 0.12
        from_s = self.chance.between(60, 600)
        hold = self.chance.between(0, 80)
        trail = Trail()
        while self.world.loop.time() < STORMY_S + CALM_S:
            if self.chance.happens("restart", 0.05):
                trail = Trail()
            try:
                if not await self._admits(team, admission):
                    continue
                if withdraws and self.world.loop.time() > from_s:
                    await self._withdraws(team, withdrawal, trail)
                    withdraws = False
                held_over = self.world.loop.time() > 90 + hold
                trail = await self._turn(team, claim, trail, sends=held_over)
            except Unreachable:
                self.world.say("gateway", f"{team.task} unreachable")
            quiet = bool(self.world.oracle.sent[team.task]) or not self.world.stormy
            await asyncio.sleep(self.chance.between(5, 25) * (4 if quiet else 1))

    async def _admits(self, team: Team, text: str) -> bool:
        held = await self.wire.read(team.task)
        assert held is not None
        if not any(one.kind == "admission" for one in outputs(held.resource)):
            try:
                await self.wire.replace(held, bearing(held.resource, ("admission", text)))
            except Lost:
                return False
        return True

    async def _withdraws(self, team: Team, text: str, trail: Trail) -> None:
        party = team.party(self.wire, "gateway")
        while True:
            done = await deciding.withdraw(party, team.slot, text, trail)
            self.world.learn("gateway", team, "withdraw", done)
            if done.status == "withdrawn":
                self.world.oracle.acknowledged(team.task, f"withdrawn by {AGENT}")
            if done.status in ("withdrawn", "too-late"):
                return
            await asyncio.sleep(10)

    async def _turn(self, team: Team, claim: str, trail: Trail, *, sends: bool) -> Trail:
        party = team.party(self.wire, "gateway")
        filed = filing.carried_in(await self.wire.about(team.task))
        done = await deciding.confirm(party, team.slot, trail, filed)
        self.world.learn("gateway", team, "confirm", done)
        unsent = not self.world.oracle.sent[team.task]
        if sends and unsent and done.standing.final is not None:
            hi = party.clock.bounds().hi
            done = await deciding.dispatch(party, team.slot, claim, done.trail, hi)
            self.world.learn("gateway", team, "dispatch", done)
            if done.status == "dispatched":
                self.world.oracle.send(team.task)
        return done.trail


async def rewriting(world: World, chance: Chance) -> None:
    """Drop somebody's output now and then, as a client that does not keep what it does not know."""
    while world.stormy:
        await asyncio.sleep(chance.between(20, 120))
        team = chance.rng.choice(world.teams)
        held = world.hub.current(team.task)
        there = list(held.resource.get("output") or [])
        if there and chance.happens("rewrite", 0.8):
            there.pop(chance.rng.randrange(len(there)))
            world.hub.store(team.task, {**held.resource, "output": there})


async def _main(world: World) -> None:
    for team in world.teams:
        world.hub.post(team.proposed())
    lives: list[Awaitable[None]] = []
    for who in REVIEWERS:
        chance = Chance(world.dice, who)
        lives.append(Console(world, who, chance, TeamWire(world.hub, chance)).live())
    chance = Chance(world.dice, "gateway")
    lives.append(Gateway(world, chance, TeamWire(world.hub, chance)).live())
    if world.hub.personality.rewrites:
        lives.append(rewriting(world, Chance(world.dice, "rewriter")))

    async def heal() -> None:
        await asyncio.sleep(STORMY_S)
        world.dice.healed = True

    await asyncio.gather(heal(), *lives)
    world.oracle.ended()


def simulate_team(
    seed: int, personality: str | None = None, muted: frozenset[str] = frozenset()
) -> TeamOutcome:
    """Live one run and return what it came to; without a personality the seed chooses one."""
    names = sorted(PERSONALITIES)
    chosen = personality or names[seed % len(names)]
    loop = VirtualLoop(seed)
    hub = TeamHub(PERSONALITIES[chosen], loop.time)
    dice = Dice(seed, muted)
    world = World(seed, loop, dice, hub, Oracle(hub, loop.time))
    with patch("core.hub.fold.verify", remembered):
        run(loop, _main(world))
    sent = sum(world.oracle.sent.values())
    return TeamOutcome(seed, chosen, world.oracle.violations, dice.fired, world.lines, sent)
