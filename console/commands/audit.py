"""`audit verify`, `audit trail [ABOUT]` and `audit event SEQ`."""

from __future__ import annotations

import argparse

from console.bootstrap import Opened, open_here
from console.commands.audit_trail import MOST, show_event, show_trail
from console.commands.nested import add_action
from console.commands.output import print_json, say
from core.audit.verify import Verified, heads_words, quiet


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    verify = add_action(actions, "verify", "verify the whole ledger and say where it fails")
    verify.add_argument(
        "--offline", action="store_true", help="do not compare with the head kept on the EHR"
    )
    told = add_action(actions, "trail", "tell the events of the ledger, or those about one thing")
    told.add_argument(
        "id",
        metavar="ABOUT",
        nargs="?",
        help="the id of a proposal, operation, freeze, person or agent, or KIND:ID",
    )
    told.add_argument("--filter", metavar="WORDS", default="", help="such as type:decision")
    told.add_argument(
        "--limit",
        type=int,
        metavar="N",
        help=f"the newest N; without ABOUT, and of a person or an agent, {MOST} unless said",
    )
    told.add_argument("--before", type=int, metavar="SEQ", help="only events before this number")
    event = add_action(actions, "event", "show one event: words, signature, leaf and body")
    event.add_argument("seq", type=int, metavar="SEQ")


def run(args: argparse.Namespace) -> int:
    """Carry out the action."""
    with open_here(args) as opened:
        if args.action == "trail":
            return show_trail(opened, args)
        if args.action == "event":
            return show_event(opened, args)
        return _verify(opened, args)


def _verify(opened: Opened, args: argparse.Namespace) -> int:
    found = opened.verified(quiet, offline=args.offline)
    if args.json:
        print_json(_as_json(found))
    else:
        _say(found)
    return 0 if found.report.ok else 1


def _as_json(found: Verified) -> dict[str, object]:
    report = found.report
    return {
        "ok": report.ok,
        "events": report.events,
        "checkpoints": report.checkpoints,
        "unanchored": found.unanchored,
        "problems": [str(problem) for problem in report.problems],
        "bodies": report.bodies,
        "anchor": found.compared,
        "heads": report.matched,
        "given_up": report.given_up,
    }


def _say(found: Verified) -> None:
    report = found.report
    say(f"{'ok' if report.ok else 'NOT OK'}: {report.events} events, {report.bodies} bodies")
    say(f"{report.checkpoints} checkpoints; {found.unanchored} events not anchored")
    say(heads_words(report))
    say(found.compared)
    for problem in report.problems:
        say(f"problem: {problem}")
