"""What writes taught of each EHR: which labels of ours survive, and which predictions come true.

Counted is the first reconciliation of each write, per EHR and type. Source: design §10.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.canonical import JsonObject, exact
from core.records_learnt import Told


class EhrReads(Protocol):
    """What is read for it; each by EHR (None: all), type (None: all) and first event."""

    def label_fates(
        self, ehr: str | None = None, type_: str | None = None, since: int = 0
    ) -> Sequence[Told]:
        """Return how often each label was kept and dropped."""

    def fact_outcomes(
        self, ehr: str | None = None, type_: str | None = None, since: int = 0
    ) -> Sequence[Told]:
        """Return how often each predicted fact happened as expected, otherwise or not."""

    def unexpected(
        self, ehr: str | None = None, type_: str | None = None, since: int = 0
    ) -> Sequence[Told]:
        """Return how often an element differed in a way that nothing foretold, by class."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One label, fact or element on one EHR in one type, and how often it ended how."""

    ehr: str
    type: str
    name: str
    outcomes: tuple[tuple[str, int], ...]

    def times(self, outcome: str) -> int:
        """Return how often it ended so."""
        return dict(self.outcomes).get(outcome, 0)

    @property
    def of(self) -> int:
        """How often it was looked at."""
        return sum(count for _, count in self.outcomes)

    def as_json(self) -> JsonObject:
        """Return `{ehr, type, name, of, outcomes {outcome: count}}`."""
        return {
            "ehr": self.ehr,
            "type": self.type,
            "name": self.name,
            "of": exact(self.of),
            "outcomes": {outcome: exact(count) for outcome, count in self.outcomes},
        }


def counted(told: Iterable[Told]) -> list[Counted]:
    """Return the counts in the order of EHR, type and name."""
    groups: dict[tuple[str, str, str], list[tuple[str, int]]] = {}
    for one in told:
        groups.setdefault((one.ehr, one.type, one.what), []).append((one.outcome, one.count))
    return [Counted(*key, tuple(sorted(found))) for key, found in sorted(groups.items())]


def taught(reads: EhrReads, ehr: str) -> JsonObject:
    """Return all that was learnt of one EHR: `{labels[], predictions[], unexpected[]}`."""
    found = {
        "labels": reads.label_fates(ehr),
        "predictions": reads.fact_outcomes(ehr),
        "unexpected": reads.unexpected(ehr),
    }
    return {name: [one.as_json() for one in counted(told)] for name, told in found.items()}
