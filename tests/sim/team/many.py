"""Running many seeds of the team's simulation: `python -m tests.sim --team`."""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from tests.sim.say import say
from tests.sim.team.gateways import simulate_gateways
from tests.sim.team.hub import PERSONALITIES
from tests.sim.team.world import TeamOutcome, simulate_team

SERVERS = tuple(PERSONALITIES)
TELL_EACH_S = 20
BLOCK = 32
GATEWAYS_EACH = 8
Task = tuple[int, str | None, frozenset[str]]


def main(seeds: range, args: argparse.Namespace) -> int:
    """Run them, tell what broke with a command that repeats it, and return the exit code."""
    server = args.personality if args.personality in SERVERS else None
    muted = frozenset(args.mute.split(",")) if args.mute else frozenset[str]()
    if len(seeds) == 1:
        return _one(_both((seeds[0], server, muted)))
    begun = told = time.monotonic()
    count: Counter[str] = Counter()
    red: list[TeamOutcome] = []
    for outcome in _run(((seed, server, muted) for seed in seeds), args.jobs):
        count["seeds"] += 1
        count["sent"] += outcome.sent
        red += [outcome] if outcome.violations else []
        now = time.monotonic()
        if now - told > TELL_EACH_S:
            told = now
            say(f"{count['seeds']} seeds, {count['seeds'] / (now - begun):.1f}/s, {len(red)} red")
        if args.box_s and now - begun > args.box_s:
            break
    took = time.monotonic() - begun
    say(
        f"{count['seeds']} seeds of the team in {took:.1f} s: "
        f"{count['seeds'] / took:.1f} seeds/s, {count['sent']} writes sent"
    )
    say(f"{len(red)} seeds broke an invariant")
    for outcome in red[:10]:
        first = outcome.violations[0]
        say(f"seed {outcome.seed} ({outcome.personality}): {first.code}: {first.what}")
        again = f"--seed {outcome.seed} --personality {outcome.personality}"
        say(f"  python -m tests.sim --team {again}")
    return 1 if red or not count["seeds"] else 0


def run_one(task: Task) -> TeamOutcome:
    """Run one seed; its lines are had again from the seed.

    The world of freezes lasts two hours of heartbeats: every eighth seed is lived there as well.
    """
    outcome = _both(task) if task[0] % GATEWAYS_EACH == 0 else simulate_team(*task)
    return replace(outcome, lines=[])


def _both(task: Task) -> TeamOutcome:
    """Run a seed in both worlds: decisions on Tasks, and freezes with the lease."""
    one, other = simulate_team(*task), simulate_gateways(*task)
    return TeamOutcome(
        one.seed, one.personality, one.violations + other.violations, one.fired + other.fired,
        [*one.lines, "", *other.lines], one.sent + other.sent,
    )  # fmt: skip


def _run(tasks: Iterator[Task], jobs: int) -> Iterator[TeamOutcome]:
    if jobs == 1:
        yield from map(run_one, tasks)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        while block := list(itertools.islice(tasks, BLOCK * jobs)):
            yield from pool.imap_unordered(run_one, block)


def _one(outcome: TeamOutcome) -> int:
    say("\n".join(outcome.lines))
    say(f"{outcome.personality}; faults: {', '.join(outcome.fired) or 'none'}")
    for item in outcome.violations:
        say(f"{item.at:9.2f} {item.code}: {item.what}")
    return 1 if outcome.violations else 0
