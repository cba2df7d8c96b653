"""`countersign` without a command: the console over the workspace."""

from __future__ import annotations

import argparse
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING

from console.bootstrap import open_here
from console.heap import Heap

if TYPE_CHECKING:
    from console.session import Session


def run(args: argparse.Namespace) -> int:
    """Open the workspace and the console; return the exit code."""
    heap = Heap()
    warmed = warm()
    with open_here(args) as opened:
        warmed.join()
        return run_console(opened, heap, read_only=args.read_only)


def warm() -> Thread:
    """Load the screens beside the key derivation, which leaves the interpreter free meanwhile."""
    thread = Thread(target=import_module, args=("console.app",), daemon=True)
    thread.start()
    return thread


def run_console(
    opened: Session, heap: Heap, *, read_only: bool = False, banner: str | None = None
) -> int:
    """Run the console over an opened workspace; `banner` stands in every heading."""
    from console.app import run_app

    return run_app(opened, read_only=read_only, banner=banner, rest=heap.rest)
