"""`approve ID --hash H [--change N]`: sign what you have looked at, and nothing else."""

from __future__ import annotations

import argparse

from console.commands.decide import answer_changes
from console.commands.finding import add_changes
from console.commands.many import add_ids_file
from console.commands.words import read_words
from core.errors import BadInput
from core.review.decide import Answer
from core.review.glass import PURPOSES, Glass


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_changes(parser, many=True)
    add_ids_file(parser)
    parser.add_argument(
        "--hash",
        metavar="H",
        help="the hash that `show` printed, of the whole or of that change",
    )
    parser.add_argument(
        "--break-glass",
        action="store_true",
        help="bypass quorum, named role or a consent denial; opens an incident",
    )
    parser.add_argument("--reason-file", metavar="FILE|-", help="why; needed with --break-glass")
    parser.add_argument("--purpose", choices=PURPOSES, default=PURPOSES[0], help="v3 ActReason")
    parser.add_argument(
        "--attest",
        action="append",
        default=[],
        metavar="CODE",
        help="what the route asks you to attest, as `show` lists it; repeatable",
    )
    parser.add_argument(
        "--without",
        action="append",
        type=int,
        default=[],
        metavar="N",
        help="a change that this one rests on and that is gone, as you know; repeatable",
    )


def run(args: argparse.Namespace) -> int:
    """Approve; exit 5 when the hash is not that of what waits now.

    A list names its hashes itself, and every one must have been opened with `show`.
    """
    if args.ids_file is None and args.hash is None:
        raise BadInput("is missing", field="--hash", remedy="Take it from `countersign show`")
    if args.ids_file is not None and (args.hash or args.attest or args.without or args.break_glass):
        raise BadInput("a list is approved by its own hashes and nothing else", field="--ids-file")
    return answer_changes(
        args,
        Answer(
            "approve", seen=args.hash, glass=_glass(args),
            attested=tuple(args.attest), without=tuple(args.without),
        ),
    )  # fmt: skip


def _glass(args: argparse.Namespace) -> Glass | None:
    if not args.break_glass:
        if args.reason_file:
            raise BadInput("goes with --break-glass only", field="--reason-file")
        return None
    if not args.reason_file:
        raise BadInput("is missing", field="--reason-file", remedy="Say why, in a file or with -")
    return Glass(read_words(args.reason_file, "--reason-file"), args.purpose)
