"""`queue`: what waits for review, oldest first; everything with `--all`."""

from __future__ import annotations

import argparse

from console.bootstrap import open_here
from console.commands.finding import change_line
from console.commands.output import print_json, table
from core.lifecycle import OPEN, State
from core.records import ChangeRow


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--all", action="store_true", help="every open change, whoever it waits for"
    )


def run(args: argparse.Namespace) -> int:
    """Print one line a change."""
    states = sorted(OPEN) if args.all else [State.PENDING]
    with open_here(args) as opened:
        changes = opened.ledger.changes_in(*states)
    if args.json:
        for change in changes:
            print_json(_as_json(change))
        return 0
    rows = [
        (
            change.proposal[:8],
            str(change.idx),
            change_line(change),
            change.patient_label or "(erased)",
            change.agent,
            change.state,
            change.expires or "",
        )
        for change in changes
    ]
    table(rows, ("PROPOSAL", "CHANGE", "WHAT", "PATIENT", "AGENT", "STATE", "EXPIRES"))
    return 0


def _as_json(change: ChangeRow) -> dict[str, object]:
    return {
        "id": change.proposal,
        "index": change.idx,
        "op": change.op,
        "type": change.type,
        "target": change.target,
        "paths": [path for path, _ in change.touched],
        "agent": change.agent,
        "urgency": change.urgency,
        "state": change.state,
        "expires": change.expires,
        "hash": change.change_digest,
    }
