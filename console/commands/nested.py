"""Commands with actions of their own: `audit verify`, `policy adopt`, `incident freeze`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_action(actions: Any, name: str, told: str) -> argparse.ArgumentParser:
    """Add one action that takes --workspace and --json after its name too."""
    parser: argparse.ArgumentParser = actions.add_parser(name, help=told)
    parser.add_argument("--workspace", type=Path, default=argparse.SUPPRESS, metavar="DIR")
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    return parser
