"""`login`: get a token for each plane, and say what it is good for; never its value."""

from __future__ import annotations

import argparse
import asyncio

from console.bootstrap import open_here
from console.bootstrap.credentials import enter_keyring, log_in
from console.commands.line import narrate
from console.commands.output import print_json, say

PLANES = ("read", "propose", "approve", "write")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--plane", choices=PLANES, action="append", help="only this plane; may be repeated"
    )


def run(args: argparse.Namespace) -> int:
    """Log in; the exit code is that of the worst that happened."""
    if enter_keyring(args):
        narrate("the workspace key is in the keyring again")
    with open_here(args) as opened:
        found = asyncio.run(log_in(opened, args.plane or PLANES))
    for one in found:
        if args.json:
            print_json(
                {
                    "ehr": one.ehr,
                    "plane": one.plane,
                    "client_id": one.client_id,
                    "scope": one.scope,
                    "seconds": one.seconds,
                    "error": None if one.error is None else one.error.problem,
                }
            )
        elif one.error is None:
            what = "accepted, and thrown away" if one.plane == "write" else f"{one.seconds} s left"
            say(f"{one.ehr}  {one.plane}  {one.client_id}  {one.scope}  {what}")
        if one.error is not None:
            narrate(f"{one.ehr}, {one.plane}: {one.error}")
    if not found:
        narrate("no client is configured; the EHR is asked without a token")
    return max((one.error.exit_code for one in found if one.error is not None), default=0)
