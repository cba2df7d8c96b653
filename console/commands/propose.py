"""`propose FILE|-`: stage proposals; good ones are kept though others are bad."""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import asdict
from pathlib import Path

from console.bootstrap import Opened, open_here
from console.commands.line import narrate
from console.commands.output import print_json, say
from core.errors import BadInput, CountersignError, NotFound
from core.intake.documents import MAX_INPUT, Document, documents
from core.intake.quota import Throttled
from core.intake.stage import Staged, stage
from core.workspace import Workspace

REFUSED = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", metavar="FILE|-", help="JSON or NDJSON; - reads standard input")


def run(args: argparse.Namespace) -> int:
    """Stage every readable proposal; the exit code is that of the worst that happened."""
    found = documents(_read(args.file))
    with open_here(args) as opened:
        return asyncio.run(_stage_all(opened, found, as_json=args.json))


async def _stage_all(opened: Opened, found: list[Document], *, as_json: bool) -> int:
    async with opened.connected() as workspace:
        codes = [await _stage_one(workspace, item, as_json=as_json) for item in found]
    # Bad input comes first: the caller must mend it before anything else means something.
    return 2 if 2 in codes else max(codes)


async def _stage_one(workspace: Workspace, document: Document, *, as_json: bool) -> int:
    try:
        staged = await stage(workspace, document)
    except Throttled as error:
        if as_json and document.proposal is not None:
            refused = {"code": error.quota, "retry_after_s": error.retry_after_s}
            correlation = document.proposal.correlation_id
            print_json({"correlation_id": correlation, "refused": refused})
        narrate(str(error))
        return error.exit_code
    except CountersignError as error:
        where = f"line {document.line}: " if document.line else ""
        narrate(f"{where}{error}")
        return error.exit_code
    _print(staged, as_json=as_json)
    return REFUSED if staged.outcome == "denied" else 0


def _print(staged: Staged, *, as_json: bool) -> None:
    proposal = staged.proposal
    if as_json:
        found = {
            "id": proposal.id,
            "correlation_id": proposal.correlation,
            "state": str(staged.state),
            "verdict": {"outcome": staged.outcome, "reasons": list(staged.reasons)},
        }
        if staged.superseded is not None:
            found["superseded"] = asdict(staged.superseded)
        print_json(found)
        return
    say(f"{proposal.id}  {staged.state}  {staged.outcome}")
    if staged.superseded is not None:
        done = staged.superseded
        say(f"  earlier proposal: {done.changed} changes superseded, {done.left} left")
    for reason in staged.reasons:
        say(f"  change {reason['index'].text}: {reason['code']}: {reason['text']}")


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(MAX_INPUT + 1)
    path = Path(name)
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_INPUT + 1)
    except FileNotFoundError:
        raise NotFound("there is no such file", field="FILE", remedy="Check its name") from None
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", field="FILE") from None
