"""`policy check|test|diff|adopt|pending|confirm|explain`."""

from __future__ import annotations

import argparse
from pathlib import Path

from console.bootstrap import open_here
from console.commands import policy_cases, policy_diff, policy_force, policy_preset
from console.commands.finding import chosen_changes, find_proposal
from console.commands.nested import add_action
from console.commands.output import print_json, say
from core.errors import NotFound
from core.review.content import read_content


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = add_action(actions, "check", "say whether a policy document is valid, and what is not")
    check.add_argument("file", metavar="FILE", type=Path)
    check.add_argument(
        "--roster", type=Path, metavar="FILE", help="compare the routes with this roster"
    )
    test = add_action(actions, "test", "try a policy's own cases, and say which rules they reach")
    test.add_argument("file", metavar="FILE", nargs="?", help="default: the policy in force")
    test.add_argument(
        "--require-coverage", action="store_true", help="fail when a rule decides in no case"
    )
    diff = add_action(actions, "diff", "compare two policies, and judge past proposals by both")
    for name in ("old", "new"):
        diff.add_argument(name, metavar=name.upper(), help="a file, or in-force")
    diff.add_argument(
        "--require-examined", action="store_true", help="fail when no proposal could be judged"
    )
    explain = add_action(actions, "explain", "show every rule that matched or missed, and why")
    explain.add_argument("id", metavar="ID")
    explain.add_argument("--change", type=int, action="append", metavar="N")
    policy_preset.configure(actions)
    put = add_action(actions, "adopt", "put a policy document in force, signed")
    put.add_argument("file", metavar="FILE", type=Path)
    add_action(actions, "pending", "show the policy that waits for a second owner")
    confirm = add_action(actions, "confirm", "sign it as the second owner, and put it in force")
    confirm.add_argument("digest", metavar="DIGEST", help="as `policy pending` shows it")


def run(args: argparse.Namespace) -> int:
    """Carry out the action."""
    actions = {
        "check": policy_force.check, "adopt": policy_force.adopt_file, "explain": _explain,
        "pending": policy_force.pending, "confirm": policy_force.confirm_pending,
        "test": policy_cases.run, "diff": policy_diff.run, "preset": policy_preset.run,
    }  # fmt: skip
    return actions[args.action](args)


def _explain(args: argparse.Namespace) -> int:
    with open_here(args) as opened:
        proposal = find_proposal(opened, args.id)
        for index in chosen_changes(opened, proposal, args):
            change = opened.ledger.change(proposal.id, index)
            if change is None:
                raise NotFound(f"there is no change {index}")
            content = read_content(opened.ledger, change)
            if args.json:
                print_json({"index": index, "outcome": change.outcome, "rules": content.trace})
                continue
            say(f"change {index}: {change.outcome}")
            for rule in content.trace:
                mark = "matched" if rule["matched"] else "missed"
                say(f"  {rule['kind']} {rule['rule']}: {mark}")
                for missed in rule["missed"]:
                    say(f"    {missed}")
    return 0
