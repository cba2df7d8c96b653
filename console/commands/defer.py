"""`defer ID --until TIME [--change N]`."""

from __future__ import annotations

import argparse
from datetime import datetime

from console.commands.decide import answer_changes
from console.commands.finding import add_changes
from console.commands.many import add_ids_file
from core.errors import BadInput
from core.review.decide import Answer


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_changes(parser, many=True)
    add_ids_file(parser)
    parser.add_argument(
        "--until", required=True, metavar="TIME", help="ISO 8601, such as 2026-11-24T09:00:00+01:00"
    )


def run(args: argparse.Namespace) -> int:
    """Put the changes off."""
    try:
        until = datetime.fromisoformat(args.until)
    except ValueError:
        raise BadInput("is not an ISO 8601 date-time", field="--until") from None
    if until.tzinfo is None:
        until = until.astimezone()
    return answer_changes(args, Answer("defer", until=until))
