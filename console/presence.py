"""Whether somebody is at the terminal, and whether a key may count again after a cover came off."""

from __future__ import annotations

IDLE_S = 300.0
"""How long without a key or a mouse before patients are hidden."""
SETTLE_S = 0.3
"""A key that is still held when the cover comes off counts only after so long a pause."""


class Presence:
    """Times on the monotonic clock, in seconds; `idle_s` 0 never hides."""

    def __init__(self, now: float, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._last = now
        self._quiet_until = 0.0

    def noticed(self, now: float) -> None:
        """Take up a key or a move of the mouse."""
        self._last = now

    def is_away(self, now: float) -> bool:
        """Tell whether nobody was noticed for long enough."""
        return bool(self._idle_s) and now - self._last >= self._idle_s

    def uncovered(self, now: float) -> None:
        """Take up that the cover came off by a key that may still be held."""
        self._last = now
        self._quiet_until = now + SETTLE_S

    def is_held(self, now: float) -> bool:
        """Tell whether a key is the one that uncovered, repeated; each repeat lengthens it."""
        if now >= self._quiet_until:
            return False
        self._quiet_until = now + SETTLE_S
        return True
