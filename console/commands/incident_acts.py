"""`incident declare` and `incident close`: an incident by a person's word."""

from __future__ import annotations

import argparse
from typing import Any

from console.bootstrap import Opened
from console.commands.finding import find_proposal
from console.commands.nested import add_action
from console.commands.output import print_json, say
from console.commands.words import read_words
from core.errors import BadInput
from core.incident.incidents import (
    CATEGORIES,
    SEVERITIES,
    Declaration,
    close_incident,
    declare_incident,
)
from core.records_incident import IncidentRow


def configure(actions: Any) -> None:
    """Add the two actions and their arguments."""
    declared = add_action(actions, "declare", "say that something went wrong; opens an incident")
    declared.add_argument(
        "--category", required=True, metavar="C", help=f"one of {', '.join(CATEGORIES)}"
    )
    declared.add_argument("--severity", metavar="S", help=f"one of {', '.join(SEVERITIES)}")
    declared.add_argument("--proposal", metavar="ID", help="the proposal it is about")
    declared.add_argument("--change", type=int, metavar="N", help="the change, counted from 0")
    declared.add_argument("--reason-file", required=True, metavar="FILE|-", help="what happened")
    closed = add_action(actions, "close", "close an incident")
    closed.add_argument("incident", metavar="INCIDENT")
    closed.add_argument("--reason-file", required=True, metavar="FILE|-", help="what was found")


def declare(opened: Opened, args: argparse.Namespace) -> None:
    """Declare; says so where the incident is open already."""
    if (args.proposal is None) != (args.change is None):
        raise BadInput("go together", field="--proposal and --change", remedy="Give both")
    change = None
    if args.proposal is not None:
        change = (find_proposal(opened, args.proposal).id, args.change)
    reason = read_words(args.reason_file, "--reason-file")
    said = Declaration(args.category, reason, args.severity, change)
    id_, new = declare_incident(opened.offline(), said)
    if args.json:
        print_json({"id": id_, "new": new})
    else:
        say(f"declared: {id_}" if new else f"open already: {id_}")


def close(opened: Opened, args: argparse.Namespace) -> None:
    """Close."""
    close_incident(opened.offline(), args.incident, read_words(args.reason_file, "--reason-file"))
    print_json({"closed": args.incident}) if args.json else say(f"closed {args.incident}")


def incident_json(row: IncidentRow) -> dict[str, object]:
    """Return an incident as `incident list` prints it; its keys are API."""
    return {
        "kind": "incident",
        "id": row.id,
        "category": row.category,
        "severity": row.severity,
        "source": row.source,
        "by": row.by,
        "at": row.at,
        "proposal": row.proposal,
        "index": row.idx,
    }
