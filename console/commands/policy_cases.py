"""`policy test [FILE]`: what came of a document's own cases, and which rules they reach."""

from __future__ import annotations

import argparse
from pathlib import Path

from console.bootstrap import open_here
from console.commands.output import print_json, say, table
from console.commands.policy_files import IN_FORCE, lines_named, read_file
from core.policy.cases import Report, try_policy
from core.policy.locate import line_of
from core.workspace import document


def run(args: argparse.Namespace) -> int:
    """Try the cases; 1 when one fails or, if that is asked, a rule decides in none."""
    name = IN_FORCE if args.file is None else Path(args.file).name
    if args.file is None:
        with open_here(args) as opened:
            text = document(opened.ledger, "policy").document
    else:
        text = read_file(Path(args.file))
    with lines_named(text, name):
        report = try_policy(text)
    if args.json:
        print_json(_as_json(report, text))
    else:
        _print(report, text, name)
    return 1 if report.failed or (args.require_coverage and report.uncovered) else 0


def _as_json(report: Report, text: str) -> dict[str, object]:
    return {
        "ok": not report.failed,
        "cases": len(report.tried),
        "failed": [
            {
                "name": one.case.name,
                "line": line_of(text, one.case.field),
                "failures": list(one.failures),
            }
            for one in report.failed
        ],
        "rules": [
            {"rule": one.rule, "kind": one.kind, "decided": one.decided, "matched": one.matched}
            for one in report.coverage
        ],
        "uncovered": [one.rule for one in report.uncovered],
    }


def _print(report: Report, text: str, name: str) -> None:
    for one in report.failed:
        say(f"{name}:{line_of(text, one.case.field)}: failed: {one.case.name}")
        for failure in one.failures:
            say(f"    {failure}")
    rows = [
        (one.kind, one.rule, str(one.decided), str(one.matched) if one.matched else "never")
        for one in report.coverage
    ]
    table(rows, ("KIND", "RULE", "DECIDED", "MATCHED"))
    tried, failed, uncovered = len(report.tried), len(report.failed), len(report.uncovered)
    say(f"{tried} cases, {failed} failed; {len(rows)} rules, {uncovered} that no case decides by")
