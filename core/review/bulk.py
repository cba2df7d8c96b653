"""One answer to many changes: each named by its hash, each a signed decision in its own right.

What is no longer as it was shown is left and said. Approving many is for one low-risk rule only,
and for what the reviewer has opened as it is now. Source: design §8.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from core.errors import BadInput, Conflict, CountersignError, Refused
from core.ports import Reads
from core.records import ChangeRow
from core.review.attestation import wanted
from core.review.decide import Answer, decide
from core.review.dependencies import gone
from core.review.recording import Looked
from core.review.streak import check_pace
from core.workspace import Workspace, policy_in_force

MOST = 200
"""How many changes one list may name: more than anybody reads in one go is not read."""


@dataclass(frozen=True, slots=True)
class Marked:
    """One change as it was shown."""

    proposal: str
    index: int
    digest: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one: the state it is in now, or why it was left."""

    item: Marked
    state: str | None
    why_not: str | None = None


def answer_many(workspace: Workspace, items: Sequence[Marked], answer: Answer) -> list[Answered]:
    """Reject or defer every change that is still as it was shown; say of the rest why not.

    Raises BadInput for the list or an answer that cannot be; nothing is decided then.
    """
    if answer.outcome == "approve":
        raise BadInput("approving many has conditions of its own", field="outcome")
    check_list(items)
    return [_one(workspace, item, answer) for item in items]


def approve_many(
    workspace: Workspace, items: Sequence[Marked], opened: Collection[str]
) -> list[Answered]:
    """Approve every change that is still as it was shown, each with a signature of its own.

    `opened` are the hashes that this reviewer was shown. Raises BadInput for the list, Refused
    unless all of them are of one low-risk rule and were opened, Conflict while this reviewer has to
    pause; nothing is decided then. Each counts as a quick approval for the next.
    """
    check_list(items)
    check_alike(workspace.ledger, items, opened)
    _check_pace(workspace, items)
    each = Answer("approve", looked=Looked(dwell_ms=0), together=True)
    return [_one(workspace, item, each) for item in items]


def check_list(items: Sequence[Marked]) -> None:
    """Raise BadInput for an empty, over-long or repeating list."""
    if not 0 < len(items) <= MOST:
        raise BadInput(f"names {len(items)} changes", field="ids", remedy=f"Name 1 to {MOST}")
    if len({(item.proposal, item.index) for item in items}) != len(items):
        raise BadInput("names a change twice", field="ids", remedy="Name each once")


def check_alike(reads: Reads, items: Sequence[Marked], opened: Collection[str]) -> None:
    """Raise Refused unless what is still as it was shown may be approved in one go."""
    found = [(item, reads.change(item.proposal, item.index)) for item in items]
    rows = [row for item, row in found if row is not None and _as_shown(item, row)]
    lowest = policy_in_force(reads).tiers[0]
    for row in rows:
        problem = _unfit(reads, row, lowest, opened)
        if problem is not None:
            raise Refused(
                f"{row.proposal} change {row.idx}: {problem}",
                remedy="Approve it by itself, or leave it out",
            )
    if len({(row.rules, row.route) for row in rows}) > 1:
        raise Refused("not all of them are of one rule and route", remedy="Take them rule by rule")


def _check_pace(workspace: Workspace, items: Sequence[Marked]) -> None:
    """Ask once for the whole list, which is one act: it is not torn in the middle."""
    reads = workspace.ledger
    for item in items:
        row = reads.change(item.proposal, item.index)
        if row is not None:
            check_pace(reads, row, workspace.reviewer, reads.interval().lo)


def _unfit(reads: Reads, row: ChangeRow, lowest: str, opened: Collection[str]) -> str | None:
    route = row.route_json or {}
    if len(json.loads(row.rules or "[]")) != 1:
        return "more than one rule decides it"
    if row.tier != lowest:
        return f"its tier is {row.tier}, and only {lowest} may be approved with others"
    if int(route.get("quorum", 0)) != 1:
        return "its route asks for more than one person"
    if wanted(route):
        return "its route asks for attestations"
    if gone(reads, row):
        return "it rests on something that is gone"
    return None if row.change_digest in opened else "you have not opened it as it is now"


def _as_shown(item: Marked, row: ChangeRow) -> bool:
    return hmac.compare_digest(row.change_digest, item.digest)


def _one(workspace: Workspace, item: Marked, answer: Answer) -> Answered:
    try:
        row = workspace.ledger.change(item.proposal, item.index)
        if row is not None and not _as_shown(item, row):
            raise Conflict("it is not as it was shown")
        done = decide(workspace, item.proposal, item.index, replace(answer, seen=item.digest))
    except BadInput:
        raise
    except CountersignError as error:
        return Answered(item, None, error.problem)
    return Answered(item, str(done.state))
