"""What a slot at an EHR is taken for, and what that weighs. Source: design §9 (traffic)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.errors import Unreachable


class Kind(StrEnum):
    """What kind of work wants a slot, the most pressing first."""

    STAT = "stat"
    WRITE = "write"
    CHECK = "check"
    """Reading back what was written: until it is done nobody knows what the chart holds."""
    READ = "read"


WEIGHT = {Kind.STAT: 64.0, Kind.WRITE: 8.0, Kind.CHECK: 8.0, Kind.READ: 2.0}
"""How many slots each kind is given for one of weight 1 while all of them wait."""
_FOR_STAT = 0.2
"""The part of the reserve that only stat writes may use."""


@dataclass(frozen=True, slots=True)
class Work:
    """Who wants a slot; slots are shared out between routes, and within a route between agents."""

    kind: Kind
    route: str = ""
    agent: str = ""
    probe: str | None = None
    """`Type/id` that this work reads anyway: what tells whether a broken EHR answers again."""


READING = Work(Kind.READ)


class Busy(Unreachable):
    """The EHR may not be asked now; `retry_after_s` says when it may, as far as is known."""

    code = "busy"

    def __init__(self, problem: str, retry_after_s: float = 1.0):
        self.retry_after_s = retry_after_s
        super().__init__(problem, remedy=f"It is tried again in {retry_after_s:.0f} s or later")


def share(kind: Kind, reserve: float) -> float:
    """Return the part of all that a kind of work may fill; `reserve` is what reads leave free."""
    if kind == Kind.STAT:
        return 1.0
    return 1.0 - reserve * (1.0 if kind == Kind.READ else _FOR_STAT)
