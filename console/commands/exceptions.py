"""`exceptions`: what a person must look at, oldest first: writes, and Tasks on the hub."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from console.bootstrap import Opened, open_here
from console.commands.finding import change_line, chosen_changes, find_proposal
from console.commands.output import print_json, say, table
from core.errors import BadInput
from core.failure.say import said
from core.hub.receive import dismiss
from core.ports import Reads
from core.reconcile.settle import settle
from core.reconcile.trouble import Trouble, troubles


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--dismiss",
        type=int,
        metavar="NUMBER",
        help="take a finding about a Task, named by its number, off the list",
    )
    parser.add_argument("--accept", metavar="ID", help="close the exceptions of a change")
    parser.add_argument("--change", type=int, action="append", metavar="N", help="which change")
    parser.add_argument("--reason", metavar="WORDS", help="why it may stay as it is")
    parser.add_argument("--kind", metavar="KIND", help="only this kind")


def run(args: argparse.Namespace) -> int:
    """Print one line for each, or settle one of them."""
    with open_here(args) as opened:
        if args.dismiss is not None:
            dismiss(opened.offline(), args.dismiss)
            return 0
        if args.accept is not None:
            return _accept(opened, args)
        shown = [item for item in troubles(opened.ledger) if args.kind in (None, item.code)]
        if args.json:
            for item in shown:
                print_json(_as_json(opened.ledger, item))
        else:
            _print(shown)
            _print_words(opened.ledger, shown)
    return 0


def _accept(opened: Opened, args: argparse.Namespace) -> int:
    if not args.reason:
        raise BadInput("is missing", field="--reason", remedy="Say why it may stay as it is")
    args.id = args.accept
    proposal = find_proposal(opened, args.id)
    for index in chosen_changes(opened, proposal, args):
        state = settle(opened.offline(), proposal.id, index, args.reason)
        if args.json:
            print_json({"id": proposal.id, "index": index, "state": str(state)})
        else:
            say(f"{proposal.id}  change {index}  accepted  {state}")
    return 0


def _as_json(reads: Reads, item: Trouble) -> dict[str, object]:
    if item.finding is not None:
        return {
            "id": None,
            "number": item.number,
            "task": item.finding.task,
            "kind": item.code,
            "class": item.class_,
            "agent": item.finding.agent,
            "opened": item.since,
        }
    change, exception = item.change, item.exception
    told = None if change is None else said(reads, change)
    return {
        "id": exception.proposal if exception else change.proposal if change else None,
        "index": exception.idx if exception else change.idx if change else None,
        "kind": item.code,
        "class": item.class_ or None,
        "opened": item.since,
        "state": None if change is None else change.state,
        "failure": None if told is None else told.as_json(),
    }


def _print_words(reads: Reads, found: Sequence[Trouble]) -> None:
    """Say of each write that failed what is the matter and what the remedy is, once for many."""
    told: dict[tuple[str, ...], list[str]] = {}
    for item in found:
        one = None if item.change is None else said(reads, item.change)
        if one is not None and item.change is not None:
            name = f"{item.change.proposal[:8]} change {item.change.idx}"
            told.setdefault(tuple(one.lines()), []).append(name)
    for lines, names in told.items():
        say("")
        say(", ".join(dict.fromkeys(names)))
        for line in lines:
            say(f"  {line}")


def _print(found: Sequence[Trouble]) -> None:
    writes = [item for item in found if item.finding is None]
    table(
        [
            (
                "" if item.change is None else item.change.proposal[:8],
                "" if item.change is None else str(item.change.idx),
                "" if item.change is None else change_line(item.change),
                item.code,
                item.class_,
                item.since,
            )
            for item in writes
        ],
        ("PROPOSAL", "CHANGE", "WHAT", "KIND", "CLASS", "SINCE"),
    )
    tasks = [item for item in found if item.finding is not None]
    if tasks:
        say("")
        table(
            [
                (str(one.number), one.finding.task, one.code, one.class_, one.since)
                for one in tasks
                if one.finding is not None
            ],
            ("NUMBER", "TASK", "KIND", "CODE", "SINCE"),
        )
