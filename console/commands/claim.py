"""`claim ID [--change N] [--release]`: tell others that you are looking; it gates nothing."""

from __future__ import annotations

import argparse

from console.bootstrap import open_here
from console.commands.finding import add_changes, chosen_changes, find_proposal
from console.commands.output import print_json, say


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_changes(parser)
    parser.add_argument("--release", action="store_true", help="let go of it")


def run(args: argparse.Namespace) -> int:
    """Claim for two minutes, and say who else is looking."""
    with open_here(args) as opened:
        proposal = find_proposal(opened, args.id)
        for index in chosen_changes(opened, proposal, args):
            key, other = (proposal.id, index), None
            if args.release:
                opened.attention.release(key, opened.reviewer)
            else:
                other = opened.attention.claim(key, opened.reviewer, opened.clock.now())
            if args.json:
                print_json({"id": proposal.id, "index": index, "also_looking": other})
            else:
                words = "released" if args.release else "claimed for two minutes"
                also = f"; {other} is looking too" if other else ""
                say(f"{proposal.id}  change {index}  {words}{also}")
    return 0
