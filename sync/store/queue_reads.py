"""The queue page by page: keyset reads over partial indexes, at the same cost in any store.

Each read looks at a bounded number of index entries. A filter that few rows match is read in
steps, so that nothing waits for it. Source: core.queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime

from core import lifecycle
from core.queue.page import PAGE, Page, Spot, View
from core.records import ChangeRow
from sync.store.connection import Connection
from sync.store.queue_conditions import OPEN, VOIDED, WAITING, condition

STEP = 2_000
"""How many entries one read of a filtered queue looks at."""
NEWER = 1_000
"""How far newer rows are counted."""

_END = "~"
"""Sorts after every place: a place begins with a digit."""
_COLUMNS = ", ".join(f'"{field.name}"' for field in fields(ChangeRow))
_STATES = {False: (WAITING, "ix_change_waiting"), True: (OPEN, "ix_change_open")}


class QueueReads:
    """The reads of the queue, for `sync.store.reads.StoreReads`."""

    connection: Connection

    def state_counts(self) -> dict[str, int]:
        """Return how many changes are in each state; no change is looked at."""
        found = self.connection.execute("SELECT state, count FROM tally WHERE count > 0")
        return {str(state): int(count) for state, count in found}

    def queue_page(
        self, view: View, now: datetime, as_of: int, after: Spot | None = None, skip: int = 0
    ) -> Page:
        """Return the next rows after a place, or from the beginning, `skip` entries left out.

        Only what was as it is before event `as_of` counts. A filtered page may be short or empty
        before the end: read on from `reached`.
        """
        where, bound = condition(view, now)
        limit = PAGE if view.plain else STEP
        found = self.connection.execute(
            _page_sql(view, where, "place > :after", "ASC"),
            {**bound, "after": after.key if after else "", "as_of": as_of, "limit": limit,
             "skip": skip},
        ).fetchall()  # fmt: skip
        return _page(found, limit)

    def queue_before(
        self, view: View, now: datetime, as_of: int, before: Spot | None = None, skip: int = 0
    ) -> Page:
        """Return the rows just before a place, or the last ones, in the order of the queue.

        For plain views only; `skip` entries are left out on the way.
        """
        where, bound = condition(view, now)
        found = self.connection.execute(
            _page_sql(view, where, "place < :after", "DESC"),
            {**bound, "after": before.key if before else _END, "as_of": as_of, "limit": PAGE,
             "skip": skip},
        ).fetchall()  # fmt: skip
        return _page(found[::-1], PAGE)

    def queue_rank(self, view: View, as_of: int, spot: Spot) -> int:
        """Return how many entries of a plain view stand before a place."""
        state, index = _STATES[view.all_open]
        query = (
            f"SELECT count(*) FROM change INDEXED BY {index}"  # noqa: S608
            f" WHERE {state} AND +state_seq < ? AND place < ?"
        )
        return int(self.connection.execute(query, (as_of, spot.key)).fetchone()[0])

    def queue_newer(self, view: View, now: datetime, as_of: int) -> Mapping[str, int]:
        """Return how many of each urgency came since event `as_of`, as far as NEWER."""
        where, bound = condition(view, now)
        states = ", ".join(f"'{state}'" for state in (sorted(lifecycle.OPEN) if view.all_open
                                                      else [lifecycle.State.PENDING]))  # fmt: skip
        query = (
            "SELECT urgency, count(*) FROM (SELECT urgency FROM change"  # noqa: S608
            f" WHERE state IN ({states}) AND state_seq >= :as_of AND {where} LIMIT {NEWER})"
            " GROUP BY urgency"
        )
        return dict(self.connection.execute(query, {**bound, "as_of": as_of}).fetchall())

    def voided(self, limit: int) -> list[ChangeRow]:
        """Return changes that wait again because an approval became void, the most urgent first."""
        query = (
            f"SELECT {_COLUMNS} FROM change INDEXED BY ix_change_voided"  # noqa: S608
            f" WHERE {VOIDED} ORDER BY place LIMIT ?"
        )
        return [ChangeRow(*row) for row in self.connection.execute(query, (limit,))]

    def saved_views(self) -> list[tuple[str, str, str]]:
        """Return the views that were kept, by name: name, base view, filter."""
        found = self.connection.execute("SELECT name, base, filter FROM saved_view ORDER BY name")
        return [(str(name), str(base), str(filter_)) for name, base, filter_ in found]

    def save_view(self, name: str, base: str, filter_: str) -> None:
        """Keep a view under a name; an empty filter forgets it."""
        self.connection.execute("DELETE FROM saved_view WHERE name = ?", (name,))
        if filter_:
            self.connection.execute(
                "INSERT INTO saved_view (name, base, filter) VALUES (?, ?, ?)",
                (name, base, filter_),
            )

    def changes_named(self, keys: Iterable[tuple[str, int]]) -> list[ChangeRow]:
        """Return those changes that are in the store, in no order."""
        asked = list(keys)
        marks = ", ".join(["(?, ?)"] * len(asked))
        query = f"SELECT {_COLUMNS} FROM change WHERE (proposal, idx) IN (VALUES {marks})"  # noqa: S608
        given = [part for key in asked for part in key]
        return [ChangeRow(*row) for row in self.connection.execute(query, given)] if asked else []


def _page_sql(view: View, where: str, from_place: str, order: str) -> str:
    """Return the query: the inner part walks the index, the outer one looks at what it met.

    `+` keeps the planner from choosing another index than that of the order.
    """
    state, index = _STATES[view.all_open]
    return (
        f"SELECT {_COLUMNS}, place, ({where}) FROM (SELECT {_COLUMNS}, place FROM change"  # noqa: S608
        f" INDEXED BY {index} WHERE {state} AND +state_seq < :as_of AND {from_place}"
        f" ORDER BY place {order} LIMIT :limit OFFSET :skip) AS change"
    )


def _page(found: list[tuple[object, ...]], limit: int) -> Page:
    matching = [row for row in found if row[-1]]
    rows: list[ChangeRow] = [ChangeRow(*row[:-2]) for row in matching]  # type: ignore[arg-type]
    reached = Spot(str(found[-1][-2])) if len(found) == limit else None
    return Page(rows, [Spot(str(row[-2])) for row in matching], reached)
