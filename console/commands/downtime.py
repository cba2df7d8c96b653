"""`downtime`: what is not in the chart, what to type there by hand, and that it was typed."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

from console.bootstrap import Opened, open_here
from console.commands.finding import change_line, find_proposal
from console.commands.may_write import told_json
from console.commands.nested import add_action
from console.commands.output import print_json, say, table, value_text
from console.commands.words import read_words
from console.presenters.texts import since
from core.ledger.event import moment
from core.review.byhand import Entry, Line, Sheet, enter, sheet
from core.review.downtime import Waiting, downtime
from core.review.hidden import check_not_hidden

NOT_THERE = "NOT in the chart"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    add_action(actions, "list", "list what is urgent or approved and not in the chart")
    shown = add_action(actions, "show", "print the exact values to type at the EHR")
    _of_one(shown)
    entered = add_action(actions, "entered", "say, signed, that you typed it; it is never sent")
    _of_one(entered)
    entered.add_argument("--hash", required=True, metavar="H", help="the hash that `show` printed")
    entered.add_argument("--note-file", metavar="FILE|-", help="words for people")
    entered.add_argument(
        "--despite-freeze", action="store_true", help="you know that a freeze is in force for it"
    )


def run(args: argparse.Namespace) -> int:
    """Carry out the action; without one, list."""
    with open_here(args) as opened:
        if args.action == "show":
            _show(opened, args)
        elif args.action == "entered":
            _entered(opened, args)
        else:
            _list(opened, as_json=args.json)
    return 0


def _of_one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="the proposal, or the beginning of its id")
    parser.add_argument("--change", type=int, required=True, metavar="N", help="counted from 0")


def _list(opened: Opened, *, as_json: bool) -> None:
    now = opened.clock.now()
    found = downtime(opened.ledger, now)
    if as_json:
        for item in found:
            print_json(_waiting_json(item))
        return
    table([_row(item, now) for item in found], ("NEEDED", "PROPOSAL", "CHANGE", "WHAT",
          "PATIENT", "STATE", "CHART"))  # fmt: skip
    if found:
        say("countersign downtime show ID --change N prints what to type")


def _row(item: Waiting, now: datetime) -> tuple[str, ...]:
    row = item.change
    needed = "" if item.needed is None else f"{item.needed[:16]}Z{' LATE' if item.late else ''}"
    chart = f"{NOT_THERE}, {row.state} for {since(moment(row.since), now)}"
    if item.frozen:
        chart += ", FROZEN"
    if item.why_not is not None:
        chart += f" ({item.why_not})"
    return (needed, row.proposal[:8], str(row.idx), change_line(row),
            row.patient_label or "(erased)", row.state, chart)  # fmt: skip


def _waiting_json(item: Waiting) -> dict[str, Any]:
    row = item.change
    return {
        "id": row.proposal,
        "index": row.idx,
        "op": row.op,
        "type": row.type,
        "target": row.target,
        "patient": item.proposal.patient,
        "ehr": row.ehr,
        "urgency": row.urgency,
        "needed_by": item.needed,
        "late": item.late,
        "state": row.state,
        "since": row.since,
        "frozen": item.frozen,
        "by_hand": item.why_not is None,
        "why_not": item.why_not,
        "hash": row.change_digest,
    }


def _show(opened: Opened, args: argparse.Namespace) -> None:
    found = sheet(opened.ledger, find_proposal(opened, args.id).id, args.change)
    check_not_hidden(opened.offline(), opened.ledger, found.change)
    if args.json:
        print_json(_sheet_json(found))
        return
    row = found.change
    say(f"BY HAND   {change_line(row)}, change {row.idx} of {row.proposal}")
    say(f"EHR       {row.ehr}")
    say(f"PATIENT   {row.patient_label or '(erased)'}  {found.proposal.patient or ''}")
    say(f"TARGET    {row.target or f'a new {row.type}'}")
    say(f"STATE     {row.state}")
    say(f"HASH      {row.change_digest}")
    if found.frozen is not None:
        say(f"FROZEN    a freeze is in force for this: {found.frozen.id}, by {found.frozen.by}")
        say("          ask who set it; `entered` takes --despite-freeze only knowingly")
    if found.why_not is not None:
        say(f"STOP      not by hand now: {found.why_not}")
    if found.no_api is not None:
        say(f"NO API    {found.no_api}")
    for line in found.lines:
        say(f"  {line_words(line)}")
    say("Type exactly this, then: countersign downtime entered ID --change N --hash H")


def line_words(line: Line) -> str:
    """Return one value to type: where, what stands there, what shall stand there."""
    if line.effect == "removed":
        return f"remove  {line.path}: {value_text(line.before)}"
    if line.effect == "changed":
        return f"change  {line.path}: {value_text(line.before)} → {value_text(line.after)}"
    return f"enter   {line.path}: {value_text(line.after)}"


def _sheet_json(found: Sheet) -> dict[str, Any]:
    row = found.change
    return {
        "id": row.proposal,
        "index": row.idx,
        "ehr": row.ehr,
        "patient": found.proposal.patient,
        "target": row.target,
        "op": row.op,
        "type": row.type,
        "state": row.state,
        "hash": row.change_digest,
        "frozen": None if found.frozen is None else found.frozen.id,
        "why_not": found.why_not,
        "no_api_write": None if found.refusing is None else told_json(found.refusing),
        "values": [
            {"path": line.path, "effect": line.effect, "before": line.before, "after": line.after}
            for line in found.lines
        ],
    }


def _entered(opened: Opened, args: argparse.Namespace) -> None:
    note = read_words(args.note_file, "--note-file") if args.note_file else None
    proposal = find_proposal(opened, args.id)
    said = Entry(args.hash, note, args.despite_freeze)
    state = enter(opened.offline(), proposal.id, args.change, said)
    if args.json:
        print_json({"id": proposal.id, "index": args.change, "state": state})
    else:
        say(f"{proposal.id}  change {args.change}  {state}: never sent from here; `run` reads it")
