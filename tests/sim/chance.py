"""Everything that is left to chance in a run, from one seed; faults can be muted to shrink a run.

Each actor has a stream of its own, so that muting a fault of one does not throw another's dice. A
fault is labelled `kind` and `stream:kind#n`; either mutes it.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Dice:
    """What the streams of one run share."""

    seed: int
    muted: frozenset[str] = frozenset()
    fired: list[str] = field(default_factory=list)
    """The labels of the faults that happened, in order."""
    healed: bool = False
    """After it no fault happens any more."""


class Chance:
    """One actor's stream."""

    def __init__(self, dice: Dice, name: str):
        self.dice = dice
        self.name = name
        self.rng = random.Random(f"{dice.seed}/{name}")
        self._thrown: Counter[str] = Counter()

    def happens(self, kind: str, probability: float) -> bool:
        """Tell whether a fault of that kind happens now."""
        self._thrown[kind] += 1
        if self.rng.random() >= probability or self.dice.healed:
            return False
        label = f"{self.name}:{kind}#{self._thrown[kind]}"
        if kind in self.dice.muted or label in self.dice.muted:
            return False
        self.dice.fired.append(label)
        return True

    def between(self, low: float, high: float) -> float:
        return self.rng.uniform(low, high)
