"""`doctor [--probe]`: how the EHRs can be written to, by their word and by measurement."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from console.bootstrap import Opened, open_here
from console.bootstrap.probing import examined, is_playground, one_ehr, probed
from console.commands.line import narrate
from console.commands.may_write import answer_json, print_observed, refusal_words
from console.commands.metrics_ehrs import label_words, say_unconfirmed
from console.commands.output import print_json, say, table
from core.errors import BadInput, Refused
from core.metrics.ehrs import Counted, counted
from core.prediction.words import of_basis
from core.probe.examine import Examined, worst
from core.probe.measured import Measured
from core.probe.races import RACERS, ROUNDS
from core.probe.run import Done
from core.probe.scratch import TYPE

MAX_ROUNDS = 500


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--probe", action="store_true", help="race on scratch resources and record what is safe"
    )
    parser.add_argument("--ehr", metavar="NAME", help="the EHR to probe, where there are several")
    parser.add_argument(
        "--rounds",
        type=int,
        default=ROUNDS,
        metavar="N",
        help=f"races a rung; {ROUNDS} unless said",
    )
    parser.add_argument("--yes", action="store_true", help="write the scratch resources")


def run(args: argparse.Namespace) -> int:
    """Say what is known; 0 all is well, 1 something is wrong, 6 an EHR cannot be reached."""
    with open_here(args) as opened:
        done = _probe(opened, args) if args.probe else None
        found = examined(opened)
        labels = counted(opened.ledger.label_fates())
    wrong = worst(found)
    if args.json:
        print_json(_as_json(found, done, labels, ok=wrong is None))
    else:
        for one in found:
            _print(one)
            _print_labels([item for item in labels if item.ehr == one.name])
        _print_scratch(done)
    return 0 if wrong is None else wrong.exit_code


def _probe(opened: Opened, args: argparse.Namespace) -> Done:
    if not 0 < args.rounds <= MAX_ROUNDS:
        raise BadInput(f"is not 1 to {MAX_ROUNDS}", field="--rounds", remedy=f"Use {ROUNDS}")
    name = one_ehr(opened, args.ehr)
    _ask(opened, name, args.rounds, yes=args.yes)
    narrate(f"probing {name}: {RACERS} at once, {args.rounds} rounds a rung")
    return probed(opened, name, args.rounds)


def _ask(opened: Opened, name: str, rounds: int, *, yes: bool) -> None:
    """Go on only where somebody said so; on anything but a sandbox only `--yes` says so."""
    if yes:
        return
    what = f"writes up to {2 * rounds + 1} scratch {TYPE} resources to {name}"
    if not is_playground(opened, name):
        raise Refused(
            f"a probe {what}, which may hold real patients",
            remedy="Ask whoever runs it, then say --yes",
        )
    if not sys.stdin.isatty():
        raise BadInput(f"a probe {what}", field="--yes", remedy="Say --yes")
    sys.stderr.write(f"This {what}. Type the EHR's name to go on: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != name:
        raise Refused("nothing was written", remedy="Type the name, or say --yes")


def _as_json(
    found: list[Examined], done: Done | None, labels: list[Counted], *, ok: bool
) -> dict[str, Any]:
    return {
        "ok": ok,
        "ehrs": [_ehr(one, labels) for one in found],
        "scratch": None if done is None else {"deleted": done.deleted, "kept": done.kept},
    }


def _ehr(one: Examined, labels: list[Counted]) -> dict[str, Any]:
    return {
        "name": one.name,
        "base_url": one.base_url,
        "reachable": not one.unreachable,
        "software": one.software,
        "writes": [
            {"type": use.type, "op": use.operation, "rung": use.rung, "granted": use.granted}
            | ({} if use.may is None else answer_json(use.may))
            for use in one.uses
        ],
        "provenance_unconfirmed_since": one.unconfirmed_since,
        "access": [remark.as_json() for remark in one.access],
        "observed": [seen.as_json() for seen in one.observed],
        "probed": None if one.probed is None else one.probed.at,
        "rungs": [rung.as_json() for rung in _rungs(one)],
        "labels": [item.as_json() for item in labels if item.ehr == one.name],
        "problems": list(one.problems),
    }


def _rungs(one: Examined) -> list[Measured]:
    return [] if one.probed is None else list(one.probed.rungs.values())


def _print(one: Examined) -> None:
    say(f"{one.name}: {one.base_url}")
    say(f"software: {one.software or 'not stated'}")
    say_unconfirmed(one.unconfirmed_since)
    for remark in one.access:
        mark = "NOTE: " if remark.fits is False else ""
        say(f"{mark}this EHR {remark.words} ({of_basis(remark.basis)})")
    rows = [
        [
            use.type,
            use.operation,
            use.rung or "none",
            _granted(use.granted),
            "—" if use.may is None else use.may.says,
            refusal_words(use.may),
        ]
        for use in one.uses
    ]
    if rows:
        table(rows, ["TYPE", "WRITE", "RUNG", "TOKEN", "MAY WE", "WHO REFUSES"])
    print_observed(one.observed)
    if one.probed is None:
        say("never probed: its CapabilityStatement is taken at its word")
    else:
        say(f"probed {one.probed.at}")
        told = [
            [
                rung.rung,
                "yes" if rung.claimed else "no",
                rung.result,
                str(rung.rounds),
                rung.why or "",
            ]
            for rung in _rungs(one)
        ]
        table(told, ["RUNG", "CLAIMED", "MEASURED", "ROUNDS", "WHY"])
    for problem in one.problems:
        say(f"PROBLEM: {problem}")


def _print_labels(labels: list[Counted]) -> None:
    """Say which of our labels were measured to survive there."""
    for one in labels:
        say(f"label {label_words(one)}")


def _granted(granted: bool | None) -> str:
    return "—" if granted is None else "yes" if granted else "no"


def _print_scratch(done: Done | None) -> None:
    if done is not None:
        kept = f"{done.kept} could not be deleted" if done.kept else "none is left"
        say(f"scratch resources: {done.deleted} deleted, {kept}")
