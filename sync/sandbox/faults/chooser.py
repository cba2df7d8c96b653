"""Which fault a request meets: a pure function of the plan and of what was asked before.

The n-th request of a method and type meets the same fate in every run with the same seed, whatever
comes in between, so that a run can be repeated though its requests interleave otherwise.
"""

from __future__ import annotations

import hashlib
from collections import Counter

from sync.sandbox.faults.plan import Asked, Fault, Plan


class Chooser:
    """Counts the requests and picks the fault of each."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._seen: Counter[Asked] = Counter()
        self._fitting: Counter[int] = Counter()

    def next(self, asked: Asked) -> Fault | None:
        """Return the fault of the next request of this kind, or None."""
        self._seen[asked] += 1
        scripted: Fault | None = None
        for index, rule in enumerate(self._plan.rules):
            if rule.nth and rule.fits(asked):
                self._fitting[index] += 1
                if self._fitting[index] in rule.nth and scripted is None:
                    scripted = rule.fault
        return scripted or drawn(self._plan, asked, self._seen[asked])


def drawn(plan: Plan, asked: Asked, number: int) -> Fault | None:
    """Return the fault that the plan's shares bring upon the `number`-th request of a kind."""
    left = uniform(plan.seed, asked, number)
    for rule in plan.rules:
        if rule.share is not None and rule.fits(asked):
            if left < rule.share:
                return rule.fault
            left -= rule.share
    return None


def uniform(seed: int, asked: Asked, number: int) -> float:
    """Return a number from 0 (included) to 1 (not) that these alone decide."""
    text = f"{seed}|{asked.method}|{asked.type}|{number}"
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:6]) / 2**48
