"""`reconcile [ID[/N]…] [--agent A …]`: look at what was written again, now."""

from __future__ import annotations

import argparse
import asyncio
import re
from datetime import UTC, datetime

from console.bootstrap import Opened, open_here
from console.commands.finding import change_line, find_proposal
from console.commands.line import narrate
from console.commands.output import print_json, say
from core.errors import BadInput
from core.inert import inert
from core.ledger.event import instant
from core.reconcile.cohort import KEYS, Cohort, Scope, cohort, named
from core.reconcile.look import Looked
from core.reconcile.recheck import Run, Why, look_at
from core.records import ChangeRow

LIMIT = 500
FAILED, UNREACHABLE = 1, 6


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "what", metavar="ID[/N]", nargs="*", help="a proposal, or its change N, counted from 0"
    )
    for key in KEYS:
        parser.add_argument(f"--{key}", metavar=key.upper(), help="only writes of it")
    parser.add_argument("--since", metavar="TIME", help="written at or after, with an offset or Z")
    parser.add_argument("--until", metavar="TIME", help="written before, with an offset or Z")
    parser.add_argument(
        "--limit", type=int, default=LIMIT, metavar="N", help=f"at most N writes; default {LIMIT}"
    )


def run(args: argparse.Namespace) -> int:
    """Look at each, print one line for each, and say what was examined; 1 if nothing was."""
    scope = _scope(args)
    if args.limit < 1:
        raise BadInput("is not a number from 1 on", field="--limit")
    with open_here(args) as opened:
        if args.what and scope.as_json():
            raise BadInput("name writes, or describe them", field="ID", remedy="One of the two")
        found = _named(opened, args.what) if args.what else cohort(opened.ledger, scope, args.limit)
        done = asyncio.run(_look(opened, found, scope, by_id=bool(args.what)))
        _print(done, found, as_json=args.json)
    if not done.writes:
        narrate("nothing was examined")
        return FAILED
    return UNREACHABLE if done.left or _unreachable(done) else 0


async def _look(opened: Opened, found: Cohort, scope: Scope, *, by_id: bool) -> Run:
    async with opened.connected() as workspace:
        why: Why = "demand" if by_id else "cohort"
        return await look_at(workspace, found.changes, why, scope.as_json())


def _named(opened: Opened, texts: list[str]) -> Cohort:
    wanted: list[tuple[str, int | None]] = []
    for text in texts:
        id_, slash, index = text.partition("/")
        if slash and not re.fullmatch(r"\d{1,3}", index, re.ASCII):
            raise BadInput("is no change of a proposal", field="ID/N", remedy="Count from 0")
        wanted.append((find_proposal(opened, id_).id, int(index) if slash else None))
    return named(opened.ledger, wanted)


def _scope(args: argparse.Namespace) -> Scope:
    facts = {key: value for key in KEYS if (value := getattr(args, key)) is not None}
    return Scope(facts, _time(args.since, "--since"), _time(args.until, "--until"))


def _time(text: str | None, field: str) -> str | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BadInput(
            "is not a date and time with an offset",
            field=field,
            remedy="Such as 2026-11-23T09:00:00Z",
        )
    return instant(found.astimezone(UTC))


def _unreachable(done: Run) -> bool:
    return any(looked.code == "unreadable" for _, looked in done.results)


def _print(done: Run, found: Cohort, *, as_json: bool) -> None:
    for change, looked in done.results:
        if as_json:
            print_json(_as_json(change, looked))
        else:
            say(_line(change, looked))
    counts = {**done.counts(), "waiting": found.waiting, "beyond_limit": found.more}
    if as_json:
        print_json({"run": done.id, **counts})
        return
    say(
        f"examined {done.writes} of {done.asked} writes, {done.elements} values: "
        f"{done.same} as verified, {done.drift} not, {done.unread} could not be examined"
    )
    for name, words in (
        ("left", "not looked at: the EHR takes no more requests, or they changed meanwhile"),
        ("waiting", "wait for their first look by `run`"),
        ("beyond_limit", "more are beyond --limit"),
    ):
        if counts[name]:
            say(f"{counts[name]} {words}")


def _line(change: ChangeRow, looked: Looked) -> str:
    grave = f"{looked.class_}" if looked.outcome == "drift" else looked.code
    paths = ", ".join(item.path for item in looked.wrong)
    parts = [change.proposal[:8], str(change.idx), change_line(change), looked.outcome, grave]
    return "  ".join(part for part in (*parts, inert(paths)) if part)


def _as_json(change: ChangeRow, looked: Looked) -> dict[str, object]:
    """Return one write as `reconcile --json` prints it; its keys are API."""
    return {
        "id": change.proposal,
        "index": change.idx,
        "outcome": looked.outcome,
        "class": looked.class_ if looked.outcome in ("same", "drift") else None,
        "kind": looked.kind,
        "code": looked.code or None,
        "examined": looked.examined,
        "others": looked.others,
        "differences": [
            {"path": item.path, "class": item.class_, "reason": item.reason}
            for item in looked.wrong
        ],
    }
