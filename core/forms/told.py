"""Which form made what a reviewer looks at, as the ledger has it."""

from __future__ import annotations

from collections.abc import Sequence

from core.ledger.event import Entry


def form_of(entries: Sequence[Entry], index: int) -> str | None:
    """Return the form, with its version, that made a change; None once a person edited it.

    `entries` are those of its proposal, in order.
    """
    found: str | None = None
    for entry in entries:
        place = entry.leaf.get("index")
        if place is None or int(place.text) != index:
            continue
        if entry.leaf["type"] == "change.proposed":
            named = entry.leaf["data"].get("form")
            found = named if isinstance(named, str) else None
        elif entry.leaf["type"] == "change.edited":
            found = None
    return found
