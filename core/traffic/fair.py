"""A queue that many share: each waits its turn by weight, and none waits for ever.

Stride scheduling: every flow carries a pass that grows by 1/weight each time it is served, and the
smallest pass is next. A flow that was idle starts from the present, so it saves nothing up.
Source: C. Waldspurger, "Stride Scheduling", MIT/LCS/TM-528 (1995).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from core.traffic.work import WEIGHT, Kind, Work

Item = TypeVar("Item")


@dataclass(slots=True)
class _Flow(Generic[Item]):
    """One agent's items in order, or nothing."""

    passed: float
    items: deque[Item] = field(default_factory=deque)


@dataclass(slots=True)
class _Group(Generic[Item]):
    """One kind of work of one route, with a flow for each agent."""

    kind: Kind
    passed: float
    now: float = 0.0
    flows: dict[str, _Flow[Item]] = field(default_factory=dict)


class FairQueue(Generic[Item]):
    """Items of work; `pop` takes them in turn by kind and route, then by agent, then by age."""

    def __init__(self) -> None:
        self._groups: dict[tuple[Kind, str], _Group[Item]] = {}
        self._now = 0.0
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, work: Work, item: Item) -> None:
        """Let an item wait."""
        key = (work.kind, work.route)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(work.kind, self._now)
        flow = group.flows.get(work.agent)
        if flow is None:
            flow = group.flows[work.agent] = _Flow(group.now)
        flow.items.append(item)
        self._size += 1

    def pop(self, may: Callable[[Kind], bool] = lambda _kind: True) -> Item | None:
        """Return the next item of the kinds that `may` go; None when none does."""
        open_to = [group for group in self._groups.values() if may(group.kind)]
        if not open_to:
            return None
        group = min(open_to, key=lambda one: (one.passed, -WEIGHT[one.kind]))
        agent, flow = min(group.flows.items(), key=lambda one: one[1].passed)
        item = flow.items.popleft()
        self._size -= 1
        self._now, group.now = max(self._now, group.passed), flow.passed
        group.passed += 1 / WEIGHT[group.kind]
        flow.passed += 1
        if not flow.items:
            del group.flows[agent]
        if not group.flows:
            self._groups = {key: one for key, one in self._groups.items() if one is not group}
        return item

    def remove(self, work: Work, item: Item) -> None:
        """Take out an item that gave up waiting; nothing where it is gone already."""
        group = self._groups.get((work.kind, work.route))
        flow = None if group is None else group.flows.get(work.agent)
        if group is None or flow is None or item not in flow.items:
            return
        flow.items.remove(item)
        self._size -= 1
        if not flow.items:
            del group.flows[work.agent]
        if not group.flows:
            del self._groups[(work.kind, work.route)]
