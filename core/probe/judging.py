"""What a race of one rung showed, from the answers and from what is stored afterwards.

Exactly one racer may have its way. Answers alone prove nothing: the stored content must be the
winner's, and a repeated request must change nothing. Source: FHIR R4 http.html §3.1.0.5, RFC 9110.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.ports import Fetched
from core.probe.scratch import Shot, entry_of

BUSY = frozenset({409, 412})
"""What a loser is told; HAPI says 409 where RFC 9110 says 412."""
ABSENT = frozenset({400, 404, 405, 422, 501})
"""What a server answers to an interaction that it does not have."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What was wrong with one race; `unsafe` where a wrong effect was seen."""

    code: str
    result: Literal["unsafe", "unclear", "not-offered"]


def _unsafe(code: str) -> Fault:
    return Fault(code, "unsafe")


def _unclear(code: str) -> Fault:
    return Fault(code, "unclear")


def won(shots: Sequence[Shot], *statuses: int) -> list[Shot]:
    """Return the shots that were answered with one of `statuses`."""
    return [shot for shot in shots if shot.status in statuses]


def _unread(shots: Sequence[Shot], expected: frozenset[int]) -> Fault | None:
    if all(shot.status in ABSENT for shot in shots):
        return Fault("not-supported", "not-offered")
    strange = [shot for shot in shots if shot.status not in expected]
    if any(shot.status == 429 for shot in strange):
        return _unclear("throttled")
    return _unclear("unreadable-answer") if strange else None


def judge_update(before: Fetched, shots: Sequence[Shot], after: Fetched | None) -> Fault | None:
    """Judge PUTs that all named `before`'s version in If-Match."""
    winners = won(shots, 200, 201)
    if len(winners) > 1:
        return _unsafe("several-won")
    if after is None:
        return _unclear("not-readable")
    stored = entry_of(after)
    if winners and stored != winners[0].entry:
        return _unsafe("another-content-stored")
    if _versions_between(before, after) > 1:
        return _unsafe("several-versions-stored")
    strange = _unread(shots, BUSY | {200, 201})
    if strange is None and not winners:
        return _unclear("nobody-won")
    return strange


def judge_put_create(shots: Sequence[Shot], after: Fetched | None) -> Fault | None:
    """Judge PUTs of one new id with If-None-Match: *."""
    winners = won(shots, 201)
    if len(winners) > 1:
        return _unsafe("several-created")
    if won(shots, 200):
        return _unsafe("condition-ignored")
    if winners and after is not None and entry_of(after) != winners[0].entry:
        return _unsafe("another-content-stored")
    strange = _unread(shots, BUSY | {200, 201})
    if strange is None and (not winners or after is None):
        return _unclear("nobody-won")
    return strange


def judge_post_create(shots: Sequence[Shot], found: Sequence[Fetched]) -> Fault | None:
    """Judge POSTs with one and the same If-None-Exist, by what a search finds afterwards."""
    winners = won(shots, 201)
    if len(winners) > 1 or len(found) > 1:
        return _unsafe("several-created")
    if winners and found and entry_of(found[0]) != winners[0].entry:
        return _unsafe("another-content-stored")
    strange = _unread(shots, BUSY | {200, 201})
    if strange is None and not (winners and found):
        return _unclear("nobody-won" if not winners else "not-found")
    return strange


def judge_pair(shots: Sequence[Shot], beside: Sequence[Fetched]) -> Fault | None:
    """Judge what transactions stored beside the resource that they raced for: the winner's only."""
    winners = won(shots, 200, 201)
    if any(shot.response is None or shot.response.beside not in (200, 201) for shot in winners):
        return _unsafe("partly-applied")
    if {entry_of(one) for one in beside} - {shot.entry for shot in winners}:
        return _unsafe("partly-applied")
    return None if len(beside) == len(winners) else _unclear("not-found")


def judge_rollback(shot: Shot, before: Fetched, after: Fetched | None) -> Fault | None:
    """Judge a transaction whose second half must fail: its first half must not be stored."""
    if after is None:
        return _unclear("not-readable")
    if (after.version, entry_of(after)) != (before.version, entry_of(before)):
        return _unsafe("partly-applied")
    if shot.status is None:
        return _unclear("unreadable-answer")
    return _unsafe("said-done") if shot.status < 300 else None


def judge_repeat(shot: Shot, before: Fetched, after: Fetched | None) -> Fault | None:
    """Judge a request that must not take effect any more: the stored version has to stay."""
    if after is None:
        return _unclear("not-readable")
    if (after.version, entry_of(after)) != (before.version, entry_of(before)):
        return _unsafe("late-request-took-effect")
    if shot.status == 201:
        return _unsafe("late-request-took-effect")
    return None if shot.status in BUSY | {200, 304} else _unclear("unreadable-answer")


def _versions_between(before: Fetched, after: Fetched) -> int:
    """Return how many versions were stored, where versions are numbers; else one is assumed."""
    if before.version.isdigit() and after.version.isdigit():
        return int(after.version) - int(before.version)
    return 1
