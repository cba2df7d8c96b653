"""What a Task's versions, in their order, come to for one change.

Source: hub-protocol §6 steps 5 and 6. A server whose compare-and-set races lets a version overwrite
what an earlier one added, so nobody may go by the newest version: the first final in version order
is effective, and of recall, withdrawal and dispatch the first wins, for every reader alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from core.hub.fold import (
    APPROVE,
    OTHERWISE,
    READMISSION,
    REJECT,
    SUPERVISOR,
    Rules,
    Said,
    Slot,
    genuine,
    is_final_of,
    said,
)
from core.hub.task import Carried, outputs
from core.ports_hub import Held

OPEN, APPROVED, REJECTED = "open", "approved", "rejected"
PARKED, RECALLED, WITHDRAWN, DISPATCHED = "parked", "recalled", "withdrawn", "dispatched"
READMITTED = "readmitted"
"""A later revision was admitted before this one was dispatched: its votes are void."""
VOTES = (APPROVE, REJECT)
RECALLABLE = (OPEN, APPROVED, PARKED)
"""`open` too: an approval that a revoked key took back must not return with another's."""


@dataclass(frozen=True, slots=True)
class Version:
    """The statements of one version."""

    version: str
    outputs: tuple[Carried, ...]


@dataclass(frozen=True, slots=True)
class Trail:
    """The versions from the first one on, without a gap."""

    versions: tuple[Version, ...] = ()

    @property
    def last(self) -> str | None:
        """The newest of them."""
        return self.versions[-1].version if self.versions else None

    def then(self, held: Held) -> Trail:
        """Return the trail with the next version."""
        return Trail((*self.versions, Version(held.version, tuple(outputs(held.resource)))))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one revision of a change stands after a trail."""

    state: str = OPEN
    """`parked`: a late objection waits for a person of the route."""
    admitted: bool = False
    barred: bool = False
    """This revision was admitted in other bytes first: what this reader recomputed is not it."""
    final: Said | None = None
    """The effective one."""
    named: tuple[Said, ...] = ()
    """The votes that it names."""
    end: Said | None = None
    """The recall, withdrawal or dispatch that came first."""
    votes: tuple[Said, ...] = ()
    """Every approval and rejection, in the order of their first version."""
    objections: tuple[Said, ...] = ()
    """Rejections that the final does not name and that came before the dispatch."""
    finals: int = 0
    """How many finals were valid when they came: more than one is a cause for alarm."""
    seen: frozenset[tuple[str, str, str]] = field(default_factory=frozenset)
    """The keys of everything that counts (`Said.key`)."""

    @property
    def sendable(self) -> bool:
        """Whether a dispatch counts now: not after a recall, a withdrawal or an objection."""
        return self.state == APPROVED


def settle(trail: Trail, slot: Slot, rules: Rules) -> Standing:
    """Return where a change stands; a statement counts from the first version that bears it."""
    known: dict[Carried, Said | None] = {}
    now = Standing()
    for version in trail.versions:
        for carried in version.outputs:
            if carried not in known:
                known[carried] = said(carried, slot, rules)
        here: dict[tuple[str, str, str], Said] = {}
        for carried in version.outputs:
            if (found := known[carried]) is not None:
                here.setdefault(found.key, found)
        for key, one in here.items():
            if key not in now.seen:
                now = replace(now, seen=now.seen | {key})
                now = _after(now, one, list(here.values()), slot, rules)
    return now


def lost(trail: Trail, held: Held, rules: Rules) -> list[Carried]:
    """Return the valid statements of earlier versions that `held` bears no more, or altered."""
    there = set(outputs(held.resource))
    earlier = dict.fromkeys(one for version in trail.versions for one in version.outputs)
    return [
        one
        for one in earlier
        if one not in there and genuine(one, held.reference, rules) is not None
    ]


def _after(now: Standing, one: Said, here: Sequence[Said], slot: Slot, rules: Rules) -> Standing:
    if one.kind in ("admission", OTHERWISE, READMISSION):
        return _admitted(now, one)
    if one.kind == "decision":
        return _voted(now, one)
    if one.kind == "final":
        return _finalised(now, one, here, slot)
    if one.kind == "recall" and now.state in RECALLABLE and _may_recall(now, one, rules):
        return replace(now, state=RECALLED, end=one)
    if one.kind == "withdraw" and now.state in (OPEN, APPROVED, PARKED):
        return replace(now, state=WITHDRAWN, end=one)
    # In `open` too: an approval that a revoked key took back does not unsend what was sent.
    if one.kind == "dispatch" and (now.sendable or now.state == OPEN):
        return replace(now, state=DISPATCHED, end=one)
    return now


def _admitted(now: Standing, one: Said) -> Standing:
    if one.kind == READMISSION:
        open_ = now.state in (OPEN, APPROVED, PARKED)
        return replace(now, state=READMITTED, end=one) if open_ else now
    if one.kind == OTHERWISE:
        return replace(now, barred=now.barred or not now.admitted)
    return replace(now, admitted=(one.live and not now.barred) or now.admitted)


def _voted(now: Standing, vote: Said) -> Standing:
    if vote.outcome not in VOTES:
        return now
    now = replace(now, votes=(*now.votes, vote))
    if vote.outcome == REJECT and now.state in (APPROVED, PARKED):
        return replace(now, state=PARKED, objections=(*now.objections, vote))
    return now


def _finalised(now: Standing, final: Said, here: Sequence[Said], slot: Slot) -> Standing:
    votes = [one for one in here if one.kind == "decision" and one.outcome in VOTES]
    if not now.admitted or not is_final_of(final, votes, slot):
        return now
    now = replace(now, finals=now.finals + 1)
    if now.state != OPEN:
        return now
    now = replace(now, final=final, named=tuple(votes))
    if final.outcome == REJECT:
        return replace(now, state=REJECTED)
    named = {one.key for one in votes}
    missed = tuple(one for one in now.votes if one.outcome == REJECT and one.key not in named)
    return replace(now, state=PARKED if missed else APPROVED, objections=missed)


def _may_recall(now: Standing, recall: Said, rules: Rules) -> bool:
    """Tell whether the one who recalls approved, or supervises, or signed as one who does.

    As with a rejection, a role that was taken away since gives nothing back to be sent.
    """
    approved = {one.by for one in now.votes if one.outcome == APPROVE}
    if recall.by in approved or recall.payload.get("role") == SUPERVISOR:
        return True
    return SUPERVISOR in rules.roster.person(recall.by).roles
