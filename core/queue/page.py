"""What is asked of the queue and what comes back: pages in a stable order, never the whole.

The order is urgency, then expiry, then age. A page is read as of one event of the ledger: what came
to wait after it is counted as newer and does not push other rows about. Source: design §8, §14.9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.queue.filter import Filter
from core.records import ChangeRow

PAGE = 200
"""How many rows a page has."""


@dataclass(frozen=True, slots=True)
class View:
    """Which changes a queue shows.

    `roles` leaves those whose route asks for one of them; `voter` leaves out what that person has
    decided already, and what is assigned to somebody else.
    """

    all_open: bool = False
    roles: frozenset[str] | None = None
    voter: str | None = None
    filter: Filter = field(default_factory=Filter)

    @property
    def plain(self) -> bool:
        """Whether every change of the state counts, so that counting them needs no look at each."""
        return self.roles is None and self.voter is None and not self.filter.terms


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the order; `key` is a text that sorts as the queue does."""

    key: str


@dataclass(frozen=True, slots=True)
class Page:
    """Consecutive rows of the queue, and where each stands.

    `reached` is the place that was looked at last, also when nothing there matched; None where the
    end was reached.
    """

    rows: Sequence[ChangeRow]
    spots: Sequence[Spot]
    reached: Spot | None
