"""`show ID`: a proposal with its evidence before its values, in plain text or JSON."""

from __future__ import annotations

import argparse

from console.bootstrap import open_here
from console.commands.finding import find_proposal
from console.commands.output import print_json
from console.commands.showing import print_proposal
from core.view import proposal_json, view_proposal


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", metavar="ID", help="the proposal, or the beginning of its id")


def run(args: argparse.Namespace) -> int:
    """Print the proposal."""
    with open_here(args) as opened:
        view = view_proposal(opened.ledger, find_proposal(opened, args.id))
        digests = [change.row.change_digest for change in view.changes]
        opened.attention.opened(digests, opened.reviewer, opened.clock.now())
    if args.json:
        print_json(proposal_json(view))
    else:
        print_proposal(view, opened.clock.now())
    return 0
