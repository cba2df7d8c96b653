"""The way through what a list showed when review began, and what was seen of it.

Rows of a long queue are read as one comes to them; what came since is taken up at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from console.presenters.queue import Key
from core.lifecycle import State
from core.queue import View

if TYPE_CHECKING:
    from datetime import datetime

    from console.session import StoreReads
    from core.records import ChangeRow

Seen = set[tuple[str, int, str]]
"""What was painted in this session: proposal, index and change hash."""
MOST = 5_000
"""How many rows are looked through for the next unseen one."""


class Rows(Protocol):
    """Changes by number, as `console.queue_source` has them."""

    def __len__(self) -> int:
        """Return how many there are."""

    def place(self, key: Key) -> int | None:
        """Return where a change stands."""

    def change(self, number: int) -> ChangeRow | None:
        """Return the change with that number."""


class KeyRows:
    """A few changes by their keys, read when they are asked for."""

    def __init__(self, reads: StoreReads, keys: Sequence[Key]) -> None:
        self._reads = reads
        self._keys = list(keys)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._keys)

    def place(self, key: Key) -> int | None:
        """Return where a change stands."""
        return self._keys.index(key) if key in self._keys else None

    def change(self, number: int) -> ChangeRow | None:
        """Return the change with that number as it is now."""
        return self._reads.change(*self._keys[number])


class Worklist:
    """The changes that a list showed, in that order."""

    def __init__(self, reads: StoreReads, rows: Rows) -> None:
        self._reads = reads
        self._rows = rows

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._rows)

    def position(self, key: Key) -> str:
        """Return `2/7`; a change that the list did not show has no place."""
        place = self._rows.place(key)
        return f"{'-' if place is None else place + 1}/{len(self._rows):,}"

    def step(self, key: Key, by: int) -> Key:
        """Return the change before or after this one, around the end."""
        place = self._rows.place(key)
        start = -1 if place is None and by > 0 else place or 0
        for number in range(1, len(self._rows) + 1):
            found = self._rows.change((start + by * number) % len(self._rows))
            if found is not None:
                return found.proposal, found.idx
        return key

    def next_unseen(self, key: Key, seen: Seen, now: datetime) -> Key | None:
        """Return the next change that waits and was not seen as it is now.

        Below `key` first, then from the beginning, then among what came since.
        """
        for found in self._after(key):
            other = found.proposal, found.idx
            if other == key or (*other, found.change_digest) in seen:
                continue
            current = self._reads.change(*other)
            if _unseen(current, seen):
                return other
        page = self._reads.queue_page(View(), now, self._reads.size)
        return next(
            ((row.proposal, row.idx) for row in page.rows
             if (row.proposal, row.idx) != key and _unseen(row, seen)), None,
        )  # fmt: skip

    def _after(self, key: Key) -> Iterator[ChangeRow]:
        place = self._rows.place(key)
        start = 0 if place is None else place + 1
        for number in range(min(len(self._rows), MOST)):
            found = self._rows.change((start + number) % len(self._rows))
            if found is not None and found.state == State.PENDING:
                yield found


def _unseen(change: ChangeRow | None, seen: Seen) -> bool:
    return (
        change is not None
        and change.state == State.PENDING
        and (change.proposal, change.idx, change.change_digest) not in seen
    )
