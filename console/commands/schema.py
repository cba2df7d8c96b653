"""`schema proposal`: the JSON Schema that agents can check against."""

from __future__ import annotations

import argparse
import json
import sys


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("name", choices=["proposal"], help="what to describe")


def run(_args: argparse.Namespace) -> int:
    """Print the schema."""
    from core.proposal import json_schema

    sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
    return 0
