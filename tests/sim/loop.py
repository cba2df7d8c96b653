"""An event loop in which time is a number: nothing waits, and one seed orders everything."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from typing import Any


class StandStill(RuntimeError):
    """Everything waits and nothing is due: a real program would hang here."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Jumps to the next timer instead of waiting; what is due at once runs in the seed's order."""

    def __init__(self, seed: int, *, shuffle: bool = True):
        super().__init__()
        self.now = 0.0
        self._order = random.Random(f"{seed}/loop") if shuffle else None
        self._selector = self  # BaseEventLoop asks its selector how long to wait

    def time(self) -> float:
        return self.now

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise StandStill
        self.now += max(timeout, 0)
        return []

    def _process_events(self, _events: list[Any]) -> None:
        ready = self._ready  # type: ignore[attr-defined]
        if self._order is not None and len(ready) > 1:
            handles = list(ready)
            self._order.shuffle(handles)
            ready.clear()
            ready.extend(handles)

    def _write_to_self(self) -> None:
        """Nothing sleeps, so nothing has to be woken."""


def run(loop: VirtualLoop, main: Coroutine[Any, Any, Any]) -> Any:
    """Run one coroutine to its end on a virtual loop, and end what is left of the others."""
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        asyncio.set_event_loop(None)
        loop.close()
