"""Every attempt to write one change, from the ledger's events. Source: design §9."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.trail import Line, trail
from core.ledger.event import Entry

_OF_A_WRITE = ("write.", "provenance.", "reconciliation.", "exception.")
_BESIDE = frozenset({"decision.voided", "change.readmitted"})


def attempts(entries: Sequence[Entry], index: int) -> list[Line]:
    """Return one line for everything that happened to the writing of a change, oldest first."""
    return [
        line
        for line in trail(entries)
        if line.index == index and (line.type.startswith(_OF_A_WRITE) or line.type in _BESIDE)
    ]
