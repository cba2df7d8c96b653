"""What a change rests on within its proposal, and what is left of that.

A change whose prerequisite will not be written may go only by a decision made knowing so: the
approval names, signed, what it does without. Source: design §8.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.canonical import exact
from core.errors import Conflict
from core.lifecycle import State
from core.ports import Reads
from core.records import ChangeRow, DecisionRow

GONE = frozenset({State.REJECTED, State.DENIED, State.WITHDRAWN, State.SUPERSEDED, State.REFUSED})
"""States of a change that will not be written, as far as anybody knows."""


def gone(reads: Reads, change: ChangeRow) -> list[ChangeRow]:
    """Return what the change rests on and what will not be written, in order."""
    found = (reads.change(change.proposal, index) for index in sorted(set(change.depends_on)))
    return [one for one in found if one is not None and one.state in GONE]


def dependents(changes: Sequence[ChangeRow], index: int) -> list[ChangeRow]:
    """Return what rests on a change of the same proposal, directly or through others."""
    reached = {index}
    # A change may rest on earlier ones only, so that one pass in their order finds them all.
    for change in sorted(changes, key=lambda one: one.idx):
        if reached & set(change.depends_on):
            reached.add(change.idx)
    return [change for change in changes if change.idx in reached - {index}]


def check_known(reads: Reads, change: ChangeRow, reviewer: str, told: Collection[int]) -> list[int]:
    """Return the indexes that an approval does without, to be signed.

    The reviewer knows of one that was gone before the change was admitted as it is, of one that
    they rejected themselves, and of one that they say they know of (`told`). Raises Conflict for
    any other: what they looked at said that it was still to come.
    """
    missing = gone(reads, change)
    for one in missing:
        before = change.admission_seq is not None and one.state_seq < change.admission_seq
        if not (before or one.idx in told or _rejected_by(reads, one, reviewer)):
            raise Conflict(
                f"change {change.idx} rests on change {one.idx}, which is {one.state} now",
                remedy=f"Look at it again; if it is to go all the same: --without {one.idx}",
            )
    return [one.idx for one in missing]


def does_without(missing: Sequence[ChangeRow], signed: object) -> bool:
    """Tell whether a signed list of indexes names everything that is gone."""
    named = signed if isinstance(signed, list) else []
    return all(exact(one.idx) in named for one in missing)


def words(missing: Sequence[ChangeRow], *, first: int = 0) -> list[str]:
    """Return one sentence for each that is gone; `first` is what screens count from."""
    return [
        f"it rests on change {one.idx + first}, which is {one.state}: it would go without"
        for one in missing
    ]


def _rejected_by(reads: Reads, change: ChangeRow, reviewer: str) -> bool:
    votes: Sequence[DecisionRow] = reads.decisions(change.proposal, change.idx)
    return change.state == State.REJECTED and any(
        vote.reviewer == reviewer and vote.outcome == "reject" and vote.void is None
        for vote in votes
    )
