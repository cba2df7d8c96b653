"""`sandbox --port N`: serve the embedded EHR on loopback until stopped."""

from __future__ import annotations

import argparse
from pathlib import Path

from console.bootstrap.sandboxing import personalities, serve_sandbox
from console.commands.line import narrate
from console.commands.output import flush, print_json, say


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--port", type=int, required=True, help="0 picks a free one")
    parser.add_argument(
        "--load",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="PATH",
        help="folders and files of resources; ids are kept",
    )
    parser.add_argument(
        "--no-auth", action="store_true", help="ask nobody for a token; for poking with curl"
    )
    parser.add_argument(
        "--faults",
        metavar="PLAN",
        help="commit faults: lost-response=0.2,503-after-commit=0.05, or a .toml file",
    )
    parser.add_argument(
        "--personality",
        choices=personalities(),
        metavar="NAME",
        help=f"the EHR that it plays, by its profile: {', '.join(personalities())}",
    )
    parser.add_argument(
        "--seed", type=int, metavar="N", help="the seed of the faults, and of what is hostile"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; `--json` prints one line once connections are accepted."""
    if args.no_auth:
        narrate("WITHOUT AUTHENTICATION: anybody on this machine may read and write this sandbox")

    def ready(described: dict[str, object]) -> None:
        if args.json:
            print_json(described)
        else:
            say(f"FHIR base  {described['base_url']}")
            say(f"token      {described['token_url']}")
        flush()

    serve_sandbox(
        args.port,
        args.load,
        no_auth=args.no_auth,
        faults=args.faults,
        seed=args.seed,
        personality=args.personality,
        on_ready=ready,
        tell=narrate,
    )
    return 0
