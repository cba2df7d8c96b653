"""Past proposals judged again under two policies, to say whose verdict would change.

Nothing is written. Each change that still has its content is judged twice with the roster in
force, exactly as the gateway judges before a write, as of the time when it was proposed.
Source: design §7 (`policy diff OLD NEW`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from core.gateway.refresh import judge_again
from core.ledger.event import moment
from core.lifecycle import State
from core.policy import Verdict
from core.ports import Reads
from core.records import ChangeRow, ConfigRow
from core.review.content import Erased, read_content

_STANDING = (State.PENDING, State.READY, State.DEFERRED)
"""States in which an approval still waits to be used."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One change whose verdict would be another; `voids` tells whether approvals would be void."""

    proposal: str
    index: int
    state: str
    before: Verdict
    after: Verdict
    voids: bool


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay found; `examined` counts what was judged, `erased` what no longer could be."""

    examined: int
    erased: int
    moved: tuple[Moved, ...]

    @property
    def unchanged(self) -> int:
        """Return how many verdicts stay as they are."""
        return self.examined - len(self.moved)


def replay(reads: Reads, old: str, new: str) -> Replayed:
    """Judge every change of the ledger under the documents `old` and `new`."""
    moved: list[Moved] = []
    examined = erased = 0
    for change in reads.changes_in(*State):
        try:
            before, after = (_judged(reads, text, change) for text in (old, new))
        except Erased:
            erased += 1
            continue
        examined += 1
        if before != after:
            moved.append(
                Moved(change.proposal, change.idx, change.state, before, after,
                      _voids(reads, change, after))
            )  # fmt: skip
    return Replayed(examined, erased, tuple(moved))


def _judged(reads: Reads, document: str, change: ChangeRow) -> Verdict:
    proposal = reads.proposal(change.proposal)
    if proposal is None:
        raise Erased("the proposal of this change is not there")
    under = cast("Reads", _Under(reads, document))
    return judge_again(under, proposal, change, read_content(reads, change), moment(proposal.at))


def _voids(reads: Reads, change: ChangeRow, after: Verdict) -> bool:
    """Tell whether approvals that still stand rest on another verdict than the new one."""
    if change.state not in _STANDING:
        return False
    if after.outcome != "denied" and after.digest() == change.verdict_digest:
        return False
    decisions: Sequence[Any] = reads.decisions(change.proposal, change.idx)
    return any(one.outcome == "approve" and one.void is None
               and one.revision == change.revision for one in decisions)  # fmt: skip


class _Under:
    """The ledger as it would read with another policy in force."""

    def __init__(self, reads: Reads, document: str):
        self._reads = reads
        self._document = document

    def config(self, kind: str) -> ConfigRow | None:
        """Return the document in force; the policy is the given one."""
        row = self._reads.config(kind)
        if kind != "policy" or row is None:
            return row
        return replace(row, document=self._document)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reads, name)
