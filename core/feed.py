"""The agents' feed: what became of changes since a cursor, newest state of each, with static codes.

Whoever reads keeps the newest `cursor`; reading again from there misses nothing and repeats nothing
that did not move. Source: design §1, §13 (`queue --since CURSOR`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Protocol

from core.canonical import JsonObject
from core.disposition import disposition, is_final
from core.errors import BadInput, Conflict
from core.lifecycle import State
from core.ports import Reads
from core.review.feedback import override_reason


class FeedReads(Reads, Protocol):
    """What is read for it."""

    @property
    def size(self) -> int:
        """The number of events."""

    def moved_since(self, seq: int) -> Iterable[tuple[str, int, int]]:
        """Yield (proposal, index, event) of each change that moved from event `seq` on."""


def read_cursor(text: str, size: int) -> int:
    """Return the number of the first event to look at.

    Raises BadInput for what is no cursor, Conflict for one that this ledger has not reached: a
    restored backup, or another workspace.
    """
    if not re.fullmatch(r"[0-9]{1,15}", text, re.ASCII):
        raise BadInput(
            "is no cursor", field="--since", remedy="Use 0, or the cursor that the feed gave last"
        )
    if int(text) > size:
        raise Conflict(
            f"the ledger ends before it: {size} events",
            field="--since",
            remedy="Check the workspace; after a restored backup begin again with 0",
        )
    return int(text)


def feed(reads: FeedReads, since: int, agent: str | None = None) -> Iterator[JsonObject]:
    """Yield one object a change that moved since, in the order in which they moved last.

    `{cursor, id, correlation_id, agent, final, index, revision, state, operation, reasons, hash}`,
    `edited` where a person edited it, and `override_reasons` (Codings, CDS Hooks) where one was
    rejected.
    """
    for id_, index, seq in list(reads.moved_since(since)):
        proposal, change = reads.proposal(id_), reads.change(id_, index)
        if proposal is None or change is None or agent not in (None, proposal.agent):
            continue
        told = disposition(reads, change)
        yield {
            "cursor": str(seq + 1),
            "id": id_,
            "correlation_id": proposal.correlation,
            "agent": proposal.agent,
            "final": is_final(change.state),
            **told,
            **_overridden(told),
            "hash": change.change_digest,
        }


def _overridden(told: JsonObject) -> JsonObject:
    if told["state"] != State.REJECTED:
        return {}
    return {"override_reasons": [override_reason(code) for code in told["reasons"]]}
