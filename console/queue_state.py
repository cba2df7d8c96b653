"""What the queue shows, apart from how: the chosen view, its rows, what is newer, the title."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import TYPE_CHECKING

from console.presenters.queue import Key, queue_row
from console.queue_source import Entry, FoundRows, PagedRows, QueueRows
from console.views import Chosen, following, keep, view_of
from console.widgets.rows import Row
from core.lifecycle import OPEN, State
from core.queue import Filter, Spot, parse_filter

if TYPE_CHECKING:
    from console.session import Session
    from core.records import ChangeRow

FAR = 20_000
"""How many rows of a filtered list are ever kept."""
NEWER_MOST = 1_000


class QueueState:
    """One queue as it was read last."""

    def __init__(self, session: Session, zone: tzinfo | None = None) -> None:
        self._session = session
        self._zone = zone
        self.chosen = Chosen()
        self._before = Filter()
        self._claims: Mapping[Key, str] = {}
        self.look_around()
        self.rows: QueueRows = self._fresh()

    @property
    def narrowed(self) -> bool:
        """Whether something other than everything that waits is shown."""
        return bool(self.chosen.filter.terms) or self.chosen.base != "all"

    @property
    def words(self) -> str:
        """What the view is called; nothing for the plain queue."""
        return self.chosen.words

    @property
    def newer(self) -> dict[str, int]:
        """How many of each urgency came since."""
        return self.rows.newer()

    @property
    def states(self) -> Sequence[str]:
        """The states that belong into this list."""
        return sorted(OPEN) if self.chosen.all_open else [State.PENDING]

    def read(self, cursor: int, key: Key | None = None) -> int:
        """Read anew; return where the change is that had the cursor, or `key`, or what follows."""
        entry = self.rows.entry(cursor) if key is None else self._entry_of(key)
        self.look_around()
        self.rows = rows = self._fresh()
        if entry is None:
            return cursor
        if isinstance(rows, PagedRows):
            return rows.around(entry.key, entry.spot)
        while rows.place(entry.key) is None and not rows.complete and len(rows) <= cursor:
            rows.extend()
        place = rows.place(entry.key)
        return place if place is not None else self._first_after(rows, entry.spot)

    async def look_further(self, wanted: int, grown: Callable[[], None]) -> None:
        """Let a filter go on until so many rows are found; the loop is given back between steps."""
        rows = self.rows
        while (
            isinstance(rows, FoundRows)
            and rows is self.rows
            and not rows.complete
            and len(rows) < min(wanted, FAR)
        ):
            await asyncio.sleep(0)
            rows.extend()
            grown()

    def title(self) -> str:
        """Return how many there are, which view it is, and what is newer."""
        more = "" if self.rows.complete else "+"
        count = f"{len(self.rows):,}{more} {'open' if self.chosen.all_open else 'waiting'}"
        parts = [count, self.words]
        newer = self.newer
        total = sum(newer.values())
        if total:
            many = f"{total:,}+" if total >= NEWER_MOST else f"{total:,}"
            stat = newer.get("stat", 0)
            loud = f", {stat:,} STAT" if stat else ""
            parts.append(f"{many} newer{loud} (. shows)")
        return "  ".join(part for part in parts if part)

    def toggle_open(self) -> None:
        """Show every open state, or only what waits."""
        self.chosen = replace(self.chosen, all_open=not self.chosen.all_open)

    def next_view(self) -> None:
        """Go to the next view."""
        self.chosen = following(self._session, self.chosen)
        self._before = self.chosen.filter

    def try_filter(self, text: str) -> None:
        """Show what matches, until it is kept or taken back; BadInput changes nothing."""
        self.chosen = replace(self.chosen, filter=parse_filter(text), name="")

    def set_filter(self, text: str) -> None:
        """Show what matches from now on."""
        self.try_filter(text)
        self._before = self.chosen.filter

    def revert(self) -> None:
        """Take back what was typed since the filter was kept."""
        self.chosen = replace(self.chosen, filter=self._before)

    def clear(self) -> None:
        """Take filter and view off."""
        self._before = Filter()
        self.chosen = Chosen(all_open=self.chosen.all_open)

    def without(self, number: int) -> None:
        """Take one term off."""
        terms = self.chosen.filter.terms
        kept = Filter(terms[:number] + terms[number + 1 :])
        self.chosen = replace(self.chosen, filter=kept, name="")
        self._before = kept

    def keep(self, name: str) -> str:
        """Keep the filter under a name; return what to say of it."""
        keep(self._session, self.chosen, name)
        self.chosen = replace(self.chosen, name=name)
        return f"Kept as {name}; v goes through the views."

    def _fresh(self) -> QueueRows:
        reads, now = self._session.ledger, self._session.clock.now()
        view = view_of(self._session, self.chosen)
        if not view.plain:
            return FoundRows(reads, view, now, self._draw)
        counts = reads.state_counts()
        total = sum(counts.get(state, 0) for state in self.states)
        return PagedRows(reads, view, now, self._draw, total)

    def _draw(self, change: ChangeRow) -> Row[Key]:
        now = self._session.clock.now()
        looker = self._claims.get((change.proposal, change.idx))
        return queue_row(change, now, self.states, looker, self._zone)

    def look_around(self) -> None:
        """Read anew who else looks at what."""
        session = self._session
        self._claims = session.attention.claims(session.clock.now(), session.reviewer)

    def _entry_of(self, key: Key) -> Entry | None:
        place = self.rows.place(key)
        return None if place is None else self.rows.entry(place)

    @staticmethod
    def _first_after(rows: FoundRows, spot: Spot) -> int:
        for number in range(len(rows)):
            entry = rows.entry(number)
            if entry is not None and entry.spot.key >= spot.key:
                return number
        return max(0, len(rows) - 1)
