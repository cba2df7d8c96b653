"""`init DIR --ehr URL --profile NAME [--clients FILE|-] [--keys …]`: make a workspace."""

from __future__ import annotations

import argparse
from pathlib import Path

from console.bootstrap.making import address_doubt, make_workspace
from console.commands.line import narrate
from console.commands.output import print_json, say


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("dir", type=Path, metavar="DIR", help="a new or empty folder")
    parser.add_argument("--ehr", required=True, metavar="URL", help="the FHIR base of the EHR")
    parser.add_argument("--profile", required=True, metavar="NAME", help="what is known of it")
    parser.add_argument(
        "--clients", metavar="FILE|-", help="the line that `sandbox --json` printed"
    )
    parser.add_argument(
        "--keys",
        choices=["file", "keyring"],
        help="where the workspace key lies: the OS keyring, or a file that a passphrase opens; "
        "the file where COUNTERSIGN_PASSPHRASE_FILE is set, else the keyring",
    )


def run(args: argparse.Namespace) -> int:
    """Make the workspace, or nothing that looks like one."""
    made = make_workspace(
        args.dir, ehr_url=args.ehr, profile=args.profile, clients=args.clients, keys=args.keys
    )
    doubt = address_doubt(args.ehr, args.profile)
    if doubt is not None:
        narrate(f"NOTE: {doubt}")
    if args.json:
        print_json(made)
    else:
        say(f"made {args.dir}: reviewer {made['reviewer']}, EHR {made['ehr']}")
        say(f"next: countersign propose FILE --workspace {args.dir}")
    return 0
