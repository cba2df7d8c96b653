"""`recover [--lost N --reason-file FILE|-]`: go on after an older store was put back."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence

from console.bootstrap import Opened, open_here
from console.bootstrap.recovering import carry_out, lost, mend_head_file
from console.commands.line import narrate
from console.commands.output import print_json, say
from console.commands.words import add_words, read_words
from core.errors import BadInput
from core.gateway.restored import LostHead, Recovered, Searched, check_may_recover
from core.workspace import roster_in_force

NEEDED = 5
LEASE_WAIT_S = 5.0
NEXT = (
    "everything is frozen: before you thaw, compare freezes, roster and policy with what you know",
    "`countersign run` reads back what may have been sent; what was not goes back to review",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--lost", type=int, metavar="N", help="carry it out: the number that it printed without"
    )
    add_words(parser, "--reason-file", "why an older state is in use", required=False)


def run(args: argparse.Namespace) -> int:
    """Say what is lost (5 when something is), or recover from it."""
    if (args.lost is None) != (args.reason_file is None):
        missing = "--reason-file" if args.reason_file is None else "--lost"
        raise BadInput("is missing", field=missing, remedy="Give --lost and --reason-file together")
    with open_here(args) as opened:
        if args.lost is None:
            return _look(opened, as_json=args.json)
        check_may_recover(opened.offline(), roster_in_force(opened.ledger))
        reason = read_words(args.reason_file, "--reason-file")
        with opened.lease(LEASE_WAIT_S):
            done, searched, heads, published = asyncio.run(carry_out(opened, args.lost, reason))
        _told(done, searched, heads, as_json=args.json)
        if not published:
            narrate("the new head could not be published to the EHR; `run` tries again")
    return 0


def _look(opened: Opened, *, as_json: bool) -> int:
    heads = asyncio.run(lost(opened))
    mended = not heads and mend_head_file(opened)
    size = opened.ledger.size
    if as_json:
        print_json({"events": size, "lost": _heads(heads), "head_file_mended": mended})
    elif not heads:
        say(f"nothing is lost: {size} events" + ("; the head file was mended" if mended else ""))
    else:
        for one in heads:
            say(f"{one.place}: a head over {one.size} events of this ledger; the store has {size}")
        most = max(one.size for one in heads)
        say("an older state of the store was restored, or its tail was cut; nothing is written")
        say("if that was meant: countersign recover "
            f"--lost {most} --reason-file FILE")  # fmt: skip
    return NEEDED if heads else 0


def _told(done: Recovered, searched: Searched, heads: Sequence[LostHead], *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "lost": _heads(heads),
                "doubted": done.doubted,
                "freeze": done.freeze,
                "incident": done.incident,
                "forgotten": [one.as_json() for one in searched.forgotten],
                "unsearched": list(searched.silent),
            }
        )
        return
    say(f"recovered; {done.doubted} changes may have been sent and are read back first")
    for one in searched.forgotten:
        signed = "" if one.genuine else "  (signed by a key that this roster does not list)"
        say(f"in the chart and not in the ledger: {one.target}, approved by {one.reviewer} "
            f"at {one.at}{signed}")  # fmt: skip
    for name in searched.silent:
        say(f"{name} offers no search for Provenance: what else was written there is not known")
    say(f"incident {done.incident}; freeze {done.freeze}")
    for line in NEXT:
        say(line)


def _heads(heads: Sequence[LostHead]) -> list[dict[str, object]]:
    return [{"place": one.place, "size": one.size} for one in heads]
