"""Turns at the connections of one server, and the end of a response's body.

The HTTP library lets more requests begin than there are connections, and does not say of one that
gave up waiting that no byte of it has left; so requests wait here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from sync.wire import httpx


class Ending(httpx.AsyncByteStream):
    """A response's body that tells once when it was closed."""

    def __init__(self, inner: httpx.AsyncByteStream, ended: Callable[[], None]) -> None:
        self._inner = inner
        self._ended: Callable[[], None] | None = ended

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            yield chunk

    async def aclose(self) -> None:
        """Close the body; the second time nothing is told."""
        try:
            await self._inner.aclose()
        finally:
            ended, self._ended = self._ended, None
            if ended is not None:
                ended()


def tell_end(response: httpx.Response, ended: Callable[[], None]) -> httpx.Response:
    """Return the response of a transport, such that `ended` is called when its body is closed."""
    if response.is_closed:
        ended()
        return response
    if not isinstance(response.stream, httpx.AsyncByteStream):
        raise TypeError("an asynchronous transport answers with an asynchronous body")
    response.stream = Ending(response.stream, ended)
    return response


class Turns:
    """So many requests at a time, the others in their order as long as their `pool` timeout says.

    `free` is how many more may begin at once.
    """

    def __init__(self, connections: int) -> None:
        self.free = connections
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self, request: httpx.Request) -> None:
        """Wait until the request may begin; PoolTimeout means that no byte of it has left."""
        if self.free and not self._waiting:
            self.free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(request.extensions.get("timeout", {}).get("pool")):
                await turn
        except BaseException as error:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif turn.done() and not turn.cancelled():
                self.give()
            if isinstance(error, TimeoutError):
                raise httpx.PoolTimeout("no connection is free", request=request) from None
            raise

    def give(self) -> None:
        """Hand the turn of a request that ended to who waits longest, or keep it."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1
