"""Finding what a command speaks of: a proposal by id or prefix, changes by index."""

from __future__ import annotations

import argparse
import re

from console.bootstrap import Opened
from core.errors import BadInput, NotFound
from core.records import ChangeRow, ProposalRow


def find_proposal(opened: Opened, text: str) -> ProposalRow:
    """Return the proposal with this id or unambiguous beginning of one (4 characters or more)."""
    if not re.fullmatch(r"[0-9a-f-]{4,36}", text):
        raise BadInput("is not a proposal id", field="ID", remedy="See `countersign queue`")
    found = opened.ledger.proposals_like(text)
    if not found:
        raise NotFound("there is no proposal of that id", remedy="See `countersign queue`")
    if len(found) > 1:
        raise BadInput("more than one proposal begins so", field="ID", remedy="Write more of it")
    return found[0]


def chosen_changes(opened: Opened, proposal: ProposalRow, args: argparse.Namespace) -> list[int]:
    """Return the indexes that `--change` names, or the only one there is."""
    changes = opened.ledger.changes(proposal.id)
    wanted: list[int] = args.change or []
    if not wanted:
        if len(changes) > 1:
            raise BadInput(
                f"this proposal has {len(changes)} changes, decided one by one",
                field="--change",
                remedy="Name the change, such as --change 0; it may be repeated",
            )
        return [0]
    known = {change.idx for change in changes}
    for index in wanted:
        if index not in known:
            raise NotFound(f"there is no change {index}", field="--change", remedy="Count from 0")
    return sorted(set(wanted))


def add_changes(parser: argparse.ArgumentParser, *, many: bool = False) -> None:
    """Add the arguments that name a proposal and its changes; `many`: a list may replace them."""
    parser.add_argument(
        "id",
        metavar="ID",
        nargs="?" if many else None,
        help="the proposal, or the beginning of its id",
    )
    parser.add_argument(
        "--change",
        type=int,
        action="append",
        metavar="N",
        help="the change, counted from 0; repeatable; needed where there are several",
    )


def change_line(change: ChangeRow) -> str:
    """Return `update Patient.telecom` and the like: operation and touched elements."""
    if change.op == "create":
        return f"create {change.type}"
    elements = sorted({".".join(path.split(".")[:2]) for path, _ in change.touched})
    return f"update {', '.join(elements)}" if elements else f"update {change.type}"
