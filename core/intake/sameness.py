"""Whether an agent asks again for what a person rejected, on the same grounds or on others.

Two keyed digests a change, so that nothing can be guessed from them: `asked` is what would stand in
the chart, `grounds` is that with the values it replaces and the quotes it rests on. Both are equal
only for the same request. Source: design §8 (rejections are kept), hub-protocol §9 (no unsalted
content hash in a leaf).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.canonical import JsonObject, c14n
from core.delta import Difference
from core.lifecycle import State
from core.policy import Reason
from core.ports import Reads
from core.records import ChangeRow

ALREADY_REJECTED = Reason(
    "already-rejected",
    "A person rejected exactly this on the same evidence; propose it again only with other content "
    "or newly quoted evidence.",
)


@dataclass(frozen=True, slots=True)
class Sameness:
    """The two digests of one change; 64 hex characters each."""

    asked: str
    grounds: str


def sameness(
    pepper: bytes,
    where: tuple[str, str, str],
    target: str | None,
    delta: Sequence[Difference],
    evidence: Sequence[JsonObject],
) -> Sameness:
    """Return the digests of what is asked; `where` is EHR, patient and resource type."""
    asked: JsonObject = {
        "where": list(where),
        "target": target,
        "delta": [[item.path, item.effect, item.after] for item in delta],
    }
    quotes = [[item["source"], item.get("version"), item["quote"]] for item in evidence]
    grounds: JsonObject = {
        **asked,
        "before": [item.before for item in delta],
        "quotes": sorted(quotes, key=c14n),
    }
    return Sameness(_keyed(pepper, asked), _keyed(pepper, grounds))


def was_rejected(reads: Reads, same: Sameness) -> bool:
    """Tell whether a person rejected exactly this before, on the same grounds."""
    return any(
        earlier.state == State.REJECTED and earlier.grounds == same.grounds
        for earlier in reads.asked_before(same.asked)
    )


def rejections(reads: Reads, change: ChangeRow) -> Iterator[JsonObject]:
    """Yield `{at, reason}` of each earlier rejection of what this change asks for, newest first."""
    if change.asked is None:
        return
    for earlier in reads.asked_before(change.asked):
        if earlier.state != State.REJECTED or earlier.body_seq >= change.body_seq:
            continue
        votes = reads.decisions(earlier.proposal, earlier.idx)
        for vote in votes:
            if vote.outcome == "reject" and vote.void is None:
                yield {"at": vote.at, "reason": vote.reason}


def _keyed(pepper: bytes, value: JsonObject) -> str:
    return hmac.new(pepper, b"asked\x00" + c14n(value), "sha256").hexdigest()
