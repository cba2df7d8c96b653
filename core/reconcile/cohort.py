"""Which writes a reconciliation on demand looks at: named ones, or those that a scope describes.

Source: design §12 (scope of an incident).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import BadInput, Conflict, NotFound
from core.ledger.event import moment
from core.lifecycle import State
from core.ports import Reads
from core.reconcile.placed import placed
from core.records import ChangeRow, ProposalRow

KEYS = ("ehr", "agent", "model", "prompt", "workflow", "type", "op", "path", "approver")
LOOKED_AT = (State.VERIFIED, State.EXCEPTION)


@dataclass(frozen=True, slots=True)
class Scope:
    """Facts of a write that must all be true; `since` and `until` are when the EHR answered.

    For an entry by hand that is when it was found in the chart.
    """

    facts: Mapping[str, str] = field(default_factory=dict)
    since: str | None = None
    until: str | None = None

    def as_json(self) -> dict[str, str]:
        """Return what a run states of it."""
        times = {"since": self.since, "until": self.until}
        return {**self.facts, **{key: value for key, value in times.items() if value is not None}}


@dataclass(frozen=True, slots=True)
class Cohort:
    """The writes of a scope, oldest first; `waiting` were sent and wait for their first look."""

    changes: tuple[ChangeRow, ...]
    waiting: int = 0
    more: int = 0
    """How many are beyond the limit."""


def cohort(reads: Reads, scope: Scope, limit: int) -> Cohort:
    """Return what a scope describes; raises BadInput for an unknown fact or a backward window."""
    unknown = sorted(set(scope.facts) - set(KEYS))
    if unknown:
        raise BadInput("is no fact of a write", field=unknown[0], remedy=f"Use {', '.join(KEYS)}")
    if scope.since and scope.until and moment(scope.since) >= moment(scope.until):
        raise BadInput("is not before --until", field="--since", remedy="Name an earlier time")
    found = [row for row in reads.changes_in(*LOOKED_AT) if _is_in(reads, scope, row)]
    waiting = sum(_is_in(reads, scope, row) for row in reads.changes_in(State.PERSISTED))
    return Cohort(tuple(found[:limit]), waiting, max(0, len(found) - limit))


def named(reads: Reads, proposals: Sequence[tuple[str, int | None]]) -> Cohort:
    """Return the written changes of these proposals, or these changes alone.

    Raises NotFound for a change that is not there, Conflict for one that was not written.
    """
    found: list[ChangeRow] = []
    waiting = 0
    for proposal, index in proposals:
        every = reads.changes(proposal)
        wanted = [row for row in every if index in (None, row.idx)]
        if not wanted:
            raise NotFound(f"there is no change {index}", remedy="Count from 0")
        written = [row for row in wanted if placed(reads, row) is not None]
        if not written and index is not None:
            raise Conflict(
                f"change {index} is {wanted[0].state}; nothing was written that could be read"
            )
        waiting += sum(row.state == State.PERSISTED for row in written)
        found += [row for row in written if row.state in LOOKED_AT and row not in found]
    return Cohort(tuple(found), waiting)


def _is_in(reads: Reads, scope: Scope, change: ChangeRow) -> bool:
    own = {"ehr": change.ehr, "agent": change.agent, "type": change.type, "op": change.op}
    if any(own[key] != wanted for key, wanted in scope.facts.items() if key in own):
        return False
    row = placed(reads, change)
    if row is None or not row.at:
        return False
    at = moment(row.at)
    if scope.since is not None and at < moment(scope.since):
        return False
    if scope.until is not None and at >= moment(scope.until):
        return False
    return _is_of(reads, scope.facts, change)


def _is_of(reads: Reads, facts: Mapping[str, str], change: ChangeRow) -> bool:
    path, approver = facts.get("path"), facts.get("approver")
    if path is not None and not any(
        one == path or one.startswith(path + ".") for one, _ in change.touched
    ):
        return False
    if approver is not None and not any(
        vote.reviewer == approver and vote.outcome == "approve" and vote.void is None
        for vote in reads.decisions(change.proposal, change.idx)
    ):
        return False
    wanted = {key: value for key, value in facts.items() if key in ("model", "prompt", "workflow")}
    proposal = reads.proposal(change.proposal) if wanted else None
    return not wanted or (proposal is not None and _says(proposal, wanted))


def _says(proposal: ProposalRow, wanted: Mapping[str, str]) -> bool:
    return all(getattr(proposal, key) == value for key, value in wanted.items())
