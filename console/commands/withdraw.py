"""`withdraw ID [--change N] --reason-file FILE|-`: take back what an agent proposed."""

from __future__ import annotations

import argparse

from console.bootstrap import open_here
from console.commands.finding import find_proposal
from console.commands.output import print_json, say
from console.commands.words import add_words, read_words
from core.errors import NotFound
from core.review.withdraw import withdraw

_WORDS = {
    "withdrawn": "withdrawn",
    "closed": "left: it would not be written anyway",
    "too-late": "too late",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", metavar="ID", help="the proposal, or the beginning of its id")
    parser.add_argument(
        "--change", type=int, action="append", metavar="N", help="the change; else all of them"
    )
    add_words(parser, "--reason-file", "why, from a file so that no word leaks", required=True)


def run(args: argparse.Namespace) -> int:
    """Withdraw in the agent's name; exit 5 when sending has begun for one of them."""
    reason = read_words(args.reason_file, "--reason-file")
    with open_here(args) as opened:
        proposal = find_proposal(opened, args.id)
        wanted = sorted(set(args.change or []))
        if any(not 0 <= index < proposal.changes for index in wanted):
            raise NotFound("there is no such change", field="--change", remedy="Count from 0")
        done = withdraw(opened.offline(), proposal.id, wanted, reason)
    for one in done:
        if args.json:
            print_json(
                {
                    "id": proposal.id,
                    "index": one.index,
                    "outcome": one.outcome,
                    "state": one.state,
                }
            )
        else:
            say(f"{proposal.id}  change {one.index}  {_WORDS[one.outcome]}  {one.state}")
    return 5 if any(one.outcome == "too-late" for one in done) else 0
