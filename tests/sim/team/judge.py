"""What people were told of freezes and leases, and what left nevertheless."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.canonical import JsonObject
from core.hub.lease import Lease
from tests.sim.invariants import Violation
from tests.sim.loop import VirtualLoop


@dataclass
class Judge:
    """What people were told, and what left, by one clock that nobody in the run reads."""

    now: VirtualLoop
    violations: list[Violation] = field(default_factory=list)
    frozen: dict[str, tuple[float, JsonObject]] = field(default_factory=dict)
    """Freeze → from when its maker was told that it is in force, and its scope."""
    epochs: dict[str, int] = field(default_factory=dict)
    """Gateway → the newest epoch that it was told it holds."""
    flying: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Operation → its agent, and since when its bytes are under way."""
    left: int = 0
    stopped: set[str] = field(default_factory=set)
    confirmed: int = 0

    def blame(self, code: str, what: str) -> None:
        self.violations.append(Violation(code, self.now.time(), what))

    def leaves(self, gateway: str, epoch: int, operation: str, agent: str) -> None:
        """Judge the first byte of a write."""
        self.left += 1
        self.flying[operation] = (agent, self.now.time())
        for id_, (at, scope) in self.frozen.items():
            if self.now.time() >= at and scope.get("agent", agent) == agent:
                self.blame("left-after-freeze", f"{operation} of {agent}, freeze {id_} at {at:.1f}")
        newest = max(self.epochs.values(), default=0)
        if epoch < newest:
            self.blame("fenced", f"{gateway} sends under epoch {epoch}, the newest is {newest}")

    def in_force(self, id_: str, scope: JsonObject, at: float) -> None:
        """Take up that somebody was told of a freeze, in force from `at`."""
        known = self.frozen.get(id_)
        self.frozen[id_] = (at if known is None else min(at, known[0]), scope)

    def confirms(self, id_: str, scope: JsonObject, lease: Lease, flown: dict[str, float]) -> None:
        """Judge a confirmation: what matches and left before is in the list, or has ended."""
        self.confirmed += 1
        self.in_force(id_, scope, self.now.time())
        for operation, (agent, _) in self.flying.items():
            matching = scope.get("agent", agent) == agent
            if matching and operation in flown and operation not in lease.in_flight:
                self.blame("unlisted", f"{operation} left before {id_} was confirmed")

    def holds(self, gateway: str, lease: Lease) -> None:
        self.epochs[gateway] = max(self.epochs.get(gateway, 0), lease.epoch)
