"""`show ID`: a proposal with its evidence before its values, in plain text or JSON."""

from __future__ import annotations

import argparse

from console.bootstrap import open_here
from console.commands.finding import find_proposal
from console.commands.output import print_json
from console.commands.showing import print_proposal
from core.review.hidden import reveal
from core.veil import view_for
from core.view import proposal_json


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", metavar="ID", help="the proposal, or the beginning of its id")
    parser.add_argument(
        "--reveal",
        action="store_true",
        help="show what is hidden as labelled sensitive; that you asked is recorded",
    )


def run(args: argparse.Namespace) -> int:
    """Print the proposal."""
    with open_here(args) as opened:
        row = find_proposal(opened, args.id)
        workspace = opened.offline()
        if args.reveal:
            reveal(workspace, row.id, range(row.changes))
        view = view_for(workspace, opened.ledger, row)
        digests = [one.row.change_digest for one in view.changes if not one.hidden.groups]
        opened.attention.opened(digests, opened.reviewer, opened.clock.now())
    if args.json:
        print_json(proposal_json(view))
    else:
        print_proposal(view, opened.clock.now())
    return 0
