"""`demo [--as ROLE]`: the console on the embedded clinic; all patients are synthetic."""

from __future__ import annotations

import argparse

from console.bootstrap.demo import open_demo
from console.commands.line import narrate
from console.heap import Heap


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--as", dest="role", metavar="ROLE", help="be the person of this role")
    parser.add_argument("--read-only", action="store_true", help="decide nothing")
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="the same seed proposes the same"
    )
    parser.add_argument(
        "--calm", action="store_true", help="nothing comes after the first proposals"
    )


def run(args: argparse.Namespace) -> int:
    """Open the console on the clinic; everything is gone when it closes."""
    from console.commands.console import run_console

    heap = Heap()
    narrate("opening the embedded clinic; every patient in it is synthetic")
    with open_demo(args.role, seed=args.seed, calm=args.calm) as opened:
        return run_console(opened, heap, read_only=args.read_only, banner="DEMO: synthetic")
