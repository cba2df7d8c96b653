"""Running many seeds, in one process or several."""

from __future__ import annotations

import itertools
import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.sim.store import StoreDurable
from tests.sim.world import Durable, Outcome, Setting, simulate

BLOCK = 16
"""How many seeds a process is given at once."""


def durable_of(setting: Setting) -> Callable[[str], Durable] | None:
    """Return where the ledger of such a run lives; None: in memory."""
    return StoreDurable if setting.store else None


def run_one(task: tuple[int, Setting]) -> Outcome:
    """Run one seed; what can be had again from the seed is left out."""
    seed, setting = task
    outcome = simulate(seed, setting, durable_of(setting))
    return replace(outcome, lines=[], points=replace(outcome.points, places=[]))


def run_many(seeds: range, setting: Setting, jobs: int) -> Iterator[Outcome]:
    """Yield the outcome of each seed, in blocks, so that who has enough can stop."""
    tasks = ((seed, setting) for seed in seeds)
    if jobs == 1:
        yield from map(run_one, tasks)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        while block := list(itertools.islice(tasks, BLOCK * jobs)):
            yield from pool.imap_unordered(run_one, block, chunksize=BLOCK // 4)
