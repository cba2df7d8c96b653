"""`schema NAME`: the JSON Schemas that agents can check against."""

from __future__ import annotations

import argparse
import json

from console.commands.output import write
from core.hub_schema import SCHEMAS


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("name", choices=list(SCHEMAS), help="what to describe")


def run(args: argparse.Namespace) -> int:
    """Print the schema."""
    write(json.dumps(SCHEMAS[args.name](), indent=2, ensure_ascii=False) + "\n")
    return 0
