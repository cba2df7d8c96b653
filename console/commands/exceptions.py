"""`exceptions`: what a person must look at, oldest first."""

from __future__ import annotations

import argparse

from console.bootstrap import open_here
from console.commands.finding import change_line
from console.commands.output import print_json, table


def configure(_parser: argparse.ArgumentParser) -> None:
    """Take no arguments of its own."""


def run(args: argparse.Namespace) -> int:
    """Print one line an exception."""
    with open_here(args) as opened:
        found = opened.ledger.open_exceptions()
        rows = [(item, opened.ledger.change(item.proposal, item.idx)) for item in found]
    if args.json:
        for item, change in rows:
            print_json(
                {
                    "id": item.proposal,
                    "index": item.idx,
                    "kind": item.kind,
                    "class": item.class_,
                    "opened": item.opened_at,
                    "state": None if change is None else change.state,
                }
            )
        return 0
    table(
        [
            (
                item.proposal[:8],
                str(item.idx),
                "" if change is None else change_line(change),
                item.kind,
                item.class_ or "",
                item.opened_at,
            )
            for item, change in rows
        ],
        ("PROPOSAL", "CHANGE", "WHAT", "KIND", "CLASS", "SINCE"),
    )
    return 0
