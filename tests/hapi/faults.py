"""What goes wrong on the wire between a client and a server, drawn from a seed.

The same mix as the sandbox's faults: a request that never arrives, an answer that never comes back,
a request that is delivered twice, an error told after the work was done.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What happens to one exchange."""

    NONE = "none"
    LOST_REQUEST = "lost-request"
    LOST_RESPONSE = "lost-response"
    DUPLICATE = "duplicate"
    LATE_503 = "503-after-commit"


MIX = {
    Fault.LOST_REQUEST: 0.10,
    Fault.LOST_RESPONSE: 0.20,
    Fault.DUPLICATE: 0.05,
    Fault.LATE_503: 0.05,
}
"""The share of writes that each fault strikes."""
READS = {Fault.LOST_REQUEST: 0.01, Fault.LOST_RESPONSE: 0.01}


@dataclass
class Faults:
    """Draws the fault of each exchange in turn; `struck` counts what was drawn."""

    seed: int
    writes: dict[Fault, float] = field(default_factory=lambda: dict(MIX))
    reads: dict[Fault, float] = field(default_factory=lambda: dict(READS))
    struck: Counter[str] = field(default_factory=Counter)
    _rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)

    def draw(self, *, write: bool) -> Fault:
        """Return what happens to the next exchange."""
        point, kind = self._rng.random(), "write" if write else "read"
        for fault, share in (self.writes if write else self.reads).items():
            point -= share
            if point < 0:
                self.struck[f"{kind}:{fault}"] += 1
                return fault
        return Fault.NONE


def none() -> Faults:
    """Return faults that never strike."""
    return Faults(0, {}, {})
