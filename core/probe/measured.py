"""What an EHR was measured to do, as the ledger tells it; nothing is guessed from silence.

A rung that failed is refused at intake and again before the first byte. One that was never measured
is taken at the server's word (its CapabilityStatement). Source: design §9 (write ladder).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from core.canonical import JsonObject, exact, parse_object
from core.ports import Reads

KIND = "probe."
"""Before an EHR's name it is the kind of document that holds what was measured of it."""
TRANSACTION = "transaction"
RUNGS = ("if-match", "if-none-match", "if-none-exist", TRANSACTION)
"""PUT If-Match; create by PUT If-None-Match: *; POST If-None-Exist: the rungs that fence. And
whether a Bundle of two writes is stored whole or not at all, under the condition of the first."""

Result = Literal["safe", "unsafe", "unclear", "not-offered"]
"""`unclear`: no wrong effect was seen, but not every answer could be read."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One rung: the server claims it or not, and what its races showed."""

    rung: str
    claimed: bool
    result: Result
    rounds: int
    """How many races it ran."""
    why: str | None = None
    """A static code for the first thing that went wrong."""

    def as_json(self) -> JsonObject:
        """Return the form in which the leaf and `doctor --json` tell it."""
        return {
            "rung": self.rung,
            "claimed": self.claimed,
            "result": self.result,
            "rounds": exact(self.rounds),
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Probed:
    """What is on record of one EHR: when it was probed, and each rung's result."""

    at: str
    seq: int
    rungs: Mapping[str, Measured]


def measured(reads: Reads, ehr: str) -> Probed | None:
    """Return the newest probe of an EHR; None where it was never probed."""
    row = reads.config(KIND + ehr)
    if row is None:
        return None
    return Probed(row.at, row.seq, {one.rung: one for one in _rungs(row.document)})


def refused(reads: Reads, ehr: str) -> frozenset[str]:
    """Return the rungs that may not be used on an EHR, because they failed there."""
    found = measured(reads, ehr)
    rungs = () if found is None else found.rungs.values()
    return frozenset(one.rung for one in rungs if one.result == "unsafe")


def proven(reads: Reads, ehr: str, rung: str) -> bool:
    """Tell whether a rung stood every race, so that repeating a request on it is safe."""
    found = measured(reads, ehr)
    return found is not None and rung in found.rungs and found.rungs[rung].result == "safe"


def _rungs(document: str) -> Iterator[Measured]:
    for item in parse_object(document.encode("utf-8"))["rungs"]:
        yield Measured(
            rung=str(item["rung"]),
            claimed=item["claimed"] is True,
            result=item["result"],
            rounds=int(item["rounds"].text),
            why=item.get("why"),
        )
