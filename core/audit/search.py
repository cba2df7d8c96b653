"""Finding events: newest first, in steps that each look at a bounded part of the ledger.

What can be looked up by an index is; everything else walks back through the ledger, so that a
caller may show what was found so far, say how far it is, and stop between two steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.audit.wanted import Wanted

STEP = 4_000
"""How many events one step looks at."""


@dataclass(frozen=True, slots=True)
class Found:
    """The events of one step, newest first; everything from `reached` on was looked at."""

    seqs: Sequence[int]
    reached: int


class Searches(Protocol):
    """The reads of a search; each is bounded."""

    def find_events(self, wanted: Wanted, tags: Sequence[str] | None, low: int, high: int) -> Found:
        """Return what matches in `low ≤ seq < high`, as far as one step goes, from the top."""

    def patient_tags(self, name: str, after: str) -> tuple[Sequence[str], str | None]:
        """Return the tags of patients shown so, and where to read on; None at the end."""

    def first_since(self, at: str) -> int:
        """Return a seq before which no event happened at or after an instant."""


def search(reads: Searches, wanted: Wanted, high: int, low: int = 0) -> Iterator[Found]:
    """Yield what matches in `low ≤ seq < high`, newest first, one step at a time."""
    tags: list[str] | None = None
    for name in [term.value for term in wanted.terms if term.field == "patient"]:
        found: list[str] = []
        after: str | None = ""
        while after is not None:
            more, after = reads.patient_tags(name, after)
            found += more
            yield Found((), high)
        tags = found if tags is None else [tag for tag in tags if tag in set(found)]
    since = wanted.first("since")
    low = low if since is None else max(low, reads.first_since(since))
    while high > low:
        step = reads.find_events(wanted, tags, low, high)
        high = step.reached
        yield step
    yield Found((), low)
