"""The simulator: `python -m tests.sim --seeds 1000`, `--team`, `--controls`, `--seed 7`.

Prints seeds a second; a failing seed is shrunk and told as a command that repeats it. Exit 1 when
any seed breaks an invariant, or a guard switched off shows nothing.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from tests.sim import controls, crashes
from tests.sim.say import say
from tests.sim.server import PERSONALITIES
from tests.sim.share import durable_of, run_many
from tests.sim.shrink import recipe, shrink
from tests.sim.team import many as team
from tests.sim.world import Outcome, Setting, simulate

TELL_EACH_S = 20


def main() -> int:
    parser = _arguments()
    args = parser.parse_args()
    if args.controls:
        return 0 if controls.print_table(all_seeds=args.all_seeds) else 1
    if args.crashes:
        return 0 if crashes.print_table() else 1
    if args.team:
        seeds = range(args.start, args.start + args.seeds)
        if args.personality not in {None, *team.SERVERS}:
            parser.error(f"a team's server is one of {', '.join(team.SERVERS)}")
        return team.main(seeds if args.seed is None else range(args.seed, args.seed + 1), args)
    if args.personality not in {None, *PERSONALITIES}:
        parser.error(f"an EHR is one of {', '.join(sorted(PERSONALITIES))}")
    setting = Setting(personality=args.personality, store=args.store, http=args.http)
    if args.mute:
        setting = replace(setting, muted=frozenset(args.mute.split(",")))
    if args.stormy:
        setting = replace(setting, stormy_s=args.stormy)
    if args.seed is not None:
        return _one(args.seed, setting, shrinks=not args.mute)
    seeds = range(args.start, args.start + args.seeds)
    return _count(run_many(seeds, setting, args.jobs), setting, args)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, metavar="N")
    parser.add_argument("--from", dest="start", type=int, default=0, metavar="SEED")
    parser.add_argument("--seed", type=int, help="one seed, told step by step")
    parser.add_argument("--store", action="store_true", help="the real store on SQLite")
    parser.add_argument("--team", action="store_true", help="the decision protocol on a hub")
    parser.add_argument("--http", action="store_true", help="through the real FHIR client")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes at once")
    parser.add_argument("--for", dest="box_s", type=float, metavar="SECONDS", help="stop after it")
    parser.add_argument(
        "--personality", choices=sorted({*PERSONALITIES, *team.SERVERS}), help="the model server's"
    )
    parser.add_argument("--mute", metavar="FAULT,…", help="faults that do not happen")
    parser.add_argument("--stormy", type=float, metavar="SECONDS", help="virtual time with faults")
    parser.add_argument("--controls", action="store_true", help="switch each guard off alone")
    parser.add_argument("--all-seeds", action="store_true", help="do not stop at the first red one")
    parser.add_argument("--crashes", action="store_true", help="die at every await and commit")
    return parser


def _one(seed: int, setting: Setting, *, shrinks: bool) -> int:
    outcome = simulate(seed, setting, durable_of(setting))
    if outcome.violations and shrinks:
        setting, outcome = shrink(outcome, setting, durable_of(setting))
    say("\n".join(outcome.lines))
    say(f"faults: {', '.join(outcome.fired) or 'none'}")
    say(f"trace {outcome.trace}")
    for item in outcome.violations:
        say(f"{item.at:9.2f} {item.code}: {item.what}")
    say(recipe(seed, setting))
    return 1 if outcome.violations else 0


def _count(outcomes: Iterable[Outcome], setting: Setting, args: argparse.Namespace) -> int:
    begun = told = time.monotonic()
    done, effects, boxed = 0, 0, 0.0
    states: Counter[str] = Counter()
    failed: list[Outcome] = []
    for outcome in outcomes:
        done, effects = done + 1, effects + outcome.effects
        states.update(outcome.states.values())
        if outcome.violations:
            failed.append(outcome)
            say(f"seed {outcome.seed} is red: {outcome.violations[0].code}")
        now = time.monotonic()
        # The processes have started when the first answer is there.
        boxed = boxed or now
        if now - told > TELL_EACH_S:
            told = now
            say(f"{done} seeds, {done / (now - begun):.1f}/s, {len(failed)} red")
        if args.box_s and now - boxed > args.box_s:
            break
    took = time.monotonic() - begun
    say(f"{done} seeds in {took:.1f} s: {done / took:.1f} seeds/s, {effects} effects in charts")
    say("ended " + ", ".join(f"{state} {count}" for state, count in states.most_common()))
    _tell_failed(failed, setting)
    return 1 if failed or not done else 0


def _tell_failed(failed: list[Outcome], setting: Setting) -> None:
    say(f"{len(failed)} seeds broke an invariant")
    shown: set[str] = set()
    for outcome in sorted(failed, key=lambda one: one.seed):
        code = outcome.violations[0].code
        if code in shown:
            continue
        shown.add(code)
        small, least = shrink(outcome, setting, durable_of(setting))
        say(f"seed {outcome.seed}: {code}: {least.violations[0].what}")
        say(f"  faults left: {', '.join(least.fired) or 'none'}")
        say(f"  {recipe(outcome.seed, small)}")
    rest = [one.seed for one in failed][:20]
    if rest:
        say(f"  red seeds: {rest}")


if __name__ == "__main__":
    sys.exit(main())
