"""`audit verify` and `audit trail ID`."""

from __future__ import annotations

import argparse
import asyncio

from console.bootstrap import Opened, open_here
from console.commands.finding import find_proposal
from console.commands.nested import add_action
from console.commands.output import print_json, say
from core.audit.trail import trail
from core.errors import Unreachable


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    verify = add_action(actions, "verify", "verify the whole ledger and say where it fails")
    verify.add_argument(
        "--offline", action="store_true", help="do not compare with the head kept on the EHR"
    )
    told = add_action(actions, "trail", "tell the story of one proposal")
    told.add_argument("id", metavar="ID")


def run(args: argparse.Namespace) -> int:
    """Carry out the action."""
    with open_here(args) as opened:
        if args.action == "trail":
            return _trail(opened, args)
        return asyncio.run(_verify(opened, args))


async def _verify(opened: Opened, args: argparse.Namespace) -> int:
    head: str | None = None
    compared = "not compared with the EHR's copy of the head"
    if not args.offline:
        try:
            head = await opened.published_head()
            compared = "compared with the EHR's copy of the head" if head else "no head on the EHR"
        except Unreachable:
            compared = "the EHR could not be reached to compare its copy of the head"
    report = opened.verify(head)
    anchored = min(opened.anchored_size(head), report.events)
    problems = [str(problem) for problem in report.problems]
    if args.json:
        print_json(
            {
                "ok": report.ok,
                "events": report.events,
                "checkpoints": report.checkpoints,
                "unanchored": report.events - anchored,
                "problems": problems,
                "bodies": report.bodies,
                "anchor": compared,
            }
        )
    else:
        say(f"{'ok' if report.ok else 'NOT OK'}: {report.events} events, {report.bodies} bodies")
        say(f"{report.checkpoints} checkpoints; {report.events - anchored} events not anchored")
        say(compared)
        for problem in problems:
            say(f"problem: {problem}")
    return 0 if report.ok else 1


def _trail(opened: Opened, args: argparse.Namespace) -> int:
    proposal = find_proposal(opened, args.id)
    for line in trail(opened.ledger.trail(proposal.id)):
        if args.json:
            print_json(line.as_json())
        else:
            place = "" if line.index is None else f" change {line.index}"
            say(f"{line.seq:>5}  {line.at}  {line.type}{place}  {line.actor}  {line.text}")
    return 0
