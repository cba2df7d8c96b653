"""`metrics [--week|--since TIME] [--by DIMENSION]`: what people made of the agents' proposals.

With `--exceptions`: whether they saw to what went wrong in time.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

from console.bootstrap import open_here
from console.commands.line import narrate
from console.commands.metrics_ehrs import TAUGHT, print_taught
from console.commands.output import print_json, table
from core.errors import BadInput
from core.ledger.event import instant
from core.metrics.learning import DIMENSIONS, Learnt, Rate, learn
from core.metrics.service import Served, served

WEEK = timedelta(days=7)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--week", action="store_true", help="decisions of the last seven days")
    when.add_argument("--since", metavar="TIME", help="decisions since then, with an offset or Z")
    parser.add_argument(
        "--exceptions", action="store_true", help="whether exceptions were seen to in time"
    )
    parser.add_argument(
        "--by",
        choices=(*DIMENSIONS, *TAUGHT),
        default="agent",
        help="default: agent; label and prediction count what each EHR did to what was written",
    )


def run(args: argparse.Namespace) -> int:
    """Print one line a group."""
    with open_here(args) as opened:
        since = _since(args, opened.clock.now())
        if args.exceptions:
            start = "" if since is None else instant(since)
            lines = served(opened.ledger.exceptions_since(start), opened.clock.now())
            return _print_served(lines, as_json=args.json)
        first = 0 if since is None else opened.ledger.first_since(instant(since))
        if args.by in TAUGHT:
            print_taught(opened.ledger, args.by, first, as_json=args.json)
            return 0
        found = learn(opened.ledger.judged(first), args.by)
    if args.json:
        for one in found:
            print_json(_as_json(one, args.by))
        return 0
    heads = (args.by.upper(), "DECIDED", "APPROVED", "EDITED", "REJECTED")
    table([_row(one) for one in found], heads)
    if found:
        narrate("rates with their 95% intervals; few decisions make wide ones")
    return 0


def _print_served(found: list[Served], *, as_json: bool) -> int:
    if as_json:
        for one in found:
            print_json(
                {
                    "class": one.name,
                    "queue": one.queue,
                    "opened": one.opened,
                    "open": one.open,
                    "overdue": one.overdue,
                    "in_time": one.in_time.as_json(),
                }
            )
        return 0
    heads = ("CLASS", "QUEUE", "OPENED", "OPEN", "OVERDUE", "IN TIME")
    table(
        [
            (one.name, one.queue, str(one.opened), str(one.open), str(one.overdue),
             _words(one.in_time))
            for one in found
        ],
        heads,
    )  # fmt: skip
    return 0


def _since(args: argparse.Namespace, now: datetime) -> datetime | None:
    if args.week:
        return now - WEEK
    if args.since is None:
        return None
    try:
        found = datetime.fromisoformat(args.since)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BadInput(
            "is not a date and time with an offset",
            field="--since",
            remedy="Such as 2026-11-23T09:00:00Z",
        )
    return found.astimezone(UTC)


def _as_json(one: Learnt, by: str) -> dict[str, object]:
    return {
        "by": by,
        "name": one.name,
        "decided": one.decided,
        "approved": one.approved.as_json(),
        "edited": one.edited.as_json(),
        "rejected": one.rejected.as_json(),
    }


def _row(one: Learnt) -> tuple[str, ...]:
    rates = (one.approved, one.edited, one.rejected)
    return (one.name, str(one.decided), *(_words(rate) for rate in rates))


def _words(rate: Rate) -> str:
    if not rate.of:
        return "0"
    low, high = rate.interval
    return f"{rate.hits} ({rate.hits / rate.of:.0%}, {low:.0%} to {high:.0%})"
