"""Backpressure at intake: what cannot be carried through is not let in; a refusal says until when.

Three things slow intake: writes that nobody has reconciled yet, an agent whose writes the EHR
finds invalid, and more waiting for people than they decide. What is stat passes: people decide it
first, and the gateway keeps room for it. Source: design §9 (backpressure), ADR 0022.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.adoption import PROFILE_PREFIX
from core.intake.quota import Throttled
from core.ledger.event import instant
from core.ports import Reads
from core.traffic.limits import parse_limits

HOUR = timedelta(hours=1)
UNCHECKED_RETRY_S = 60
INVALID = frozenset({"validation", "business-rule"})
FEW = 10
"""Fewer answered writes of an agent within an hour say nothing of it."""
HALF = 0.5
INVALID_RETRY_S = 900
MANY_WAITING = 1_000
"""With fewer waiting for people nobody is held up, however slowly they decide."""
HOURS = 24
"""More waiting than people decide in so many hours, at the pace of the last one, is too much."""
REVIEW_RETRY_S = 1_800


def check_pressure(reads: Reads, agent: str, ehr: str, urgency: str, now: datetime) -> None:
    """Raise Throttled when one more proposal of an agent for an EHR would not be carried through.

    `urgency` as the policy caps it: `stat` is always let in.
    """
    if urgency == "stat":
        return
    most = _unchecked_allowed(reads, ehr)
    if reads.unchecked(ehr, most) >= most:
        raise Throttled(
            "pressure-unchecked", "too many writes to this EHR are not checked", UNCHECKED_RETRY_S
        )
    answered = reads.answered_since(agent, ehr, instant(now - HOUR))
    invalid = sum(failure in INVALID for failure in answered)
    if len(answered) >= FEW and invalid >= HALF * len(answered):
        raise Throttled(
            "pressure-invalid", "the EHR finds too many writes of this agent invalid",
            INVALID_RETRY_S,
        )  # fmt: skip
    waiting = reads.waiting_reviews()
    if waiting >= MANY_WAITING and waiting > HOURS * reads.decided_since(instant(now - HOUR)):
        raise Throttled(
            "pressure-review", "more waits for people than they can decide", REVIEW_RETRY_S
        )


def _unchecked_allowed(reads: Reads, ehr: str) -> int:
    profile = reads.config(f"{PROFILE_PREFIX}{ehr}")
    return parse_limits("" if profile is None else profile.document).unchecked
