"""`logout`: forget every token; nothing of this workspace stays in the OS keyring."""

from __future__ import annotations

import argparse

from console.bootstrap import open_here
from console.bootstrap.credentials import log_out
from console.commands.output import print_json, say


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--tokens-only", action="store_true", help="leave the workspace key in the keyring"
    )


def run(args: argparse.Namespace) -> int:
    """Log out; a workspace whose key lay in the keyring is opened again by `login`."""
    with open_here(args) as opened:
        count, moved = log_out(opened, tokens_only=args.tokens_only)
    if args.json:
        print_json({"tokens": count, "key": "moved to keys.json" if moved else "where it was"})
        return 0
    say(f"{count} tokens are forgotten")
    if moved:
        say("the workspace key lies in keys.json under your passphrase; `countersign login`")
        say("puts it back into the keyring")
    return 0
