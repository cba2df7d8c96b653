"""What people made of the agents' proposals: approved, edited, rejected, and by what it differs.

Counted is each change that a person decided in the time asked about, by its last decision that
still counts. A group can overlap another (a change touches several elements), so groups are not
added up. Source: article §3 (rejections are signals), §9 (override rate, weekly review).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from core.canonical import JsonObject
from core.metrics.interval import wilson

Dimension = Literal["agent", "model", "prompt", "rule", "reason", "element", "type", "route"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)


@dataclass(frozen=True, slots=True)
class Judged:
    """One change and the last decision on it that counts."""

    agent: str
    model: str
    prompt: str
    type: str
    rules: str
    """JSON: [rule id, …]."""
    route: str
    """JSON: the route's members, or null."""
    paths: str
    """JSON: [[element path, effect], …]."""
    outcome: str
    """`approve` or `reject`."""
    reason: str | None
    edited: bool


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of how many, with the 95% interval of the rate behind it."""

    hits: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        """Return the bounds, 0 to 1."""
        return wilson(self.hits, self.of)

    def as_json(self) -> JsonObject:
        """Return `{count, of, rate, low, high}`; rates as decimal texts of three places."""
        low, high = self.interval
        rate = self.hits / self.of if self.of else None
        return {
            "count": self.hits,
            "of": self.of,
            "rate": None if rate is None else f"{rate:.3f}",
            "low": f"{low:.3f}",
            "high": f"{high:.3f}",
        }


@dataclass(frozen=True, slots=True)
class Learnt:
    """What people made of one group of changes."""

    name: str
    decided: int
    approved: Rate
    edited: Rate
    """Of all that were decided: approved or rejected after a person corrected them."""
    rejected: Rate


def learn(judged: Iterable[Judged], by: Dimension) -> list[Learnt]:
    """Return the groups, the one with most rejections first; for `reason` only rejections count."""
    groups: dict[str, list[Judged]] = {}
    every = list(judged)
    for one in every:
        for name in sorted(set(_names(one, by))):
            groups.setdefault(name, []).append(one)
    whole = len(every) if by == "reason" else None
    found = [_learnt(name, members, whole) for name, members in groups.items()]
    return sorted(found, key=lambda one: (-one.rejected.hits, -one.decided, one.name))


def _learnt(name: str, members: list[Judged], whole: int | None) -> Learnt:
    of = len(members) if whole is None else whole
    return Learnt(
        name,
        len(members),
        Rate(sum(one.outcome == "approve" for one in members), of),
        Rate(sum(one.edited for one in members), of),
        Rate(sum(one.outcome == "reject" for one in members), of),
    )


def _names(one: Judged, by: Dimension) -> Iterator[str]:
    if by == "reason":
        if one.reason is not None and one.outcome == "reject":
            yield one.reason
    elif by == "rule":
        yield from [str(rule) for rule in json.loads(one.rules)] or ["no rule"]
    elif by == "route":
        route = json.loads(one.route)
        yield "no route" if route is None else str(route["id"])
    elif by == "element":
        yield from (".".join(str(path).split(".")[:2]) for path, _ in json.loads(one.paths))
    else:
        yield {"agent": one.agent, "model": one.model, "prompt": one.prompt, "type": one.type}[by]
