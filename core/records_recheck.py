"""The rows of the reconciliation loop: what is looked at again, and what is to be put right.

Source: design §10 (thinning schedule, next steps), §12 (corrections are proposals).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecheckRow:
    """When one write is looked at again, and against which record."""

    operation: str
    proposal: str
    idx: int
    ehr: str
    since: str
    """When it was verified, or accepted as it is: the schedule counts from here."""
    step: int
    """How many entries of the schedule are behind it."""
    due: str | None
    """When it is looked at next; None once the schedule has ended."""
    tries: int
    """How often in a row it could not be examined."""
    unread_since: str | None
    """Since when it could not be examined."""
    baseline: int | None
    """The event whose body holds the resource as it was verified; None while it is not."""
    asked: int
    """1 where a person asked for a look, whatever state the change is in."""


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """A correction that a person asked for; the gateway proposes it like any other change."""

    id: int
    """The event that asked for it."""
    proposal: str
    """What is to be put right."""
    idx: int
    operation: str
    by: str
    at: str
    proposed: str | None = None
    """The proposal that puts it right."""
    failed: str | None = None
    """Why none could be made, as a static code."""
