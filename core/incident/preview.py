"""What a freeze would stop, before it is declared, and what goes on when it is lifted.

Source: design §12 (contain first; acknowledged means that no intent commits after it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.incident.awaited import IN_FLIGHT
from core.incident.freeze import matches, target_of
from core.ports import Reads
from core.records import ChangeRow

MOST = 2_000
"""How many open changes are looked at; beyond them the counts say `at least`."""


@dataclass(frozen=True, slots=True)
class Preview:
    """How much a scope matches; `whole` is False where there was more than was looked at."""

    states: Mapping[str, int] = field(default_factory=dict)
    patients: int = 0
    in_flight: tuple[ChangeRow, ...] = ()
    """Writes that have left, or may have: no freeze stops them, they are awaited."""
    whole: bool = True

    @property
    def stopped(self) -> int:
        """How many open changes would not be written."""
        return sum(self.states.values()) - len(self.in_flight)


class PreviewReads(Reads, Protocol):
    """What is read for it."""

    def open_changes(self, limit: int) -> Sequence[ChangeRow]:
        """Return open changes, the most urgent first."""


def preview(reads: PreviewReads, scope: Mapping[str, str], most: int = MOST) -> Preview:
    """Return what a freeze of this scope matches now; an empty scope matches everything."""
    found = reads.open_changes(most + 1)
    states: dict[str, int] = {}
    patients: set[str] = set()
    flying: list[ChangeRow] = []
    for change in found[:most]:
        if not _quickly(scope, change) or not _matches(reads, scope, change):
            continue
        states[change.state] = states.get(change.state, 0) + 1
        patients.add(change.patient_tag)
        if change.state in IN_FLIGHT:
            flying.append(change)
    return Preview(states, len(patients), tuple(flying), len(found) <= most)


def _quickly(scope: Mapping[str, str], change: ChangeRow) -> bool:
    """Tell what the row alone tells, so that few proposals are read."""
    own = {"agent": change.agent, "type": change.type, "op": change.op, "ehr": change.ehr}
    return all(own[key] == wanted for key, wanted in scope.items() if key in own)


def _matches(reads: Reads, scope: Mapping[str, str], change: ChangeRow) -> bool:
    if set(scope) <= {"agent", "type", "op", "ehr"}:
        return True
    proposal = reads.proposal(change.proposal)
    return proposal is None or matches(scope, target_of(proposal, change))
