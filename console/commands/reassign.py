"""`reassign`: who carries what; with ids: give changes to a role or a person, for a time."""

from __future__ import annotations

import argparse

from console.bootstrap import Opened, open_here
from console.commands.finding import change_line, chosen_changes, find_proposal
from console.commands.many import add_ids_file, read_items
from console.commands.output import print_json, say, table
from console.presenters.supervisor import assigned_words
from core.duty.resolve import on_duty
from core.errors import BadInput
from core.queue.filter import span
from core.records import ChangeRow
from core.review.bulk import check_list
from core.review.load import GROUPINGS, Carried, carried, is_expired
from core.review.reassign import Handover, Item, reassign
from core.workspace import roster_in_force


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", metavar="ID", nargs="*", help="proposals, or beginnings of their ids")
    parser.add_argument(
        "--change", type=int, action="append", metavar="N", help="the change, counted from 0"
    )
    add_ids_file(parser)
    parser.add_argument("--by", choices=GROUPINGS, default="route", help="group the load")
    parser.add_argument("--expired", action="store_true", help="list what nobody decided in time")
    parser.add_argument("--to", metavar="PERSON", help="who gets it")
    parser.add_argument("--role", metavar="ROLE", help="or which role of its route")
    parser.add_argument("--expires", metavar="SPAN", default="4h", help="such as 30m, 4h or 1d")
    parser.add_argument("--reason", metavar="WORDS", default="", help="why; needed")


def run(args: argparse.Namespace) -> int:
    """Reassign, or print the load; 5 when one of them is no longer as it was read."""
    with open_here(args) as opened:
        if args.id or args.ids_file is not None:
            return _reassign(opened, args)
        roster = roster_in_force(opened.ledger)
        found = carried(opened.ledger, roster, args.by, opened.clock.now())
        if args.expired:
            _print_expired(opened, found, as_json=args.json)
        else:
            _print_load(found, as_json=args.json)
    return 0


def _reassign(opened: Opened, args: argparse.Namespace) -> int:
    items = []
    for text in args.id:
        proposal = find_proposal(opened, text)
        for index in chosen_changes(opened, proposal, args):
            change = opened.ledger.change(proposal.id, index)
            if change is not None:
                items.append(Item(proposal.id, index, change.change_digest, change.state))
    if args.ids_file is not None:
        items += _listed(opened, args.ids_file)
    if args.to is None and args.role is None:
        raise BadInput("is missing", field="--to", remedy="Name a person, or a role with --role")
    handover = Handover(args.role, args.to, span(args.expires, "--expires"), args.reason)
    left = 0
    for one in reassign(opened.offline(), items, handover):
        left += one.why_not is not None
        if args.json:
            print_json(
                {
                    "id": one.item.proposal,
                    "index": one.item.index,
                    "expires": one.expires,
                    "why_not": one.why_not,
                }
            )
        else:
            words = one.why_not or f"waits again until {one.expires}"
            say(f"{one.item.proposal}  change {one.item.index}  {words}")
    return 5 if left else 0


def _listed(opened: Opened, name: str) -> list[Item]:
    """Return what a list names, in the state that it is in; its hash says whether it is stale."""
    marked = read_items(name)
    check_list(marked)
    rows = [opened.ledger.change(one.proposal, one.index) for one in marked]
    return [
        Item(one.proposal, one.index, one.digest, "" if row is None else row.state)
        for one, row in zip(marked, rows, strict=True)
    ]


def _print_load(found: Carried, *, as_json: bool) -> None:
    names = ("name", "waiting", "soon", "expired", "oldest", "unsent")
    if as_json:
        for one in found.groups:
            print_json({name: getattr(one, name) for name in names} | {"whole": found.whole})
        return
    rows = [[str(getattr(one, name) or 0) for name in names] for one in found.groups]
    table(rows, tuple(name.upper() for name in names))


def _print_expired(opened: Opened, found: Carried, *, as_json: bool) -> None:
    late = [one for one in found.changes if is_expired(one, opened.clock.now())]
    roster, now = roster_in_force(opened.ledger), opened.ledger.interval()

    def there(one: ChangeRow) -> list[str]:
        roles = (one.route_json or {}).get("roles", ())
        return list(on_duty(roster, now, roles, one.ehr))

    if as_json:
        for one in late:
            print_json({"id": one.proposal, "index": one.idx, "state": one.state,
                        "expires": one.expires, "assigned": one.assigned,
                        "on_duty": there(one)})  # fmt: skip
        return
    table(
        [
            (one.proposal[:8], str(one.idx), change_line(one), one.patient_label or "(erased)",
             one.expires or "", assigned_words(one.assigned),
             " ".join(there(one)) or "nobody")
            for one in late
        ],
        ("PROPOSAL", "CHANGE", "WHAT", "PATIENT", "EXPIRED", "GIVEN TO", "ON DUTY"),
    )  # fmt: skip
