"""What a reviewer has had before their eyes: which quotes were in view, and for how long.

The agent's own confidence is shown only after that, so that it does not read the evidence for
them; what was in view is signed with the decision. Source: design §8, hub-protocol §2 (`review`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

LOOK_S = 2.0
"""For so long every quote must have been seen before the confidence is shown."""


@dataclass
class Looking:
    """One change being looked at; `wanted` are the quotes that support it, by their index."""

    wanted: frozenset[int] = frozenset()
    opened: set[int] = field(default_factory=set)
    since: float | None = None
    """When the last of them came into view, in seconds of the monotonic clock."""

    def saw(self, numbers: Iterable[int], now: float) -> None:
        """Take up which quotes stand in view now."""
        self.opened |= self.wanted & set(numbers)
        if self.since is None and self.seen_all:
            self.since = now

    @property
    def seen_all(self) -> bool:
        """Whether every quote for this change was in view."""
        return self.wanted <= self.opened

    def enough(self, now: float) -> bool:
        """Tell whether the evidence was looked at; where there is none, nothing is waited for."""
        if not self.wanted:
            return True
        return self.since is not None and now - self.since >= LOOK_S
