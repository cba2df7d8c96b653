"""Many connections to one server, each in a pool of its own.

The HTTP library looks at every connection of a pool each time a request begins and each time one
ends; with 32 in one pool that took most of the time of a write (measured).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from sync.wire import httpx

SIZE = 1
"""How many connections a pool holds."""


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


@dataclass(eq=False)
class _Pool:
    transport: httpx.AsyncBaseTransport
    size: int
    busy: int = 0


class Pools(httpx.AsyncBaseTransport):
    """A transport over as many pools as `connections` need, each made when it is first wanted.

    `make` returns the transport of one pool with so many connections. A request goes to the first
    pool that has a connection to spare, so that few in flight use few connections again and again.
    Where none has, requests wait in their order for whichever connection is free first, as long as
    their `pool` timeout says; then they raise PoolTimeout, of which no byte has left.
    """

    def __init__(
        self, make: Callable[[int], httpx.AsyncBaseTransport], connections: int, size: int = SIZE
    ) -> None:
        self._make = make
        self._size = size
        self._left = connections
        self._pools: list[_Pool] = []
        self._waiting: deque[asyncio.Future[_Pool]] = deque()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it through one of the pools."""
        pool = await self._take(request)

        def ended() -> None:
            self._give(pool)

        try:
            response = await pool.transport.handle_async_request(request)
        except BaseException:
            ended()
            raise
        return tell_end(response, ended)

    async def aclose(self) -> None:
        """Close every pool."""
        for pool in self._pools:
            await pool.transport.aclose()

    async def _take(self, request: httpx.Request) -> _Pool:
        """Return a pool with a connection to spare, which is now the caller's."""
        pool = self._pick()
        if pool is not None:
            pool.busy += 1
            return pool
        turn: asyncio.Future[_Pool] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(request.extensions.get("timeout", {}).get("pool")):
                return await turn
        except BaseException as error:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif turn.done() and not turn.cancelled():
                self._give(turn.result())
            if isinstance(error, TimeoutError):
                raise httpx.PoolTimeout("no connection is free", request=request) from None
            raise

    def _give(self, pool: _Pool) -> None:
        """Hand a connection that is free to who waits longest, or keep it."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(pool)
                return
        pool.busy -= 1

    def _pick(self) -> _Pool | None:
        if self._waiting:
            return None
        for pool in self._pools:
            if pool.busy < pool.size:
                return pool
        size = min(self._size, self._left)
        if not size:
            return None
        self._left -= size
        self._pools.append(_Pool(self._make(size), size))
        return self._pools[-1]
