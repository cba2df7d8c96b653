"""A backup of the store is put back after writes were sent: the store has forgotten that they were.

The head that the EHR's register holds is larger than such a store; the gateway asks for it before
it sends anything. Source: hub-protocol §9 (restored backup).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from core.errors import Failed
from core.gateway.anchor import register_name
from core.gateway.run import run_once
from core.lifecycle import State
from sync.store import anchor
from tests.sim import invariants, people
from tests.sim.crashes import CALM
from tests.sim.invariants import Violation
from tests.sim.loop import run
from tests.sim.scene import REVIEWERS
from tests.sim.store import StoreDurable
from tests.sim.world import World

ROUNDS = 6


@dataclass(frozen=True)
class Restored:
    """What became of a workspace whose backup was put back."""

    refused: int
    """How many rounds of the gateway ended before they sent anything."""
    effects: int
    violations: list[Violation]


def put_back(personality: str = "plain") -> Restored:
    """Approve everything, back up, send, put the backup back, and let the gateway go on."""
    kept: list[StoreDurable] = []

    def durable(name: str) -> StoreDurable:
        kept.append(StoreDurable(name))
        return kept[0]

    world = World(0, replace(CALM, personality=personality), durable)
    try:
        refused = run(world.loop, _scenario(world, kept[0]))
        # Refusing every round is no accident of a lost write: only what was done counts.
        done = invariants.effects(world.truth)
        for operation, count in done.items():
            row = world.reads.change(*world.truth.of[operation])
            if row is not None and refused < ROUNDS and row.state != State.VERIFIED:
                world.truth.broken("untold", f"{row.type} took effect {count} times: {row.state}")
        for what in world.truth.overwritten.values():
            world.truth.broken("overwrote", what)
        return Restored(refused, sum(done.values()), world.truth.violations)
    finally:
        world.durable.close()


async def _scenario(world: World, durable: StoreDurable) -> int:
    for key in sorted(world.active):
        for name in REVIEWERS:
            _, opened = world.process(name, crashes=False, person=name)
            row = opened.ledger.change(*key)
            if row is not None and row.state == State.PENDING:
                people.say_yes(world, opened, name, row)
    backup = durable.backup()
    await _round(world)
    durable.restore(backup)
    world.watcher = world.process("watcher", crashes=False)
    refused = 0
    for _ in range(ROUNDS):
        refused += not await _round(world)
        await asyncio.sleep(90)
    return refused


async def _round(world: World) -> bool:
    """Do one round as `countersign run` does; False where the head forbids it."""
    life, opened = world.process("gateway-1", crashes=False)
    world.lease(life)
    ehr, ledger = opened.ehr("sandbox"), opened.ledger
    name = register_name(opened.team, ledger.id)
    try:
        await anchor.publish_head(ledger, ehr, name, world.clock)  # type: ignore[arg-type]
    except Failed:
        return False
    await run_once(opened, world.epochs[life])
    await anchor.publish_head(ledger, ehr, name, world.clock)  # type: ignore[arg-type]
    return True
