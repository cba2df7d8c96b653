"""Who looks at what, and what somebody has looked at: caches beside the ledger that gate little.

A claim says that somebody is looking; it lapses by itself and gates nothing. What a reviewer
opened, by its hash, is what they may approve with others in one go. Source: hub-protocol §6 step 3,
design §4 (caches are not ledger state), §8.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Protocol

LAPSES = timedelta(minutes=2)
"""How long a claim lasts that is not renewed."""
SHIFT = timedelta(hours=12)
"""How long something counts as opened by the command line, which has no session of its own."""

Key = tuple[str, int]
"""A change: proposal id and index."""


class Attention(Protocol):
    """What the store keeps of it; all of it may be lost."""

    def claim(self, key: Key, who: str, now: datetime) -> str | None:
        """Claim a change, or renew that; return who else is looking already."""

    def release(self, key: Key, who: str) -> None:
        """Let go of a claim."""

    def claims(self, now: datetime, apart_from: str = "") -> Mapping[Key, str]:
        """Return who looks at what now, the claims of one person left out."""

    def opened(self, digests: Collection[str], who: str, now: datetime) -> None:
        """Remember that somebody was shown changes with these hashes."""

    def was_opened(self, who: str, now: datetime) -> Collection[str]:
        """Return the hashes of what somebody was shown within the shift."""
