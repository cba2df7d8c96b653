"""The gateway dies at every await on a port and after every commit, one after another.

Nothing else goes wrong: what a crash alone can do is enumerated, not sampled. After each crash
another gateway starts, and everything must come to rest with one effect an approved operation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from core.gateway.run import run_once
from core.lifecycle import State
from tests.sim import invariants, people
from tests.sim.invariants import Violation
from tests.sim.life import Killed
from tests.sim.loop import run
from tests.sim.say import say
from tests.sim.scene import REVIEWERS
from tests.sim.world import Durable, Setting, World, _in_memory

CALM = Setting(calm=True, crash_rate=0.0, personality="plain")
PAUSE_S = 40.0


@dataclass(frozen=True)
class Crashed:
    """One run: where the gateway died, and what was left."""

    point: int
    place: str
    violations: list[Violation]
    verified: int
    effects: int


def crash_at(
    point: int | None,
    personality: str = "plain",
    durable: Callable[[str], Durable] = _in_memory,
    changes: int | None = None,
) -> Crashed:
    """Run the scenario and die at that crash point; None: live through it."""
    setting = replace(CALM, kill_at=point, personality=personality, changes=changes)
    world = World(0, setting, durable)
    try:
        run(world.loop, _scenario(world))
        truth, reads = world.truth, world.reads
        invariants.at_rest(truth, reads, world.active, world.late())
        for problem in world.durable.problems():
            truth.broken("replay", problem)
        rows = [reads.change(*key) for key in world.active]
        verified = sum(row is not None and row.state == State.VERIFIED for row in rows)
        place = world.points.places[point - 1] if point and point <= world.points.passed else ""
        effects = sum(invariants.effects(truth).values())
        return Crashed(point or world.points.passed, place, truth.violations, verified, effects)
    finally:
        world.durable.close()


async def _scenario(world: World) -> None:
    """Everything is approved; gateways run until all is at rest, the first of them dying once."""
    for key in sorted(world.active):
        for name in REVIEWERS:
            _, opened = world.process(name, crashes=False, person=name)
            row = opened.ledger.change(*key)
            if row is not None and row.state == State.PENDING:
                people.say_yes(world, opened, name, row)
    for _ in range(10):
        life, opened = world.process("gateway-1", crashes=True)
        world.lease(life)
        try:
            await run_once(opened, world.epochs[life])
        except Killed:
            world.note("killed")
        rows = [world.reads.change(*key) for key in world.active]
        if all(row is not None and row.state == State.VERIFIED for row in rows):
            return
        people.decide_rest(world)
        await asyncio.sleep(PAUSE_S)


def enumerate_crashes(
    personality: str = "plain",
    durable: Callable[[str], Durable] = _in_memory,
    changes: int | None = None,
) -> list[Crashed]:
    """Return one result a crash point, in order; the points are those a quiet run passes."""
    quiet = crash_at(None, personality, durable, changes)
    assert not quiet.violations, quiet.violations
    points = range(1, quiet.point + 1)
    return [crash_at(point, personality, durable, changes) for point in points]


def print_table() -> bool:
    """Enumerate on each server that is written to in another way, and say what each showed."""
    whole = True
    for personality in ("plain", "post-only", "opaque-versions"):
        found = enumerate_crashes(personality)
        red = [one for one in found if one.violations]
        whole &= not red
        say(f"{personality}: died at each of {len(found)} points, {len(red)} broke an invariant")
        for one in red:
            say(f"  {one.point} ({one.place}): {one.violations[0].code}: {one.violations[0].what}")
    return whole
