"""`policy check FILE`, `policy explain ID [--change N]`, `policy adopt FILE`."""

from __future__ import annotations

import argparse
from pathlib import Path

from console.bootstrap import open_here
from console.commands import policy_preset
from console.commands.finding import chosen_changes, find_proposal
from console.commands.nested import add_action
from console.commands.output import print_json, say
from core.adoption import adopt
from core.errors import BadInput, NotFound
from core.policy import parse_policy
from core.review.content import read_content


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = add_action(actions, "check", "say whether a policy document is valid")
    check.add_argument("file", metavar="FILE", type=Path)
    explain = add_action(actions, "explain", "show every rule that matched or missed, and why")
    explain.add_argument("id", metavar="ID")
    explain.add_argument("--change", type=int, action="append", metavar="N")
    policy_preset.configure(actions)
    put = add_action(actions, "adopt", "put a policy document in force, signed")
    put.add_argument("file", metavar="FILE", type=Path)


def run(args: argparse.Namespace) -> int:
    """Carry out the action."""
    if args.action == "check":
        return _check(args)
    if args.action == "preset":
        return policy_preset.run(args)
    if args.action == "adopt":
        return _adopt(args)
    return _explain(args)


def _check(args: argparse.Namespace) -> int:
    policy = parse_policy(_read(args.file))
    if args.json:
        print_json({"ok": True, "name": policy.name, "allow": len(policy.allows)})
    else:
        say(f"{policy.name}: valid, {len(policy.allows)} allow and {len(policy.forbids)} forbid")
    return 0


def _adopt(args: argparse.Namespace) -> int:
    text = _read(args.file)
    with open_here(args) as opened:
        row = adopt(opened.offline(), "policy", text)
    if args.json:
        print_json({"kind": row.kind, "number": row.number, "digest": row.digest})
    else:
        say(f"policy {row.number} is in force: {row.digest}")
    return 0


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


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise NotFound("there is no such file", field="FILE") from None
    except (OSError, UnicodeDecodeError):
        raise BadInput("cannot be read as UTF-8 text", field="FILE") from None
