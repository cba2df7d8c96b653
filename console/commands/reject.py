"""`reject ID --reason CODE [--change N] [--note-file FILE|-]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from console.commands.decide import answer_changes
from console.commands.finding import add_changes
from console.commands.many import add_ids_file
from core.errors import BadInput
from core.review.decide import Answer
from core.review.reasons import REJECT_REASONS

MAX_NOTE = 4000


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_changes(parser, many=True)
    add_ids_file(parser)
    parser.add_argument(
        "--reason", required=True, metavar="CODE", help=f"one of {', '.join(REJECT_REASONS)}"
    )
    parser.add_argument(
        "--note-file", metavar="FILE|-", help="words for people, from a file so that none leak"
    )


def run(args: argparse.Namespace) -> int:
    """Reject, with the reason code and the note."""
    note = _note(args.note_file) if args.note_file else None
    return answer_changes(args, Answer("reject", reason=args.reason, note=note))


def _note(name: str) -> str:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("cannot be read as UTF-8 text", field="--note-file") from error
    if len(text) > MAX_NOTE:
        raise BadInput(f"is longer than {MAX_NOTE} characters", field="--note-file")
    return text.strip()
