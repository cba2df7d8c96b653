"""Where the list of events gets its rows: pages of the ledger, or of the events that match.

A row's key is its event's number. The newest event is row 0, so in the whole ledger row `n` is
event `size - 1 - n`: nothing is counted or walked to open a ledger of any size.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import tzinfo
from operator import neg

from console.presenters.audit import event_row
from console.widgets.rows import Row
from core.audit.reads import AuditReads

PAGE = 200
KEPT = 24
"""How many pages stay in memory."""


class _Pages:
    """The pages that were read last."""

    def __init__(self, read: Callable[[int], list[Row[int]]]) -> None:
        self._read = read
        self._pages: OrderedDict[int, list[Row[int]]] = OrderedDict()

    def row(self, page: int, place: int) -> Row[int] | None:
        """Return one row of a page."""
        if page not in self._pages:
            self._pages[page] = self._read(page)
            if len(self._pages) > KEPT:
                self._pages.popitem(last=False)
        self._pages.move_to_end(page)
        rows = self._pages[page]
        return rows[place] if 0 <= place < len(rows) else None

    def forget(self, page: int | None = None) -> None:
        """Read a page, or every one, anew when it is next asked for."""
        if page is None:
            self._pages.clear()
        else:
            self._pages.pop(page, None)


class WholeLedger:
    """Every event that there was when the list was read."""

    def __init__(self, reads: AuditReads, size: int, zone: tzinfo | None) -> None:
        self._reads, self._size, self._zone = reads, size, zone
        self._pages = _Pages(self._page)

    def __len__(self) -> int:
        """Return how many there are."""
        return self._size

    def row(self, number: int) -> Row[int] | None:
        """Return a row."""
        seq = self._size - 1 - number
        if not 0 <= seq < self._size:
            return None
        page = seq // PAGE
        return self._pages.row(page, min(self._size, (page + 1) * PAGE) - 1 - seq)

    def place(self, key: int) -> int | None:
        """Return where an event stands."""
        return self._size - 1 - key if 0 <= key < self._size else None

    def settle(self) -> int:
        """Return 0: the number of an event never changes."""
        return 0

    def forget(self) -> None:
        """Read again what is shown; a body may have been erased."""
        self._pages.forget()

    def _page(self, page: int) -> list[Row[int]]:
        found = self._reads.events(page * PAGE, min(self._size, (page + 1) * PAGE))
        return [event_row(event, self._zone) for event in found]


class Matches:
    """The events that a search has found so far; more come at the end."""

    def __init__(self, reads: AuditReads, zone: tzinfo | None) -> None:
        self._reads, self._zone = reads, zone
        self._seqs: list[int] = []
        self._pages = _Pages(self._page)

    def __len__(self) -> int:
        """Return how many there are by now."""
        return len(self._seqs)

    def row(self, number: int) -> Row[int] | None:
        """Return a row."""
        return self._pages.row(*divmod(number, PAGE)) if 0 <= number < len(self._seqs) else None

    def place(self, key: int) -> int | None:
        """Return where an event stands."""
        at = bisect_left(self._seqs, -key, key=neg)
        return at if at < len(self._seqs) and self._seqs[at] == key else None

    def settle(self) -> int:
        """Return 0: every row was found before it was counted."""
        return 0

    def add_older(self, seqs: Sequence[int]) -> None:
        """Take up what the search found next."""
        self._pages.forget(len(self._seqs) // PAGE)
        self._seqs += seqs

    def add_newer(self, seqs: Sequence[int]) -> None:
        """Take up what came after the list was read, newest first."""
        if seqs:
            self._seqs = [*seqs, *self._seqs]
            self._pages.forget()

    def forget(self) -> None:
        """Read again what is shown; a body may have been erased."""
        self._pages.forget()

    def _page(self, page: int) -> list[Row[int]]:
        found = self._reads.events_at(self._seqs[page * PAGE : (page + 1) * PAGE])
        return [event_row(event, self._zone) for event in found]
