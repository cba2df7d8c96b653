"""`queue`: what waits for review, the most urgent first; every open state with `--all`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace

from console.bootstrap import Opened, open_here
from console.commands.finding import change_line
from console.commands.output import print_json, table
from console.views import BASES, Chosen, choices, keep, view_of
from core.errors import BadInput, NotFound
from core.feed import feed, read_cursor
from core.queue import Filter, Spot, parse_filter
from core.records import ChangeRow


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--all", action="store_true", help="every open change, whoever it waits for"
    )
    parser.add_argument(
        "--filter",
        metavar="WORDS",
        default="",
        help="such as 'risk:high !is:late'; - reads it from standard input, for names",
    )
    parser.add_argument(
        "--view", metavar="NAME", help=f"one of {', '.join(BASES)}, or a view that was kept"
    )
    parser.add_argument(
        "--since",
        metavar="CURSOR",
        help="what became of changes since then, for agents; 0 begins, each line has the next",
    )
    parser.add_argument("--agent", metavar="ID", help="with --since: only that agent's")
    parser.add_argument("--keep", action="store_true", help="keep the filter as that view")


def run(args: argparse.Namespace) -> int:
    """Print one line a change."""
    if args.since is not None:
        return _feed(args)
    if args.agent is not None:
        raise BadInput("goes with --since", field="--agent", remedy="Or use --filter agent:ID")
    with open_here(args) as opened:
        chosen = _chosen(opened, args)
        if args.keep:
            keep(opened, chosen, args.view or "")
        changes = list(_read(opened, chosen))
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


def _feed(args: argparse.Namespace) -> int:
    if args.all or args.filter or args.view or args.keep:
        raise BadInput("goes with --agent only", field="--since", remedy="Leave the others out")
    with open_here(args) as opened:
        reads = opened.ledger
        found = list(feed(reads, read_cursor(args.since, reads.size), args.agent))
    if args.json:
        for line in found:
            print_json(line)
        return 0
    rows = [
        (line["cursor"], line["id"][:8], line["index"].text, line["agent"], line["state"],
         " ".join(line["reasons"]))
        for line in found
    ]  # fmt: skip
    table(rows, ("CURSOR", "PROPOSAL", "CHANGE", "AGENT", "STATE", "REASONS"))
    return 0


def _chosen(opened: Opened, args: argparse.Namespace) -> Chosen:
    # What names a patient does not belong into a command line, which others can read.
    words = parse_filter(sys.stdin.read() if args.filter == "-" else args.filter)
    if args.keep or args.view is None:
        return Chosen(all_open=args.all, filter=words)
    for known in choices(opened):
        if args.view in (known.name, known.base) and (known.name or args.view == known.base):
            terms = known.filter.terms + words.terms
            return replace(known, all_open=args.all, filter=Filter(terms))
    names = [*BASES, *(name for name, _, _ in opened.ledger.saved_views())]
    raise NotFound(
        "there is no view of that name", field="--view", remedy=f"Use one of: {', '.join(names)}"
    )


def _read(opened: Opened, chosen: Chosen) -> Iterator[ChangeRow]:
    view, now, as_of = view_of(opened, chosen), opened.clock.now(), opened.ledger.size
    after: Spot | None = None
    while True:
        page = opened.ledger.queue_page(view, now, as_of, after)
        yield from page.rows
        after = page.reached
        if after is None:
            return


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
