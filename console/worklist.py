"""The way through the queue while reviewing: an order that stands still and what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from console.presenters.queue import Key

Seen = set[tuple[str, int, str]]
"""What was painted in this session: proposal, index and change hash."""


class Worklist:
    """The changes that the queue showed when review began, in that order; later ones at the end."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self.keys = list(keys)

    def position(self, key: Key) -> str:
        """Return `2/7`; a change that the queue did not show has no place."""
        place = str(self.keys.index(key) + 1) if key in self.keys else "-"
        return f"{place}/{len(self.keys)}"

    def step(self, key: Key, by: int) -> Key:
        """Return the change before or after this one, around the end."""
        if key not in self.keys:
            return self.keys[0 if by > 0 else -1]
        return self.keys[(self.keys.index(key) + by) % len(self.keys)]

    def extend(self, keys: Iterable[Key]) -> None:
        """Take up what came to wait since."""
        known = set(self.keys)
        self.keys += [key for key in keys if key not in known]

    def next_unseen(self, key: Key, waiting: Mapping[Key, str], seen: Seen) -> Key | None:
        """Return the next change after `key` that waits and was not seen as it is now.

        `waiting` gives the hash of each waiting change.
        """
        start = self.keys.index(key) + 1 if key in self.keys else 0
        for other in [*self.keys[start:], *self.keys[:start]]:
            if other != key and other in waiting and (*other, waiting[other]) not in seen:
                return other
        return None
