"""`policy check|adopt|pending|confirm`: what stands against a document, and signing it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence

from console.bootstrap import open_here
from console.commands.output import print_json, say
from console.commands.policy_files import lines_named, read_file
from core.adoption import adopt, check_document, confirm
from core.inert import inert
from core.policy import parse_policy
from core.policy.compare import Differs, compare_policies
from core.policy.inspection import Finding, check_adoptable, inspect_policy
from core.ports import Reads
from core.records import ConfigRow
from core.roster import parse_roster
from core.second_owner import PENDING, pending_policy
from core.workspace import document, roster_in_force


def check(args: argparse.Namespace) -> int:
    """Say what adoption would refuse or warn of; the roster is only compared where one is named."""
    text = read_file(args.file)
    people = None if args.roster is None else parse_roster(read_file(args.roster)).roles()
    with lines_named(text, args.file.name):
        check_document("policy", text)
        policy = parse_policy(text)
        found = inspect_policy(text, people)
        _narrate_findings(found, args.file.name)
        check_adoptable(text)
    if args.json:
        print_json(
            {
                "ok": True,
                "name": policy.name,
                "allow": len(policy.allows),
                "forbid": len(policy.forbids),
                "findings": [one.as_json() for one in found],
            }
        )
        return 0
    say(f"{policy.name}: valid, {len(policy.allows)} allow and {len(policy.forbids)} forbid")
    if people is None:
        say("the routes were compared with no roster: name one with --roster")
    return 0


def adopt_file(args: argparse.Namespace) -> int:
    """Adopt a file, or put it forward where a second owner has to sign too."""
    text = read_file(args.file)
    with open_here(args) as opened:
        workspace = opened.offline()
        with lines_named(text, args.file.name):
            found, differs = _look(opened.ledger, text, args.file.name)
            row = adopt(workspace, "policy", text)
    _tell_row(row, found, differs, as_json=args.json)
    return 0


def pending(args: argparse.Namespace) -> int:
    """Show the policy that waits for a second owner, and what it would change."""
    with open_here(args) as opened:
        row = pending_policy(opened.ledger)
        if row is not None:
            differs = _differences(opened.ledger, row.document)
    if row is None:
        if args.json:
            print_json({"pending": None})
        else:
            say("no policy waits for a second owner")
        return 0
    if args.json:
        told = {"number": row.number, "digest": row.digest, "by": row.by, "at": row.at}
        print_json({"pending": told, "differences": [one.line for one in differs]})
        return 0
    say(f"policy {row.number}, put forward by {row.by} at {row.at}: {row.digest}")
    for one in differs:
        say(one.line)
    return 0


def confirm_pending(args: argparse.Namespace) -> int:
    """Sign the pending policy as its second owner."""
    with open_here(args) as opened:
        row = pending_policy(opened.ledger)
        found: Sequence[Finding] = ()
        differs: Sequence[Differs] = ()
        if row is not None:
            found, differs = _look(opened.ledger, row.document, "pending")
        row = confirm(opened.offline(), args.digest)
    _tell_row(row, found, differs, as_json=args.json)
    return 0


def _look(reads: Reads, text: str, name: str) -> tuple[Sequence[Finding], Sequence[Differs]]:
    """Show on stderr what is doubtful in a document and what it changes, before it is signed."""
    people: Mapping[str, frozenset[str]] = roster_in_force(reads).roles()
    found = inspect_policy(text, people)
    differs = _differences(reads, text)
    _narrate_findings(found, name)
    for one in differs:
        sys.stderr.write(inert(one.line) + "\n")
    return found, differs


def _differences(reads: Reads, text: str) -> Sequence[Differs]:
    return compare_policies(parse_policy(document(reads, "policy").document), parse_policy(text))


def _narrate_findings(found: Sequence[Finding], name: str) -> None:
    for one in found:
        sys.stderr.write(inert(one.text(name)) + "\n")


def _tell_row(
    row: ConfigRow, found: Sequence[Finding], differs: Sequence[Differs], *, as_json: bool
) -> None:
    waits = row.kind == PENDING
    if as_json:
        print_json(
            {
                "kind": "policy",
                "number": row.number,
                "digest": row.digest,
                "pending": waits,
                "findings": [one.as_json() for one in found],
                "differences": [one.line for one in differs],
            }
        )
    elif waits:
        say(f"policy {row.number} waits for a second policy owner: {row.digest}")
    else:
        say(f"policy {row.number} is in force: {row.digest}")
