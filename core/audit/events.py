"""One event as it is stored: what a list and a closer look show of it, whatever was done to it.

An audit must open a ledger that was tampered with, so nothing here trusts the bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.audit.trail import Line, line_of
from core.canonical import JsonObject
from core.errors import CountersignError
from core.ledger.event import Entry, read_body, read_leaf

SHOWN_BYTES = 32 * 1024
"""How much of a body a closer look reads."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One row of a list; `leaf` is None where the ledger has no event of that number."""

    seq: int
    leaf: bytes | None
    label: str | None = None
    """Shown: the patient's name as the EHR had it at intake; None once erased."""


@dataclass(frozen=True, slots=True)
class StoredDetail:
    """One event for a closer look; `body` may be cut to SHOWN_BYTES."""

    seq: int
    leaf: bytes
    hash: bytes
    body: bytes | None
    """None where there was never one, or where it was erased."""
    body_size: int
    statement: str | None
    """The signed statement that stands in the body, where there is one."""
    label: str | None

    @property
    def whole(self) -> bool:
        """Whether nothing of the body is left out."""
        return self.body is None or len(self.body) == self.body_size


def leaf_of(leaf: bytes | None) -> JsonObject | None:
    """Return a stored leaf as JSON, or None where it is no readable event."""
    if leaf is None:
        return None
    try:
        return read_leaf(leaf)
    except CountersignError:
        return None


def body_of(body: bytes | None) -> JsonObject | None:
    """Return a stored body as JSON, or None where there is none or it is unreadable."""
    if body is None:
        return None
    try:
        return read_body(body)
    except CountersignError:
        return None


def line_or_none(event: StoredEvent) -> Line | None:
    """Return the line of an event, or None where it is missing or cannot be read as one."""
    leaf = leaf_of(event.leaf)
    if leaf is None:
        return None
    try:
        line = line_of(Entry(event.seq, leaf, None))
    except (KeyError, TypeError, AttributeError, ValueError):
        return None
    texts = (line.at, line.type, line.proposal or "", line.operation or "", line.ehr or "")
    return line if all(isinstance(text, str) for text in texts) else None
