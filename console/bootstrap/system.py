"""The clock and the identifiers of the real world."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime, timedelta

from core.clock import Bounds, bounds


class SystemClock:
    """Implements `core.ports.Clock`: this machine's time, and what servers' `Date` told of theirs.

    One object serves all threads of a process; each hearing replaces one entry.
    """

    def __init__(self) -> None:
        self._offsets: dict[str, timedelta] = {}

    def now(self) -> datetime:
        """Return the local time in UTC."""
        return datetime.now(UTC)

    def hear(self, source: str, told: datetime) -> None:
        """Take up what time a server tells at this moment."""
        self._offsets[source] = told - self.now()

    def bounds(self) -> Bounds:
        """Return the earliest and latest time of all that were heard."""
        return bounds(self.now(), dict(self._offsets))


class SystemIds:
    """Implements `core.ports.Ids`."""

    def uuid(self) -> str:
        """Return a random UUID."""
        return str(uuid.uuid4())

    def nonce(self) -> str:
        """Return 128 random bits as 32 hex characters."""
        return secrets.token_hex(16)
