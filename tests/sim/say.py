"""Telling what was found, a line at a time."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """Write one line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
