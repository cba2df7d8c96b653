"""The clock and the identifiers of the real world."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime


class SystemClock:
    """Implements `core.ports.Clock`."""

    def now(self) -> datetime:
        """Return the local time in UTC."""
        return datetime.now(UTC)


class SystemIds:
    """Implements `core.ports.Ids`."""

    def uuid(self) -> str:
        """Return a random UUID."""
        return str(uuid.uuid4())

    def nonce(self) -> str:
        """Return 128 random bits as 32 hex characters."""
        return secrets.token_hex(16)
