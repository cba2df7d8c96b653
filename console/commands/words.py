"""Words for people that a command takes from a file or standard input, never from argv."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.errors import BadInput

MOST = 4_000


def add_words(
    parser: argparse.ArgumentParser, name: str, help_: str, *, required: bool = False
) -> None:
    """Add the argument."""
    parser.add_argument(name, metavar="FILE|-", help=help_, required=required)


def read_words(name: str, field: str) -> str:
    """Return what the file holds, without the space around it; BadInput naming the field."""
    return read_text(name, field, MOST).strip()


def read_text(name: str, field: str, most: int) -> str:
    """Return what the file holds, up to so many characters; BadInput naming the field."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("cannot be read as UTF-8 text", field=field) from error
    if len(text) > most:
        raise BadInput(f"is longer than {most:,} characters", field=field)
    return text
