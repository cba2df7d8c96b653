"""The queue as rows with numbers, of which only those near the view are in memory.

`PagedRows` knows how many there are and reads any part of them; `FoundRows` are what a filter has
found so far. Neither moves a row by itself: what left the queue stays, marked, until it is read
anew, and what came since is only counted. Source: design §14.9, core.queue.page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from console.presenters.queue import Key
from console.widgets.rows import Row
from core.queue.page import PAGE, Page, Spot, View
from core.records import ChangeRow

if TYPE_CHECKING:
    from console.session import StoreReads

KEPT = 10 * PAGE
"""How many rows are kept in memory around the view."""
Draw = Callable[[ChangeRow], Row[Key]]


@dataclass
class Entry:
    """One change as it was read, or as it was last heard of."""

    change: ChangeRow
    spot: Spot

    @property
    def key(self) -> Key:
        """Its key."""
        return self.change.proposal, self.change.idx


class _Rows:
    """What both kinds share: consecutive entries, the first of them with the number `start`."""

    def __init__(self, reads: StoreReads, view: View, now: datetime, draw: Draw) -> None:
        self._reads = reads
        self.view = view
        self._now = now
        self._draw = draw
        self.as_of = reads.size
        self._start = 0
        self._entries: list[Entry] = []
        self._places: dict[Key, int] = {}

    @property
    def keys(self) -> list[Key]:
        """The changes in memory, in their order."""
        return list(self._places)

    def place(self, key: Key) -> int | None:
        """Return where a change stands, among those in memory."""
        offset = self._places.get(key)
        return None if offset is None else offset + self._start

    def change(self, number: int) -> ChangeRow | None:
        """Return the change with that number, as it was last heard of."""
        entry = self.entry(number)
        return None if entry is None else entry.change

    def row(self, number: int) -> Row[Key] | None:
        """Return the row with that number, reading it where it is not in memory."""
        change = self.change(number)
        return None if change is None else self._draw(change)

    def entry(self, number: int) -> Entry | None:
        """Return what stands at a number; None where there is nothing."""
        offset = number - self._start
        return self._entries[offset] if 0 <= offset < len(self._entries) else None

    def refresh(self, first: int, count: int) -> bool:
        """Hear what became of some rows; tell whether anything did. None of them moves."""
        found = [self.entry(number) for number in range(first, first + count)]
        entries = {entry.key: entry for entry in found if entry is not None}
        moved = False
        for change in self._reads.changes_named(entries):
            entry = entries[change.proposal, change.idx]
            if entry.change != change:
                entry.change, moved = change, True
        return moved

    def settle(self) -> int:
        """Make numbers right again; here they always are."""
        return 0

    def newer(self) -> dict[str, int]:
        """Return how many of each urgency came since this was read."""
        return dict(self._reads.queue_newer(self.view, self._now, self.as_of))

    def _keep(self, entries: list[Entry], start: int) -> None:
        self._entries, self._start = entries, start
        self._places = {entry.key: offset for offset, entry in enumerate(entries)}


class PagedRows(_Rows):
    """Every change of a plain view, by number, at the same cost wherever it is read."""

    def __init__(
        self, reads: StoreReads, view: View, now: datetime, draw: Draw, total: int
    ) -> None:
        """Begin at the first page; `total` is how many there should be."""
        super().__init__(reads, view, now, draw)
        self._total = total
        self._fallen = 0
        self._take(reads.queue_page(view, now, self.as_of), 0, whole=True)

    def __len__(self) -> int:
        """Return how many there are, as far as is known."""
        return self._total

    @property
    def complete(self) -> bool:
        """Every row has its number."""
        return True

    def entry(self, number: int) -> Entry | None:
        """Return what stands at a number, reading it where it is not in memory."""
        if not 0 <= number < self._total:
            return None
        end = self._start + len(self._entries)
        if self._entries and end <= number < end + PAGE:
            self._forward()
        elif self._entries and self._start - PAGE <= number < self._start:
            self._backward()
        elif not self._start <= number < end:
            self._jump(number)
        return super().entry(number)

    def around(self, key: Key, spot: Spot) -> int:
        """Read what stands around a place; return the number of that change, or of the next."""
        number = self._reads.queue_rank(self.view, self.as_of, spot)
        after = self._reads.queue_page(self.view, self._now, self.as_of, _just_before(spot))
        self._take(after, number, whole=True)
        if not self._entries:
            last = self._reads.queue_before(self.view, self._now, self.as_of)
            self._take(last, max(0, number - len(last.rows)), whole=False)
        elif self._start:
            self._backward()
        place = self.place(key)
        return number if place is None else place

    def settle(self) -> int:
        """Make numbers right again where rows before them have left; return how many did."""
        fallen, self._fallen = self._fallen, 0
        self._start -= fallen
        self._total -= fallen
        return fallen

    def _forward(self) -> None:
        page = self._reads.queue_page(self.view, self._now, self.as_of, self._entries[-1].spot)
        start = self._start
        entries = self._entries + _entries(page)
        if page.reached is None:
            self._total = start + len(entries)
        cut = max(0, len(entries) - KEPT)
        self._keep(entries[cut:], start + cut)

    def _backward(self) -> None:
        page = self._reads.queue_before(self.view, self._now, self.as_of, self._entries[0].spot)
        before = _entries(page)
        self._keep((before + self._entries)[:KEPT], self._start - len(before))
        if page.reached is None:
            self._fallen = self._start

    def _jump(self, number: int) -> None:
        first = max(0, number - PAGE // 2)
        if first < self._total // 2:
            page = self._reads.queue_page(self.view, self._now, self.as_of, None, first)
            self._take(page, first, whole=page.reached is None)
            return
        skip = max(0, self._total - first - PAGE)
        page = self._reads.queue_before(self.view, self._now, self.as_of, None, skip)
        self._take(page, max(0, self._total - skip - len(page.rows)), whole=False)

    def _take(self, page: Page, start: int, *, whole: bool) -> None:
        self._keep(_entries(page), start)
        if whole and page.reached is None:
            self._total = start + len(self._entries)


class FoundRows(_Rows):
    """What a filter has found so far; it grows until everything was looked at."""

    def __init__(self, reads: StoreReads, view: View, now: datetime, draw: Draw) -> None:
        super().__init__(reads, view, now, draw)
        self._reached: Spot | None = None
        self.complete = False
        """Whether everything was looked at."""
        self.extend()

    def __len__(self) -> int:
        """Return how many were found so far."""
        return len(self._entries)

    def extend(self) -> None:
        """Look at some more; bounded, so that the screen can be drawn in between."""
        if self.complete:
            return
        page = self._reads.queue_page(self.view, self._now, self.as_of, self._reached)
        for entry in _entries(page):
            self._places[entry.key] = len(self._entries)
            self._entries.append(entry)
        self._reached, self.complete = page.reached, page.reached is None


QueueRows = PagedRows | FoundRows


def _entries(page: Page) -> list[Entry]:
    return [Entry(change, spot) for change, spot in zip(page.rows, page.spots, strict=True)]


def _just_before(spot: Spot) -> Spot:
    """Return a place after every earlier one: the last digit one lower, then what sorts last."""
    return Spot(f"{spot.key[:-1]}{chr(ord(spot.key[-1]) - 1)}~")
