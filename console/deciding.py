"""Carrying a confirmed decision to the ledger: keyed to what was shown, never to a row's place.

Source: design §8, §14.9.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from core.errors import Conflict

if TYPE_CHECKING:
    from console.session import Session
    from core.review.decide import Looked
    from core.review.glass import Glass

Outcome = Literal["approve", "reject", "defer"]

DONE = {"approve": "Approved", "reject": "Rejected", "defer": "Deferred"}


@dataclass(frozen=True, slots=True)
class Shown:
    """One change as it stood on the screen when a decision was asked for."""

    proposal: str
    index: int
    digest: str
    patient: str
    """The banner's words, foreign."""
    what: str
    attestation: tuple[str, ...] = ()
    """The codes that its route asks an approval to attest."""
    without: tuple[int, ...] = ()
    """What it rests on and what was gone when it was painted, counted from 0."""
    warnings: tuple[str, ...] = ()
    """What an approval must not overlook."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the reviewer confirmed."""

    outcome: Outcome
    reason: str | None = None
    note: str | None = None
    until: datetime | None = None
    attested: tuple[str, ...] = ()
    """The codes whose lines were ticked."""
    glass: Glass | None = None
    """That the glass is broken for it, and why."""


def carry_out(session: Session, shown: Shown, choice: Choice, looked: Looked) -> str:
    """Record the decision; return the state that the change is in now.

    Raises Conflict when the change is no longer the one that was shown, and whatever
    `core.review.decide` raises.
    """
    from core.review.decide import Answer, decide

    now = session.ledger.change(shown.proposal, shown.index)
    if now is None or now.change_digest != shown.digest:
        raise Conflict("this change is not the one that was shown", remedy="Reload with ctrl+r")
    answer = Answer(
        choice.outcome,
        seen=shown.digest,
        reason=choice.reason,
        note=choice.note,
        until=choice.until,
        looked=looked,
        attested=choice.attested,
        without=shown.without,
        glass=choice.glass,
    )
    return str(decide(session.offline(), shown.proposal, shown.index, answer).state)
