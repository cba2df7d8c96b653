"""A pause after many quick approvals in a row: nobody reads fifteen changes in a minute.

It is told from the acts in the ledger, so that another screen or a restart forgets nothing. What
is rejected, deferred or edited shows that somebody reads, and ends the row; so does a pause that
was made anyway. Approvals that nothing measured (a command, one by one) neither count nor end it.
Source: `docs/adr/0019`.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from core.ledger.event import moment
from core.policy import Policy
from core.ports import Reads
from core.records import ChangeRow
from core.review.permissions import Why
from core.workspace import policy_in_force

PASSES = "stat"
"""The urgency that no pause holds up."""


def why_paused(reads: Reads, change: ChangeRow, reviewer: str, lo: datetime) -> Why | None:
    """Return why this person may not approve a change yet, in words with the seconds left.

    `lo` is the earliest that it can be now.
    """
    if change.urgency == PASSES:
        return None
    policy = policy_in_force(reads)
    left = seconds_left(reads, policy, reviewer, lo)
    if left is None:
        return None
    return Why(
        "streak",
        "state",
        f"your last {policy.streak} approvals took less than {policy.quick_s} s each;"
        f" approving goes on in {left} s",
        "Look over what you approved, and recall what you doubt; other decisions need not wait",
    )


def check_pace(reads: Reads, change: ChangeRow, reviewer: str, lo: datetime) -> None:
    """Raise Conflict while a person has to pause before approving this change."""
    why = why_paused(reads, change, reviewer, lo)
    if why is not None:
        raise why.error(change.idx)


def seconds_left(reads: Reads, policy: Policy, reviewer: str, lo: datetime) -> int | None:
    """Return for how long a person still has to pause, whole seconds; None: they need not."""
    if policy.streak == 0:
        return None
    pause = timedelta(seconds=policy.pause_s)
    acts = reads.acts_by(reviewer, policy.streak)
    if len(acts) < policy.streak:
        return None
    later: datetime | None = None
    for act in acts:
        at = moment(act.at)
        quick = act.dwell_ms is not None and act.dwell_ms < policy.quick_s * 1000
        if act.act != "approve" or not quick or (later is not None and later - at >= pause):
            return None
        later = at
    left = (moment(acts[0].at) + pause - lo).total_seconds()
    return math.ceil(left) if left > 0 else None
