"""Processes that can be killed or suspended at any await and after any commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from core.ledger.event import Entry
from tests.sim.chance import Chance
from tests.sim.ledger import Hooks


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the process runs after it."""


@dataclass
class Points:
    """The crash points of a run in the order they are passed: awaits on a port, and commits."""

    kill_at: int | None = None
    passed: int = 0
    places: list[str] = field(default_factory=list)


class Life(Hooks):
    """One process from its start to its death."""

    def __init__(
        self,
        name: str,
        chance: Chance,
        points: Points,
        crash_rate: float,
        on_append: Callable[[Life, Entry], None],
        on_commit: Callable[[], None] = lambda: None,
        between: Callable[[], None] = lambda: None,
    ):
        self.name = name
        self.chance = chance
        self.dead = False
        self.suspended_until = 0.0
        self._points = points
        self._rate = crash_rate
        self._on_append = on_append
        self._on_commit = on_commit
        self._between = between

    def kill(self) -> None:
        self.dead = True

    def alive(self) -> None:
        if self.dead:
            raise Killed

    def passes(self, place: str) -> None:
        """Pass a crash point, or die at it."""
        self.alive()
        if self.name.startswith("gateway"):
            self._points.passed += 1
            self._points.places.append(place)
            if self._points.passed == self._points.kill_at:
                self.kill()
        if self.chance.happens("crash", self._rate):
            self.kill()
        self.alive()

    def begun(self) -> None:
        self._between()

    def appended(self, entry: Entry) -> None:
        self._on_append(self, entry)

    def committed(self) -> None:
        self._on_commit()
        self.passes("commit")
