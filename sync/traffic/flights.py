"""How many requests are on their way to one EHR at once, in one event loop.

More work may be begun than there are places in flight: while one write checks its guards, another
waits for its answer. Source: design §9 (AIMD concurrency).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

SHORT_S = 0.25
"""What takes longer leaves so much time between that nothing is won by beginning more."""
GAIN = 0.125


def begun_ahead(places: int) -> int:
    """Return how many pieces of work keep `places` requests in flight all the time."""
    return places + max(1, places // 2)


class Flights:
    """Lets requests through, first come first served, while fewer than `places` are in flight.

    `round_s` is how long each of them waits for its turn where the EHR takes only so many a second.
    """

    def __init__(
        self, places: Callable[[], int], round_s: Callable[[], float] = lambda: 0.0
    ) -> None:
        self._places = places
        self._round_s = round_s
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.under_way = 0
        self._takes_s: float | None = None

    @property
    def work(self) -> int:
        """How many pieces of work may be begun: more than places only while answers come soon.

        Work that has begun waits shortly for its places then, and what it read stays fresh. At a
        low rate it would wait too long for a place, and end without having sent anything.
        """
        places = self._places()
        soon = self._takes_s is not None and max(self._takes_s, self._round_s()) <= SHORT_S
        return begun_ahead(places) if soon else places

    @property
    def queued(self) -> bool:
        """Whether a request waits for its place."""
        return bool(self._waiting)

    async def begin(self, longest: float) -> bool:
        """Take a place, waiting `longest` seconds at most; False when none came free."""
        if not self._waiting and self.under_way < self._places():
            self.under_way += 1
            return True
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(longest):
                await turn
        except TimeoutError:
            return self._leave(turn)
        except asyncio.CancelledError:
            if self._leave(turn):
                self.end()
            raise
        return True

    def end(self, took_s: float | None = None) -> None:
        """Give the place back, once for each place taken; the answer came after `took_s`."""
        self.under_way -= 1
        if took_s is not None:
            before = took_s if self._takes_s is None else self._takes_s
            self._takes_s = before + GAIN * (took_s - before)
        self.pump()

    def pump(self) -> None:
        """Let the next ones through; to be called also when there are more places."""
        while self._waiting and self.under_way < self._places():
            turn = self._waiting.popleft()
            if not turn.done():
                self.under_way += 1
                turn.set_result(None)

    def _leave(self, turn: asyncio.Future[None]) -> bool:
        """Wait no longer; True when the place had been given meanwhile."""
        if turn in self._waiting:
            self._waiting.remove(turn)
        return turn.done() and not turn.cancelled()
