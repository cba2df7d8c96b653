"""`edit ID --hash H --file FILE|- [--change N]`: correct a change before deciding it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from console.bootstrap import open_here
from console.commands.finding import add_changes, chosen_changes, find_proposal
from console.commands.output import print_json, say
from core.canonical import JsonObject, parse_object
from core.errors import BadInput
from core.review.edit import MAX_RESOURCE, edit


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_changes(parser)
    parser.add_argument(
        "--hash", required=True, metavar="H", help="the hash of the change that `show` printed"
    )
    parser.add_argument(
        "--file", required=True, metavar="FILE|-", help="the whole resource as it should be, JSON"
    )


def run(args: argparse.Namespace) -> int:
    """Record the edit and print the hash of what waits now; it is decided anew."""
    resource = _resource(args.file)
    with open_here(args) as opened:
        proposal = find_proposal(opened, args.id)
        chosen = chosen_changes(opened, proposal, args)
        if len(chosen) != 1:
            raise BadInput("name one change", field="--change", remedy="Edit them one by one")
        digest = edit(opened.offline(), proposal.id, chosen[0], resource, args.hash)
    if args.json:
        print_json({"id": proposal.id, "index": chosen[0], "hash": digest})
    else:
        say(f"{proposal.id}  change {chosen[0]}  edited, waits to be decided  {digest}")
    return 0


def _resource(name: str) -> JsonObject:
    try:
        data = sys.stdin.buffer.read(MAX_RESOURCE + 1) if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise BadInput("cannot be read", field="--file") from error
    return parse_object(data)
