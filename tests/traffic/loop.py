"""An event loop whose time jumps to the next thing that is due: no sleeping, no wall clock."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

Found = TypeVar("Found")
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class _Selector(selectors.SelectSelector):
    """Instead of waiting it moves the loop's time."""

    jumped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("everything waits and nothing is due: a deadlock")
        self.jumped += max(timeout, 0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Starts at second 0."""

    def __init__(self) -> None:
        self._jumps = _Selector()
        super().__init__(self._jumps)

    def time(self) -> float:
        return self._jumps.jumped


def now() -> float:
    """Return the seconds of the loop that runs."""
    return asyncio.get_running_loop().time()


def clock() -> datetime:
    """Return its time as a UTC time."""
    return START + timedelta(seconds=now())


def run(main: Coroutine[Any, Any, Found]) -> Found:
    """Run a coroutine to its end in a virtual loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
