"""One run: agents' proposals, three reviewers, on-call staff, an intruder, a gateway that dies."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.errors import Conflict, CountersignError
from core.gateway.run import run_once
from core.incident.awaited import awaited
from core.ledger.event import Entry
from core.lifecycle import State
from core.ports import Ehr, Ledger, Request
from core.probe.measured import TRANSACTION, Measured
from core.probe.run import record
from core.records import FreezeRow
from core.workspace import Workspace
from tests.sim import http, invariants, people
from tests.sim.chance import Chance, Dice
from tests.sim.invariants import CLOSED, Change, Truth, Violation
from tests.sim.ledger import Book, MemoryLedger
from tests.sim.life import Killed, Life, Points
from tests.sim.loop import StandStill, VirtualLoop, run
from tests.sim.network import CALM, USUAL, Faults, Wire
from tests.sim.scene import SimClock, template, workspace
from tests.sim.server import PERSONALITIES, takes_pairs

STORMY_S = 2400.0
"""How long faults last in a run, in virtual seconds."""
ROUNDS_AFTER = 14
MIX = (
    *["plain"] * 6, "post-only", "late-commit", "stale-history", "search-cache", "normaliser",
    "noop-keeps-version", "merged-patient", "opaque-versions", "racy", "half-transaction",
    "deleting",
)  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """What a run is started with, besides its seed."""

    muted: frozenset[str] = frozenset()
    personality: str | None = None
    faults: Faults = USUAL
    crash_rate: float | None = None
    kill_at: int | None = None
    stormy_s: float = STORMY_S
    store: bool = False
    """The real store instead of the ledger in memory."""
    http: bool = False
    """Through the real FHIR client."""
    changes: int | None = None
    """How many changes a calm run is about; None: all."""
    calm: bool = False
    """Only what `kill_at` says goes wrong."""


@dataclass
class Outcome:
    """What a run showed."""

    seed: int
    violations: list[Violation]
    trace: str
    """Hash of everything that happened, in order."""
    fired: list[str]
    points: Points
    events: int
    states: dict[Change, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    effects: int = 0


class Durable:
    """What survives processes: the ledger in memory. `sync_store` has the one on disk."""

    def __init__(self, book: Book):
        self.book = book

    def handle(self, clock: SimClock, life: Life) -> Ledger:
        return MemoryLedger(self.book, clock, life)

    def take_lease(self) -> int:
        self.book.epoch += 1
        return self.book.epoch

    def problems(self) -> list[str]:
        """Return how the read tables differ from the replay of the events."""
        if self.book.replayed() == self.book.tables:
            return []
        return ["the read tables are not what the events add up to"]

    def close(self) -> None:
        """Nothing is open."""


class World:
    """The state of one run."""

    def __init__(self, seed: int, setting: Setting, durable: Callable[[str], Durable]):
        self.seed = seed
        self.setting = setting
        self.dice = Dice(seed, setting.muted)
        self.loop = VirtualLoop(seed)
        self.clock = SimClock(self.loop)
        self.chance = Chance(self.dice, "world")
        name = setting.personality or self.chance.rng.choice(MIX)
        self.server = template(name).server.copy(self.loop.time, PERSONALITIES[name])
        self.durable = durable(name)
        self.truth = Truth(self.server)
        self.points = Points(setting.kill_at)
        self.over = False
        self.freezes: list[FreezeRow] = []
        self.lines: list[str] = [f"personality {name}"]
        self.epochs: dict[Life, int] = {}
        self._ids = 0
        self._lives: list[Life] = []
        rate = setting.crash_rate
        if rate is None:
            rate = self.chance.rng.choice((0, 0, 0.002, 0.01, 0.03))
        self.crash_rate = rate
        self.watcher = self.process("watcher", crashes=False)
        if seed % 3 == 1 and takes_pairs(PERSONALITIES[name]):
            safe = Measured(TRANSACTION, claimed=True, result="safe", rounds=50)
            record(self.watcher[1], "sandbox", (safe,), 50, None)
        self.active: set[Change] = self._choose()
        self.urges: list[Callable[[], None]] = []
        """What somebody tries while another process is inside a transaction."""

    # --- processes -------------------------------------------------------------------------

    def process(
        self, name: str, *, crashes: bool = True, person: str = "dr-lee"
    ) -> tuple[Life, Workspace]:
        """Start a process: a life of its own, a handle on the ledger and a way to the server."""
        rate = self.crash_rate if crashes else 0.0
        life = Life(
            name, Chance(self.dice, f"{name}-{len(self._lives)}"), self.points, rate,
            self._appended, between=self._between if name.startswith("gateway") else _nothing,
        )  # fmt: skip
        self._lives.append(life)
        ledger = self.durable.handle(self.clock, life)
        calm = self.setting.calm or name == "watcher"
        faults = CALM if calm else self.setting.faults
        wire = Wire(self.loop, self.server, life, faults, self._handed, self._suspended)
        ehr: Ehr = wire
        if self.setting.http:
            ehr = http.client(self.loop, wire, self.server.personality.update_create)
        return life, workspace(person, ledger, self.clock, self, ehr)

    def uuid(self) -> str:
        self._ids += 1
        return f"{0x50000000 + self._ids:08x}-0000-4000-8000-000000000000"

    def nonce(self) -> str:
        self._ids += 1
        return f"{0x5000 + self._ids:032x}"

    @property
    def reads(self) -> Ledger:
        return self.watcher[1].ledger

    def note(self, line: str) -> None:
        self.lines.append(f"{self.loop.time():9.2f} {line}")

    def _choose(self) -> set[Change]:
        """Return the changes that this run is about; nobody ever looks at the others."""
        every = [(row.proposal, row.idx) for row in self.reads.changes_in(State.PENDING)]
        if self.setting.calm:
            return set(every[: self.setting.changes])
        rng = self.chance.rng
        kept = {key for key in every if rng.random() < 0.65} or {every[0]}
        # What a change rests on is looked at as well, else it waits for ever.
        return kept | {(proposal, 0) for proposal, index in kept if index}

    def _between(self) -> None:
        if self.urges:
            self.urges.pop()()

    def _appended(self, life: Life, entry: Entry) -> None:
        leaf = entry.leaf
        self.note(f"{life.name} {leaf['type']} {leaf.get('index', '')} {leaf.get('to', '')}")
        invariants.on_append(self.truth, self.reads, entry, self.epochs.get(life))

    def _handed(self, life: Life, request: Request) -> None:
        self.note(f"{life.name} sends {request.method} {request.type}")
        invariants.handed_over(self.truth, request.body, request.type)

    def _suspended(self, life: Life) -> None:
        """Somebody sees that the gateway stands still, and starts another."""
        if life.name.startswith("gateway") and not self.over:
            self.note(f"{life.name} stands still")
            self.loop.call_later(120, self.start_gateway)

    def start_gateway(self) -> None:
        if not self.over:
            self.loop.create_task(gateway(self))

    # --- the run ---------------------------------------------------------------------------

    async def live(self) -> None:
        """Let everybody act while everything fails, then heal and wait until all is quiet."""
        self.start_gateway()
        for actor in people.ACTORS:
            self.loop.create_task(actor(self))
        await asyncio.sleep(self.setting.stormy_s)
        self.over = self.dice.healed = True
        self.urges.clear()
        for life in self._lives:
            if life is not self.watcher[0]:
                life.kill()
        await asyncio.sleep(60)
        await people.heal(self)
        await self._quiesce()
        invariants.at_rest(self.truth, self.reads, self.active, self.late())
        for problem in self.durable.problems():
            self.truth.broken("replay", problem)

    def late(self) -> dict[str, str]:
        """Return what the freezes say of each write that they came too late for."""
        return {
            item.operation: item.outcome
            for row in self.freezes
            for item in awaited(self.reads, row)
        }

    async def _quiesce(self) -> None:
        for turn in range(ROUNDS_AFTER):
            life, opened = self.process("gateway", crashes=False)
            self.lease(life)
            await run_once(opened, self.epochs[life])
            people.decide_rest(self)
            rows = [self.reads.change(*key) for key in self.active]
            if all(row is not None and row.state in CLOSED for row in rows):
                return
            # Late on, whatever only waits for people runs out.
            await asyncio.sleep(90 if turn < ROUNDS_AFTER - 4 else 30_000)

    def lease(self, life: Life) -> int:
        self.epochs[life] = self.truth.epoch = self.durable.take_lease()
        return self.epochs[life]


async def gateway(world: World) -> None:
    """Start gateways, one after another died, until a newer one holds the lease."""
    number = 0
    while not world.over:
        number += 1
        life, opened = world.process(f"gateway-{number}")
        epoch = world.lease(life)
        try:
            while not world.over and epoch == world.truth.epoch:
                await _round(world, opened, epoch)
                await asyncio.sleep(life.chance.between(15, 120))
        except Killed:
            world.note(f"{life.name} was killed")
        else:
            return
        await asyncio.sleep(world.chance.between(1, 60))
        if epoch != world.truth.epoch:
            return


async def _round(world: World, opened: Workspace, epoch: int) -> None:
    try:
        await run_once(opened, epoch)
    except Conflict as error:
        # Another process acted first, or holds the store: this round ends, the next looks anew.
        world.note(f"round ended: {error.problem}")
    except CountersignError as error:
        world.truth.broken("died", f"the gateway died of {error.code}: {error.problem}")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        world.truth.broken("died", f"the gateway died of {type(error).__name__}: {error}")


def simulate(
    seed: int, setting: Setting | None = None, durable: Callable[[str], Durable] | None = None
) -> Outcome:
    """Run one seed and return what it showed."""
    setting = setting or Setting()
    world = World(seed, setting, durable or _in_memory)
    try:
        try:
            run(world.loop, world.live())
        except StandStill:
            world.truth.broken("stuck", "everything waits and nothing is due")
        except CountersignError as error:
            world.truth.broken("died", f"the last rounds died of {error.code}: {error.problem}")
        rows = {key: world.reads.change(*key) for key in sorted(world.active)}
        states = {key: row.state for key, row in rows.items() if row is not None}
        lines = [*world.lines, *(_commit(one) for one in world.server.log)]
        trace = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        return Outcome(
            seed, world.truth.violations, trace, list(world.dice.fired), world.points,
            len(world.lines), states, lines, sum(invariants.effects(world.truth).values()),
        )  # fmt: skip
    finally:
        world.durable.close()


def _nothing() -> None:
    """Nobody interrupts."""


def _in_memory(name: str) -> Durable:
    return Durable(template(name).book.copy())


def _commit(one: Any) -> str:
    return f"{one.at:9.2f} server {one.reference} {one.version} by {one.by} base {one.base}"
