"""`exceptions`: what a person must look at, in two queues with their clocks, and what to do."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime

from console.bootstrap import open_here
from console.commands import exception_acts
from console.commands.corrections import correction_lines, corrections_json
from console.commands.finding import change_line
from console.commands.line import narrate
from console.commands.output import print_json, say, table
from core.failure.say import said
from core.hub.receive import dismiss
from core.ports import Reads
from core.reconcile.clocks import standings
from core.reconcile.levels import QUEUES
from core.reconcile.overdue import is_overdue
from core.reconcile.trouble import Trouble, troubles


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--dismiss",
        type=int,
        metavar="NUMBER",
        help="take a finding about a Task or a mapping, named by its number, off the list",
    )
    exception_acts.configure(parser)
    parser.add_argument("--kind", metavar="KIND", help="only this kind")
    parser.add_argument(
        "--queue",
        choices=(*QUEUES, "all"),
        default="all",
        help="only what the chart lost (reconciliation), or what needs human review",
    )


def run(args: argparse.Namespace) -> int:
    """Print one line for each, or do something about one of them."""
    with open_here(args) as opened:
        if args.dismiss is not None:
            dismiss(opened.offline(), args.dismiss)
            return 0
        act = exception_acts.chosen(args)
        if act is not None:
            return exception_acts.act(opened, args, act)
        now = opened.clock.now()
        every = troubles(opened.ledger)
        shown = [
            item
            for item in every
            if args.kind in (None, item.code) and args.queue in ("all", item.queue)
        ]
        if args.json:
            for item in shown:
                print_json(_as_json(opened.ledger, item, now))
        else:
            _print(shown, now)
            _print_words(opened.ledger, shown)
            _print_clocks(every, now)
    return 0


def _print_clocks(every: Sequence[Trouble], now: datetime) -> None:
    for queue, standing in standings(every, now).items():
        due = f", next due {standing.next_due}" if standing.next_due else ""
        late = f", {standing.overdue} OVERDUE" if standing.overdue else ""
        narrate(f"{queue}: {standing.open} open{late}{due}")


def _as_json(reads: Reads, item: Trouble, now: datetime) -> dict[str, object]:
    if item.finding is not None:
        return {
            "id": None,
            "number": item.number,
            "task": item.finding.task,
            "kind": item.code,
            "class": item.class_,
            "agent": item.finding.agent,
            "opened": item.since,
            "queue": item.queue,
            "due": None,
            "overdue": False,
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
        "queue": item.queue,
        "due": item.due,
        "overdue": exception is not None and is_overdue(exception, now),
        "incident": None if exception is None else exception.incident,
        "escalated_to": None if exception is None else exception.escalated_to,
        **corrections_json(reads, item),
    }


def _print_words(reads: Reads, found: Sequence[Trouble]) -> None:
    """Say of each write that failed what is the matter and what the remedy is, once for many."""
    told: dict[tuple[str, ...], list[str]] = {}
    for item in found:
        one = None if item.change is None else said(reads, item.change)
        if one is not None and item.change is not None:
            name = f"{item.change.proposal[:8]} change {item.change.idx}"
            told.setdefault(tuple(one.lines()), []).append(name)
    for item in found:
        if item.change is not None and (done := list(correction_lines(reads, item))):
            told.setdefault(tuple(done), []).append(
                f"{item.change.proposal[:8]} change {item.change.idx}"
            )
    for lines, names in told.items():
        say("")
        say(", ".join(dict.fromkeys(names)))
        for line in lines:
            say(f"  {line}")


def _print(found: Sequence[Trouble], now: datetime) -> None:
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
                item.queue,
                _due(item, now),
            )
            for item in writes
        ],
        ("PROPOSAL", "CHANGE", "WHAT", "KIND", "CLASS", "SINCE", "QUEUE", "DUE"),
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


def _due(item: Trouble, now: datetime) -> str:
    if item.exception is None or item.due is None:
        return ""
    return f"{item.due} OVERDUE" if is_overdue(item.exception, now) else item.due
