"""`profile show|adopt`: what is known of an EHR product, and how much it may be asked."""

from __future__ import annotations

import argparse
from pathlib import Path

from console.bootstrap import open_here
from console.commands.metrics_ehrs import say_unconfirmed
from console.commands.nested import add_action
from console.commands.output import print_json, say
from console.commands.policy_files import read_file
from console.commands.profile_showing import print_facts, print_labels, profile_json
from core.adoption import PROFILE_PREFIX, adopt
from core.errors import NotFound
from core.metrics.ehrs import counted, taught
from core.reconcile.unconfirmed import unconfirmed_since


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = add_action(actions, "show", "print the profile of an EHR that is in force")
    show.add_argument(
        "--facts", action="store_true", help="in a table, with what may be written and was observed"
    )
    put = add_action(actions, "adopt", "put an EHR's profile in force, signed")
    for action in (show, put):
        action.add_argument("ehr", metavar="EHR", help="as countersign.toml calls it")
    put.add_argument("file", metavar="FILE", type=Path)


def run(args: argparse.Namespace) -> int:
    """Carry out the action."""
    kind = f"{PROFILE_PREFIX}{args.ehr}"
    text = read_file(args.file) if args.action == "adopt" else None
    with open_here(args) as opened:
        if args.ehr not in opened.ehr_names:
            raise NotFound(
                "this workspace has no EHR of that name",
                field="EHR",
                remedy=f"Use one of: {', '.join(sorted(opened.ehr_names))}",
            )
        row = opened.ledger.config(kind) if text is None else adopt(opened.offline(), kind, text)
        if row is None:
            raise NotFound("no profile of this EHR is adopted", remedy="Adopt one")
        if args.json:
            told = {"ehr": args.ehr, "number": row.number, "digest": row.digest, "at": row.at}
            if text is None:
                told |= {"document": row.document} | profile_json(opened.ledger, args.ehr)
                told["learnt"] = taught(opened.ledger, args.ehr)
                since = unconfirmed_since(opened.ledger, args.ehr)
                told["provenance_unconfirmed_since"] = since
            print_json(told)
        elif text is not None:
            say(f"profile of {args.ehr} number {row.number} is in force: {row.digest}")
        elif args.facts:
            print_facts(opened.ledger, args.ehr)
            say_unconfirmed(unconfirmed_since(opened.ledger, args.ehr))
            print_labels(counted(opened.ledger.label_fates(args.ehr)))
        else:
            for line in row.document.rstrip("\n").split("\n"):
                say(line)
    return 0
