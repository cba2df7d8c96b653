"""Letting the network go first: what an answer sets going begins one piece at a time.

An event loop runs all that is ready before it looks at its connections again. Where many answers
are worked on at once (guards, comparisons, commits of some milliseconds each), others lie there
unread, and what waits for their places at the EHR is not sent. Source: docs/adr/0041.
"""

from __future__ import annotations

import asyncio
from collections import deque

ROUNDS = 1
"""Rounds of the loop between two pieces of work, for what came in and what goes out then."""


class Quiet:
    """Lets those who wait go on in their order, each in a round of the loop without the others.

    It is no lock: whoever goes on may wait for anything, and the next one goes on all the same.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._due_in: asyncio.AbstractEventLoop | None = None

    async def wait(self) -> None:
        """Return when it is one's turn, in a later round of the loop."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        if self._due_in is not loop:
            # A loop that ended took the round that was due there, and who waited for it, with it.
            self._waiting.clear()
            self._due_in = loop
            loop.call_soon(self._round, ROUNDS)
        self._waiting.append(turn)
        await turn

    def _round(self, left: int) -> None:
        loop = asyncio.get_running_loop()
        if left:
            loop.call_soon(self._round, left - 1)
            return
        while self._waiting:
            turn = self._waiting.popleft()
            # Whoever gave up waiting leaves a turn that is done.
            if not turn.done():
                turn.set_result(None)
                loop.call_soon(self._round, ROUNDS)
                return
        self._due_in = None
