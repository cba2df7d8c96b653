"""The writes that a freeze came too late for: each is awaited and told with its true outcome.

They are listed in the transaction that puts the freeze in force, so that what is not in the list
never left, and nothing leaves after it. Source: design §12, hub-protocol §6 step 8.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from core.canonical import JsonObject, exact
from core.lifecycle import State
from core.ports import Reads
from core.records import FreezeRow, WriteRow

IN_FLIGHT = (State.SENDING, State.AMBIGUOUS, State.HELD_BY_EHR)
Outcome = Literal["awaited", "in-chart", "not-in-chart", "to-look-at"]
_OUTCOMES: Mapping[str, Outcome] = {
    **dict.fromkeys(IN_FLIGHT, "awaited"),
    State.PERSISTED: "in-chart",
    State.VERIFIED: "in-chart",
    State.REFUSED: "not-in-chart",
    State.READY: "not-in-chart",
}


@dataclass(frozen=True, slots=True)
class Awaited:
    """One write that had left, or may have, when the freeze came into force.

    `outcome`: still `awaited`; `in-chart`; `not-in-chart`; `to-look-at` where a person must find
    out.
    """

    proposal: str
    index: int
    operation: str
    outcome: Outcome

    def as_json(self) -> JsonObject:
        """Return what `incident list` prints of it."""
        return {
            "proposal": self.proposal,
            "index": exact(self.index),
            "operation": self.operation,
            "outcome": self.outcome,
        }


def awaited(reads: Reads, freeze: FreezeRow) -> tuple[Awaited, ...]:
    """Return every write that was in flight at a freeze, with what became of it by now.

    Freezes of older ledgers list none.
    """
    listed = [] if freeze.awaited is None else json.loads(freeze.awaited)
    return tuple(
        Awaited(
            str(item["proposal"]),
            int(item["index"]),
            str(item["operation"]),
            _outcome(reads.write(str(item["operation"]))),
        )
        for item in listed
    )


def _outcome(written: WriteRow | None) -> Outcome:
    return "to-look-at" if written is None else _OUTCOMES.get(written.state, "to-look-at")
