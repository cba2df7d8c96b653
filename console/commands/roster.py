"""`roster show|check|adopt|diff|duty`, `enrol-agent|enrol-person ID --key FILE|-`, `revoke KID`."""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path
from typing import Any

from console.bootstrap import Opened, open_here
from console.bootstrap.roster_file import FILE, write_roster_file
from console.commands.line import narrate
from console.commands.nested import add_action
from console.commands.output import print_json, say, table, write
from core.adoption import MAX_DOCUMENT, adopt, check_document
from core.duty.resolve import resolve
from core.enrolment import (
    MAX_KEY,
    Edit,
    change_roster,
    read_public_key,
    with_agent_key,
    with_person_key,
    with_revoked,
)
from core.errors import BadInput, NotFound
from core.records import ConfigRow
from core.roster import Key, Roster, Submitter, parse_roster
from core.statement import thumbprint
from core.workspace import document, policy_in_force, roster_in_force


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = add_action(actions, "show", "show who may decide, propose, send and adopt")
    show.add_argument("--toml", action="store_true", help="print the document in force as it is")
    check = add_action(actions, "check", "say whether a roster document is valid")
    check.add_argument("file", metavar="FILE", type=Path)
    put = add_action(actions, "adopt", "put a roster document in force, signed")
    put.add_argument("file", metavar="FILE", type=Path, nargs="?", help=f"default: {FILE}")
    diff = add_action(actions, "diff", "compare the roster in force with a document")
    diff.add_argument("file", metavar="FILE", type=Path, nargs="?", help=f"default: {FILE}")
    enrol = add_action(actions, "enrol-agent", "enrol an agent's public key, and adopt that")
    enrol.add_argument("id", metavar="ID")
    enrol.add_argument("--key", required=True, metavar="FILE|-", help="public Ed25519 JWK, or x")
    person = add_action(actions, "enrol-person", "enrol a person's public key, and adopt that")
    person.add_argument("id", metavar="ID")
    person.add_argument("--key", required=True, metavar="FILE|-", help="public Ed25519 JWK, or x")
    person.add_argument("--role", action="append", default=[], metavar="ROLE", help="of a new one")
    duty = add_action(actions, "duty", "say who is on duty for each route, now")
    duty.add_argument("--ehr", metavar="NAME", help="only who serves that EHR")
    revoke = add_action(actions, "revoke", "revoke a key wherever it is listed, and adopt that")
    revoke.add_argument("kid", metavar="KID", help="one that begins with - goes after --")


def run(args: argparse.Namespace) -> int:
    """Carry out the action."""
    actions = {
        "show": _show, "check": _check, "adopt": _adopt, "diff": _diff,
        "enrol-agent": _enrol, "enrol-person": _enrol_person, "duty": _duty, "revoke": _revoke,
    }  # fmt: skip
    actions[args.action](args)
    return 0


def _show(args: argparse.Namespace) -> None:
    with open_here(args) as opened:
        row = document(opened.ledger, "roster")
    if args.toml:
        write(row.document)
        return
    roster = parse_roster(row.document)
    if args.json:
        print_json({"number": row.number, "digest": row.digest, **_as_json(roster)})
        return
    say(f"roster {row.number}, in force since {row.at}")
    table(_rows(roster), ("kind", "id", "kid", "key", "for"))


def _check(args: argparse.Namespace) -> None:
    text = _read(args.file)
    check_document("roster", text)
    roster = parse_roster(text)
    if args.json:
        print_json({"ok": True, "people": len(roster.people), "agents": len(roster.agents)})
    else:
        say(f"valid: {len(roster.people)} people, {len(roster.agents)} enrolled agents")


def _adopt(args: argparse.Namespace) -> None:
    with open_here(args) as opened:
        row = adopt(opened.offline(), "roster", _read(_file(opened, args)))
    if args.json:
        print_json({"kind": row.kind, "number": row.number, "digest": row.digest})
    else:
        say(f"roster {row.number} is in force: {row.digest}")


def _diff(args: argparse.Namespace) -> None:
    with open_here(args) as opened:
        held = document(opened.ledger, "roster").document
        path = _file(opened, args)
        text = _read(path)
    lines = difflib.unified_diff(held.splitlines(), text.splitlines(), "in force", path.name)
    found = [line.rstrip("\n") for line in lines]
    if args.json:
        print_json({"same": held == text, "lines": found})
        return
    for line in found:
        say(line)
    if held == text:
        say(f"{path.name} is the roster in force")


def _enrol(args: argparse.Namespace) -> None:
    x = read_public_key(_read_key(args.key))
    with open_here(args) as opened:
        _change(opened, lambda text: with_agent_key(text, args.id, x))
    kid = thumbprint(x)
    if args.json:
        print_json({"agent": args.id, "kid": kid})
    else:
        say(f"{args.id} may sign proposals with the key {kid}")


def _enrol_person(args: argparse.Namespace) -> None:
    x = read_public_key(_read_key(args.key))
    with open_here(args) as opened:
        _change(opened, lambda text: with_person_key(text, args.id, x, args.role))
    kid = thumbprint(x)
    if args.json:
        print_json({"person": args.id, "kid": kid})
    else:
        say(f"{args.id} may decide with the key {kid}")


def _duty(args: argparse.Namespace) -> None:
    with open_here(args) as opened:
        routes = policy_in_force(opened.ledger).routes
        roster, now = roster_in_force(opened.ledger), opened.ledger.interval()
    found = [(route.id, resolve(roster, route.as_json(), now, args.ehr)) for route in routes]
    if args.json:
        for name, called in found:
            print_json({"route": name, "how": called.how, "people": list(called.people)})
        return
    words = {"nobody": "NOBODY ON DUTY", "on-duty": "on duty"}
    rows = [
        (name, words.get(called.how, called.how), " ".join(called.people)) for name, called in found
    ]
    table(rows, ("ROUTE", "WHO", "PEOPLE"))


def _revoke(args: argparse.Namespace) -> None:
    with open_here(args) as opened:
        row = _change(opened, lambda text: with_revoked(text, args.kid))
    if args.json:
        print_json({"kid": args.kid, "revoked": True, "number": row.number})
    else:
        say(f"{args.kid} is revoked in roster {row.number}")


def _change(opened: Opened, edit: Edit) -> ConfigRow:
    path = opened.folder.path / FILE
    on_disk = _read(path) if path.exists() else None
    row = change_roster(opened.offline(), on_disk, edit)
    if row.document != on_disk:
        write_roster_file(opened.folder.path, row.document)
    else:
        narrate("nothing to change: the roster in force says so already")
    return row


def _as_json(roster: Roster) -> dict[str, Any]:
    return roster.model_dump(mode="json", by_alias=True, exclude={"version"})


def _rows(roster: Roster) -> list[list[str]]:
    rows = [["person", one.id, *_key(key), " ".join(one.roles)]
            for one in roster.people for key in one.keys]  # fmt: skip
    rows += [["agent", one.id, *_key(key), ""] for one in roster.agents for key in one.keys]
    rows += [["submitter", "", *_key(one), " ".join(one.agents)] for one in roster.submitters]
    rows += [["gateway", "", *_key(key), ""] for key in roster.gateways]
    rows += [["admin", "", *_key(key), ""] for key in roster.admins]
    return rows


def _key(key: Key | Submitter) -> tuple[str, str]:
    return key.kid, "revoked" if key.revoked else "in force"


def _file(opened: Opened, args: argparse.Namespace) -> Path:
    named: Path | None = args.file
    return opened.folder.path / FILE if named is None else named


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as stream:
            return stream.read(MAX_DOCUMENT + 1)
    except FileNotFoundError:
        raise NotFound("there is no such file", field="FILE") from None
    except (OSError, UnicodeDecodeError):
        raise BadInput("cannot be read as UTF-8 text", field="FILE") from None


def _read_key(name: str) -> bytes:
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MAX_KEY + 1)
        else:
            with Path(name).open("rb") as stream:
                data = stream.read(MAX_KEY + 1)
    except FileNotFoundError:
        raise NotFound("there is no such file", field="--key") from None
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", field="--key") from None
    if len(data) > MAX_KEY:
        raise BadInput("too large for a key", field="--key", remedy="Give one public JWK")
    return data
