"""`maps show|adopt`: which codes mean the same when what an EHR stored is compared."""

from __future__ import annotations

import argparse
from pathlib import Path

from console.bootstrap import open_here
from console.commands.nested import add_action
from console.commands.output import print_json, say
from console.commands.policy_files import read_file
from core.adoption import adopt
from core.concept_maps import KIND
from core.errors import NotFound


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add_action(actions, "show", "print the maps that are in force")
    put = add_action(actions, "adopt", "put maps in force in the place of any before, signed")
    put.add_argument("file", metavar="FILE", type=Path, help="a ConceptMap, or a Bundle of them")


def run(args: argparse.Namespace) -> int:
    """Carry out the action."""
    text = read_file(args.file) if args.action == "adopt" else None
    with open_here(args) as opened:
        row = opened.ledger.config(KIND) if text is None else adopt(opened.offline(), KIND, text)
    if row is None:
        raise NotFound("no maps are adopted", remedy="Adopt some; without them no code is mapped")
    if args.json:
        told = {"number": row.number, "digest": row.digest, "at": row.at}
        print_json(told | ({"document": row.document} if text is None else {}))
    elif text is None:
        say(row.document.rstrip("\n"))
    else:
        say(f"maps number {row.number} are in force: {row.digest}")
    return 0
