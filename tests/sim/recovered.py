"""An older store is put back in the middle of a stormy run, recovered from, and lived on with.

People and the chart remember what the store forgot: recalls, freezes, writes, consents taken back.
All invariants of the other runs hold across it, and more: every effect of a forgotten write is
told of, and no change has more than one. Source: hub-protocol §9 (restored backup).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

from core.errors import Conflict, Failed, Refused, Unreachable
from core.gateway.anchor import register_name
from core.gateway.restored import recover, search_witnesses
from core.gateway.run import run_once
from core.ledger.event import moment
from core.workspace import Workspace
from sync.store import anchor
from tests.sim import invariants, people
from tests.sim.invariants import TOLD, Violation
from tests.sim.life import Killed
from tests.sim.loop import run
from tests.sim.store import StoreDurable
from tests.sim.world import Setting, World

LOST_S = (300.0, 1500.0)
ROUNDS = 20
UNFAIR = ("racy", "half-transaction", "deleting", "merged-patient")
"""Servers that do harm whatever the gateway does; the other runs say what is caught of it."""


@dataclass(frozen=True)
class Outcome:
    """What one run came to."""

    seed: int
    lost: int
    """How many events the store that was put back lacked."""
    doubted: int
    forgotten: int
    """Effects of writes that the store had forgotten."""
    effects: int
    refused: int
    """Rounds of the gateway that ended before they sent anything, as the head forbade it."""
    violations: list[Violation]


def put_back_in_a_storm(seed: int, personality: str = "plain") -> Outcome:
    """Live one run."""
    kept: list[StoreDurable] = []

    def durable(name: str) -> StoreDurable:
        kept.append(StoreDurable(name))
        return kept[0]

    world = World(seed, Setting(personality=personality), durable)
    try:
        return run(world.loop, _story(world, kept[0]))
    finally:
        world.durable.close()


async def _story(world: World, durable: StoreDurable) -> Outcome:
    tasks = [world.loop.create_task(actor(world)) for actor in people.ACTORS]
    tasks.append(world.loop.create_task(_gateways(world)))
    rng = world.chance.rng
    await asyncio.sleep(rng.uniform(60, 900))
    backup, size = durable.backup(), world.reads.size  # type: ignore[attr-defined]
    known = set(world.truth.intents)
    await asyncio.sleep(rng.uniform(*LOST_S))
    world.over = True
    world.urges.clear()
    for life in world._lives:
        if life is not world.watcher[0]:
            life.kill()
    # What was under way when the machine died may still arrive.
    await asyncio.sleep(60)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await _sync(world)
    lost = world.reads.size - size  # type: ignore[attr-defined]
    forgotten = set(world.truth.intents) - known
    durable.restore(backup)
    world.watcher = world.process("watcher", crashes=False)
    _forget(world)
    refused = bool(lost) and not await _sync(world)
    if lost and not refused:
        world.truth.broken("unseen", "the store lost events, and its head is published over theirs")
    doubted = await _recover(world) if lost else 0
    world.dice.healed = True
    await _live_on(world)
    return _judged(world, lost, doubted, forgotten, int(refused))


def _forget(world: World) -> None:
    """What only the lost events say nobody can be held to; approvals, recalls, freezes stay."""
    truth = world.truth
    truth.acknowledged.clear()
    truth.decided.clear()
    truth.flying.clear()
    truth.late.clear()
    world.freezes.clear()


async def _gateways(world: World) -> None:
    """Be the gateway as `countersign run` is: the head is published around each round."""
    number = 0
    while not world.over:
        number += 1
        life, opened = world.process(f"gateway-{number}")
        world.lease(life)
        try:
            while not world.over:
                await _round(world, opened, world.epochs[life])
                await asyncio.sleep(life.chance.between(15, 120))
        except Killed:
            world.note(f"{life.name} was killed")
        await asyncio.sleep(world.chance.between(1, 60))


async def _round(world: World, opened: Workspace, epoch: int) -> bool:
    """Do one round; False where the head outside forbids it."""
    try:
        await _publish(world, opened)
        await run_once(opened, epoch)
        await _publish(world, opened)
    except (Unreachable, Conflict) as error:
        world.note(f"round ended: {error.problem}")
    except Failed as error:
        world.note(f"round refused: {error.problem}")
        return False
    return True


async def _publish(world: World, opened: Workspace) -> None:
    name = register_name(opened.team, opened.ledger.id)
    await anchor.publish_head(opened.ledger, opened.ehr("sandbox"), name, world.clock)  # type: ignore[arg-type]


async def _sync(world: World) -> bool:
    """Let a process that works publish what was done; False where the head forbids it."""
    _, opened = world.process("watcher", crashes=False)
    try:
        await _publish(world, opened)
    except Failed:
        return False
    return True


async def _recover(world: World) -> int:
    """Let the admin recover, again and again while the network fails; return what is doubted."""
    while True:
        life, opened = world.process("gateway-admin", crashes=False)
        world.lease(life)
        name = register_name(opened.team, opened.ledger.id)
        ledger = opened.ledger
        try:
            heads = await anchor.lost_heads(ledger, opened.ehrs, name, None)  # type: ignore[arg-type]
            opening = ledger.entry(0)
            assert opening is not None
            searched = await search_witnesses(opened, moment(opening.leaf["at"]))
            if not heads:
                world.truth.broken("unseen", "the store lost events, and no head outside says so")
                return 0
            return recover(opened, heads, searched, "the disk died").doubted
        except (Unreachable, Refused, Conflict) as error:
            world.note(f"recovery ended: {error.problem}")
            await asyncio.sleep(10)


async def _live_on(world: World) -> None:
    for turn in range(ROUNDS):
        life, opened = world.process("gateway", crashes=False)
        world.lease(life)
        if turn == 3:
            # People have compared: what was frozen in the lost time is frozen or over, as they say.
            world.truth.frozen.clear()
            people.thaw(world, world.watcher[1])
        if not await _round(world, opened, world.epochs[life]):
            world.truth.broken("refused", "a recovered store is still refused")
            return
        people.decide_rest(world)
        rows = [world.reads.change(*key) for key in world.active]
        if turn > 4 and all(row is not None and row.state in invariants.CLOSED for row in rows):
            return
        await asyncio.sleep(130 if turn < ROUNDS - 4 else 30_000)


def _judged(world: World, lost: int, doubted: int, forgotten: set[str], refused: int) -> Outcome:
    truth = world.truth
    invariants.at_rest(truth, world.reads, world.active, world.late())
    counted = invariants.effects(truth)
    done: Counter[tuple[str, int]] = Counter()
    for operation, count in counted.items():
        key = truth.of[operation]
        done[key] += count
        row, excepted = world.reads.change(*key), bool(world.reads.exceptions(*key))
        if count and row is not None and row.state not in TOLD and not excepted:
            truth.broken("untold", f"{key} took effect and is {row.state}")
    for key, count in done.items():
        if count > 1 and not world.reads.exceptions(*key):
            truth.broken("twice", f"{key} took effect {count} times in all its revisions")
    for problem in world.durable.problems():
        truth.broken("replay", problem)
    known = sum(counted.get(one, 0) for one in forgotten)
    return Outcome(
        world.seed, lost, doubted, known, sum(counted.values()), refused, list(truth.violations)
    )


def violations(seed: int, personality: str) -> list[Violation]:
    """Return what one run breaks."""
    return put_back_in_a_storm(seed, personality).violations
