"""`core.review.attention.Attention` over two small tables; neither is ledger state."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from core.ledger.event import instant
from core.review.attention import LAPSES, SHIFT, Key
from sync.store.connection import Connection


class StoreAttention:
    """Claims and what was opened."""

    def __init__(self, connection: Connection):
        self._execute = connection.execute

    def claim(self, key: Key, who: str, now: datetime) -> str | None:
        """Claim a change, or renew that; return who else is looking already."""
        other = self.claims(now, who).get(key)
        self._execute("DELETE FROM claim WHERE at <= ?", (instant(now - LAPSES),))
        self._execute(
            "INSERT OR REPLACE INTO claim (proposal, idx, who, at) VALUES (?, ?, ?, ?)",
            (*key, who, instant(now)),
        )
        return other

    def release(self, key: Key, who: str) -> None:
        """Let go of a claim."""
        self._execute("DELETE FROM claim WHERE proposal = ? AND idx = ? AND who = ?", (*key, who))

    def claims(self, now: datetime, apart_from: str = "") -> Mapping[Key, str]:
        """Return who looks at what now; of several people, who came last."""
        found = self._execute(
            "SELECT proposal, idx, who FROM claim WHERE at > ? AND at <= ? AND who <> ?"
            " ORDER BY at, who",
            (instant(now - LAPSES), instant(now), apart_from),
        )
        return {(str(proposal), int(idx)): str(who) for proposal, idx, who in found}

    def opened(self, digests: Collection[str], who: str, now: datetime) -> None:
        """Remember that somebody was shown changes with these hashes."""
        self._execute("DELETE FROM opened WHERE at <= ?", (instant(now - SHIFT),))
        for digest in digests:
            self._execute(
                "INSERT OR REPLACE INTO opened (who, digest, at) VALUES (?, ?, ?)",
                (who, digest, instant(now)),
            )

    def was_opened(self, who: str, now: datetime) -> Collection[str]:
        """Return the hashes of what somebody was shown within the shift."""
        found = self._execute(
            "SELECT digest FROM opened WHERE who = ? AND at > ? AND at <= ?",
            (who, instant(now - SHIFT), instant(now)),
        )
        return {str(digest) for (digest,) in found}
