"""`exceptions`: what a person must look at, oldest first: writes, and Tasks on the hub."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from console.bootstrap import Opened, open_here
from console.commands.finding import change_line
from console.commands.output import print_json, say, table
from core.hub.receive import dismiss
from core.records import ChangeRow, ExceptionRow, FindingRow


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--dismiss",
        type=int,
        metavar="NUMBER",
        help="take a finding about a Task, named by its number, off the list",
    )


def run(args: argparse.Namespace) -> int:
    """Print one line an exception and one a finding."""
    with open_here(args) as opened:
        if args.dismiss is not None:
            dismiss(opened.offline(), args.dismiss)
            return 0
        rows = _exceptions(opened)
        findings = opened.ledger.open_findings()
    if args.json:
        for item, change in rows:
            print_json(_exception(item, change))
        for finding in findings:
            print_json(_finding(finding))
        return 0
    _print(rows, findings)
    return 0


def _exceptions(opened: Opened) -> list[tuple[ExceptionRow, ChangeRow | None]]:
    found = opened.ledger.open_exceptions()
    return [(item, opened.ledger.change(item.proposal, item.idx)) for item in found]


def _exception(item: ExceptionRow, change: ChangeRow | None) -> dict[str, object]:
    return {
        "id": item.proposal,
        "index": item.idx,
        "kind": item.kind,
        "class": item.class_,
        "opened": item.opened_at,
        "state": None if change is None else change.state,
    }


def _finding(finding: FindingRow) -> dict[str, object]:
    return {
        "id": None,
        "number": finding.id,
        "task": finding.task,
        "kind": finding.severity,
        "class": finding.code,
        "agent": finding.agent,
        "opened": finding.at,
    }


def _print(
    rows: list[tuple[ExceptionRow, ChangeRow | None]], findings: Sequence[FindingRow]
) -> None:
    table(
        [
            (
                item.proposal[:8],
                str(item.idx),
                "" if change is None else change_line(change),
                item.kind,
                item.class_ or "",
                item.opened_at,
            )
            for item, change in rows
        ],
        ("PROPOSAL", "CHANGE", "WHAT", "KIND", "CLASS", "SINCE"),
    )
    if findings:
        say("")
        table(
            [(str(one.id), one.task, one.severity, one.code, one.at) for one in findings],
            ("NUMBER", "TASK", "KIND", "CODE", "SINCE"),
        )
