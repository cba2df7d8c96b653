"""`incident list`, `incident freeze`, `incident thaw`: containment from the command line."""

from __future__ import annotations

import argparse
import json

from console.bootstrap import open_here
from console.commands.nested import add_action
from console.commands.output import print_json, say
from core.errors import BadInput
from core.incident.freeze import SCOPE_KEYS, declare, lift


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add_action(actions, "list", "list the freezes in force")
    freeze = add_action(actions, "freeze", "stop matching writes before their first byte")
    for key in SCOPE_KEYS:
        if key != "patient":
            freeze.add_argument(f"--{key}", metavar=key.upper())
    freeze.add_argument("--everything", action="store_true", help="stop every write")
    freeze.add_argument("--reason", required=True, metavar="WORDS")
    thaw = add_action(actions, "thaw", "lift a freeze")
    thaw.add_argument("freeze", metavar="FREEZE")
    thaw.add_argument("--reason", required=True, metavar="WORDS")


def run(args: argparse.Namespace) -> int:
    """Carry out the action."""
    with open_here(args) as opened:
        workspace = opened.offline()
        if args.action == "list":
            for row in opened.ledger.freezes():
                scope = json.loads(row.scope)
                print_json({"id": row.id, "scope": scope, "by": row.by, "at": row.at})
        elif args.action == "thaw":
            lift(workspace, args.freeze, args.reason)
            say(f"lifted {args.freeze}")
        else:
            id_ = declare(workspace, _scope(args), args.reason)
            print_json({"id": id_}) if args.json else say(f"in force: {id_}")
    return 0


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
