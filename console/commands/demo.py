"""`demo [--as ROLE]`: the console on the embedded clinic; all patients are synthetic."""

from __future__ import annotations

import argparse

from console.bootstrap.demo import open_demo
from console.commands.line import narrate


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--as", dest="role", metavar="ROLE", help="hold this role only")
    parser.add_argument("--read-only", action="store_true", help="decide nothing")


def run(args: argparse.Namespace) -> int:
    """Open the console on the clinic; everything is gone when it closes."""
    from console.commands.console import run_console

    narrate("opening the embedded clinic; every patient in it is synthetic")
    with open_demo(args.role) as opened:
        return run_console(
            opened, read_only=args.read_only, banner="DEMO: every patient is synthetic"
        )
