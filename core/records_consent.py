"""The rows about holds for consent, kept as those in `core.records`. Source: design §7."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A change that waits until the patient's Consents can be read; the newest attempt."""

    proposal: str
    idx: int
    since: str
    attempts: int
    due: str
    """When they are read again."""
    deadline: str
    """When the change goes to a person who sees why it cannot be approved yet."""
    ended: str | None = None
    """When it ended; None while it lasts."""
