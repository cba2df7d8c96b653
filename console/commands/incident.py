"""`incident`: what is wrong, who says so, and containment, from the command line."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping

from console.bootstrap import Opened, open_here
from console.commands import incident_acts
from console.commands.nested import add_action
from console.commands.output import print_json, say
from core.audit.events import line_or_none
from core.errors import BadInput
from core.incident.awaited import awaited
from core.incident.freeze import SCOPE_KEYS, declare, lift
from core.incident.preview import preview
from core.incident.summary import preview_json, summarize, summary_json


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add_action(actions, "list", "list the open incidents and the freezes in force")
    incident_acts.configure(actions)
    freeze = add_action(actions, "freeze", "stop matching writes before their first byte")
    for key in SCOPE_KEYS:
        if key != "patient":
            freeze.add_argument(f"--{key}", metavar=key.upper())
    freeze.add_argument("--everything", action="store_true", help="stop every write")
    freeze.add_argument("--reason", metavar="WORDS", help="why; needed unless --preview")
    freeze.add_argument("--preview", action="store_true", help="only say what it would stop")
    thaw = add_action(actions, "thaw", "lift a freeze")
    thaw.add_argument("freeze", metavar="FREEZE")
    thaw.add_argument("--reason", required=True, metavar="WORDS")
    add_action(actions, "summary", "say what is wrong now, for how many, and what is stopped")
    told = add_action(actions, "timeline", "tell what happened, newest first")
    told.add_argument("--limit", type=int, default=50, metavar="N")
    told.add_argument("--before", type=int, metavar="SEQ", help="only events before this one")


def run(args: argparse.Namespace) -> int:
    """Carry out the action."""
    with open_here(args) as opened:
        workspace = opened.offline()
        if args.action == "list":
            _list(opened)
        elif args.action == "declare":
            incident_acts.declare(opened, args)
        elif args.action == "close":
            incident_acts.close(opened, args)
        elif args.action == "summary":
            _summary(opened, as_json=args.json)
        elif args.action == "timeline":
            _timeline(opened, args)
        elif args.action == "freeze" and args.preview:
            _preview(opened, _scope(args), as_json=args.json)
        elif args.action == "thaw":
            lift(workspace, args.freeze, args.reason)
            lifted = {"lifted": args.freeze}
            print_json(lifted) if args.json else say(f"lifted {args.freeze}")
        else:
            if not args.reason:
                raise BadInput("is missing", field="--reason", remedy="Say why, in words")
            _declared(opened, declare(workspace, _scope(args), args.reason), as_json=args.json)
    return 0


def _list(opened: Opened) -> None:
    for item in opened.ledger.open_incidents():
        print_json(incident_acts.incident_json(item))
    for row in opened.ledger.freezes():
        found = {"id": row.id, "scope": json.loads(row.scope), "by": row.by, "at": row.at}
        late = [item.as_json() for item in awaited(opened.ledger, row)]
        print_json({"kind": "freeze", **found, "awaited": late})


def _declared(opened: Opened, id_: str, *, as_json: bool) -> None:
    row = next(one for one in opened.ledger.freezes() if one.id == id_)
    late = awaited(opened.ledger, row)
    if as_json:
        print_json({"id": id_, "awaited": [item.as_json() for item in late]})
        return
    say(f"in force: {id_}")
    for item in late:
        say(f"left before it, awaited: {item.proposal} change {item.index}")
    if late:
        say("`countersign incident list` tells what becomes of them")


def _summary(opened: Opened, *, as_json: bool) -> None:
    found = summarize(opened.ledger, list(opened.ehr_names), opened.clock.now())
    told = summary_json(found)
    if as_json:
        print_json(told)
        return
    codes = ", ".join(f"{count} {code}" for code, count in _counts(told["to_look_at"]).items())
    say(f"to look at: {codes or 'nothing'}, on {found.patients} patients")
    for open_ in found.incidents:
        say(f"incident: {open_.category}, {open_.severity}, since {open_.at}  {open_.id}")
    for item in found.freezes:
        say(
            f"frozen: {_scope_words(item.scope)}  stops {item.stops.stopped} changes  {item.row.id}"
        )
        for late in item.awaited:
            say(f"  left before it: {late.proposal} change {late.index}: {late.outcome}")
    for name, rates in found.rates.items():
        say(f"{name}: " + ", ".join(f"{count} {rate}" for rate, count in rates.items()))
    for failure, count in found.failures.items():
        say(f"failed in the last hour: {count} {failure}")
    for name, (at, status) in found.receipts.items():
        say(f"EHR {name} answered a write at {at}, status {status}")


def _timeline(opened: Opened, args: argparse.Namespace) -> None:
    high = opened.ledger.size if args.before is None else min(args.before, opened.ledger.size)
    for event in opened.ledger.events(max(0, high - max(1, args.limit)), high):
        line = line_or_none(event)
        if args.json:
            print_json({"seq": event.seq} if line is None else line.as_json())
        elif line is None:
            say(f"{event.seq:>5}  unreadable")
        else:
            say(f"{line.seq:>5}  {line.at}  {line.type}  {line.actor}  {line.text}")


def _preview(opened: Opened, scope: dict[str, str], *, as_json: bool) -> None:
    found = preview(opened.ledger, scope)
    if as_json:
        print_json(preview_json(found))
        return
    least = "" if found.whole else "at least "
    say(f"would stop {least}{found.stopped} changes of {found.patients} patients")
    for row in found.in_flight:
        say(f"in flight, not stopped: {row.proposal} change {row.idx} {row.state}")


def _counts(value: object) -> dict[str, int]:
    return dict(value) if isinstance(value, dict) else {}


def _scope_words(scope: Mapping[str, str]) -> str:
    return ", ".join(f"{key} {value}" for key, value in scope.items()) or "everything"


def _scope(args: argparse.Namespace) -> dict[str, str]:
    named = {key: getattr(args, key, None) for key in SCOPE_KEYS}
    scope = {key: value for key, value in named.items() if value is not None}
    if bool(scope) == args.everything:
        raise BadInput(
            "name what to stop, or --everything",
            field="scope",
            remedy="Such as --agent scribe-1, or --type Condition --op create",
        )
    return scope
