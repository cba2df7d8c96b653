"""The row about what one write taught of its EHR, kept as those in `core.records`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LearntRow:
    """What the first reconciliation of one operation found of labels and of the prediction."""

    operation: str
    seq: int
    at: str
    ehr: str
    type: str
    labels: str
    """JSON: {label: `kept` or `dropped`}."""
    facts: str
    """JSON: [[fact, class, outcome], …]."""
    unexpected: str
    """JSON: [[element path, class], …]."""


@dataclass(frozen=True, slots=True)
class Told:
    """How often something was found in the writes to one EHR of one type."""

    ehr: str
    type: str
    what: str
    """A label, a fact, or an element path."""
    outcome: str
    count: int
    last: int
    """The newest event that found it."""
