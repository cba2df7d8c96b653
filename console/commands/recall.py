"""`recall ID [--change N]`: take an approval back that is not sent yet."""

from __future__ import annotations

import argparse

from console.bootstrap import open_here
from console.commands.finding import add_changes, chosen_changes, find_proposal
from console.commands.output import print_json, say
from core.review.recall import recall


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_changes(parser)


def run(args: argparse.Namespace) -> int:
    """Recall; exit 5 when sending has begun."""
    with open_here(args) as opened:
        proposal = find_proposal(opened, args.id)
        for index in chosen_changes(opened, proposal, args):
            state = recall(opened.offline(), proposal.id, index)
            if args.json:
                print_json({"id": proposal.id, "index": index, "state": str(state)})
            else:
                say(f"{proposal.id}  change {index}  recalled  {state}")
    return 0
