"""The rows of what leaves the ordinary road: incidents, entries by hand, broken glass.

Source: design §8 (break-glass), §9 (manual entry), §12.
"""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One incident, open or closed; what was said about it stands in the bodies of its events."""

    id: str
    seq: int
    at: str
    category: str
    """One of `core.incident.incidents.CATEGORIES`."""
    severity: str
    source: str
    """Who or what found it, as a static code: `person`, `needed-by`, `break-glass`."""
    by: str
    proposal: str | None
    idx: int | None
    patient_tag: str | None
    closed_at: str | None = None
    closed_by: str | None = None


@dataclass(frozen=True, slots=True)
class ManualRow:
    """An operation that a person carried out by hand at the EHR; the gateway never sends it."""

    operation: str
    proposal: str
    idx: int
    revision: int
    seq: int
    at: str
    reviewer: str
    role: str
    digest: str
    """Statement digest of the signed `manual`."""
    checked_seq: int | None = None
    found: str | None = None
    """What reading the chart found: `matched`, or why not, as a static code."""
    shown_seq: int | None = None
    """The newest look whose result people are to see; None while there is none."""


@dataclass(frozen=True, slots=True)
class GlassRow:
    """Who broke the glass for one change, and what that was to bypass."""

    id: str
    decision: str
    """The approval that it covers; it counts only while that one does."""
    proposal: str
    idx: int
    revision: int
    seq: int
    at: str
    reviewer: str
    role: str
    bypasses: str
    """JSON: some of `consent`, `quorum`, `role`."""
    purpose: str
    """v3 ActReason: `ETREAT` or `BTG`."""
    statement: str
    digest: str

    @property
    def bypassed(self) -> list[str]:
        """What was bypassed."""
        return [str(item) for item in json.loads(self.bypasses)]
