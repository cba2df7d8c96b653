"""What a gateway's store goes by when it lets a byte out: head, roster, and its own lease.

Source: hub-protocol §6 steps 7 b, h, 8, 9 and 10, design §14.4. Seconds are those of a counter of
the gateway's own that goes on while the machine sleeps (CLOCK_BOOTTIME): a process that stood still
and wakes finds all of it run out. Asked in the transaction that commits the attempt; what it says
then holds until the first byte, which follows at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.hub.head import L_S, Followed, Head
from core.hub.lease import Beat, Lease, sends_until
from core.hub.rosters import Listed, is_behind
from core.incident.freeze import Target, matches

HEAD_AGE, HEAD_UNFOLLOWED, FROZEN = "head-age", "head-unfollowed", "frozen"
LEASE_AGE, LEASE_LOST = "lease-age", "lease-lost"
ROSTER_BEHIND = "roster-behind"


@dataclass(frozen=True, slots=True)
class Clearance:
    """Head and lease as the store last knew them, and when each was asked for."""

    head: Head
    lease: Lease
    head_asked: float
    """When the newest read of the head began; what was stored before it is in it."""
    beat_begun: float
    """When the last heartbeat began that the register shows in force."""
    whole: bool = True
    """The register bore that very head."""
    holds: bool = True
    """The last that was heard of the lease is that it is ours."""
    roster: Listed | None = None
    """The roster gone by; None where the team's stands in no register yet."""


def heard(known: Clearance, followed: Followed, asked: float) -> Clearance:
    """Return the clearance after the head was followed; `asked` is when that began.

    Never back: a head older than the one known, or a read that began earlier, changes nothing.
    """
    if followed.head.seq < known.head.seq or asked < known.head_asked:
        return known
    return replace(known, head=followed.head, head_asked=asked, whole=followed.whole)


def beaten(known: Clearance, beat: Beat, begun: float) -> Clearance:
    """Return the clearance after a heartbeat or a takeover that began at `begun`.

    What is unsure renews nothing; what is lost or released is not ours any more. Who has stopped,
    and so does not hold, sends no more in that epoch, whatever heartbeat was still under way.
    """
    if beat.status == "held":
        taken = beat.lease.epoch > known.lease.epoch
        return replace(known, lease=beat.lease, beat_begun=begun, holds=known.holds or taken)
    if beat.status in ("lost", "released"):
        return replace(known, lease=beat.lease, holds=False)
    return known


def stopped_by(known: Clearance, target: Target, now: float, timeout_s: float) -> str | None:
    """Return why no byte of a write may leave now, as a static code; None where it may.

    `timeout_s` is how long a request may take: the holder stops that much before its term ends.
    """
    if not known.holds or known.lease.phase != "held":
        return LEASE_LOST
    if now >= sends_until(known.beat_begun, known.lease.term_s, timeout_s):
        return LEASE_AGE
    if not known.whole:
        return HEAD_UNFOLLOWED
    if head_is_old(known.head_asked, now):
        return HEAD_AGE
    if known.head.payload.get("roster") is not None and (
        known.roster is None or is_behind(known.head, known.roster)
    ):
        return ROSTER_BEHIND
    return FROZEN if is_frozen(known.head, target) else None


def head_is_old(asked: float, now: float) -> bool:
    """Tell whether a head that was asked for then may not be gone by any more."""
    return now - asked >= L_S


def is_frozen(head: Head, target: Target) -> bool:
    """Tell whether a freeze of the head matches a write; an unreadable scope matches everything."""
    return any(_matches(one.get("scope"), target) for one in head.freezes.values())


def _matches(scope: object, target: Target) -> bool:
    if not isinstance(scope, Mapping):
        return True
    return matches({str(key): value for key, value in scope.items()}, target)
