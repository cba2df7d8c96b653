"""Many connections to one server, each in a pool of its own.

The HTTP library looks at every connection of a pool each time a request begins and each time one
ends; with 32 in one pool that took most of the time of a write (measured).
"""

from __future__ import annotations

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
    """

    def __init__(
        self, make: Callable[[int], httpx.AsyncBaseTransport], connections: int, size: int = SIZE
    ) -> None:
        self._make = make
        self._size = size
        self._left = connections
        self._pools: list[_Pool] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it through one of the pools."""
        pool = self._pick()
        pool.busy += 1

        def ended() -> None:
            pool.busy -= 1

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

    def _pick(self) -> _Pool:
        for pool in self._pools:
            if pool.busy < pool.size:
                return pool
        size = min(self._size, self._left)
        if size:
            self._left -= size
            self._pools.append(_Pool(self._make(size), size))
            return self._pools[-1]
        return min(self._pools, key=lambda pool: pool.busy - pool.size)
