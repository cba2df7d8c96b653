"""What a round of the gateway tells while it goes on, and how it is asked to stop.

Shared between the screen's thread and the round's: one writes the words, the other reads them.
"""

from __future__ import annotations

import threading


class Watch:
    """One round's progress; `words` are our own, never the server's."""

    def __init__(self) -> None:
        self.words = ""
        self._asked = threading.Event()

    def tell(self, pulled: int, admitted: int, pushed: int) -> None:
        """Say how far the sync is."""
        counts = {"pulled": pulled, "admitted": admitted, "told": pushed}
        parts = [f"{count:,} {word}" for word, count in counts.items() if count]
        self.words = f"syncing: {', '.join(parts)}" if parts else ""

    def stop(self) -> None:
        """Ask the round to end after its present step; nothing is lost by it."""
        self._asked.set()

    def stopped(self) -> bool:
        """Tell whether it was asked to end."""
        return self._asked.is_set()
