"""Each connection in a pool of its own: how many, which, and what a failure leaves behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from sync.fhir.pools import Pools
from sync.wire import httpx


class Body(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"{}"


class Pool(httpx.AsyncBaseTransport):
    def __init__(self, connections: int) -> None:
        self.connections = connections
        self.asked = 0
        self.closed = False
        self.fails = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.fails:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200, stream=Body())

    async def aclose(self) -> None:
        self.closed = True


REQUEST = httpx.Request("GET", "http://127.0.0.1/fhir/metadata")


def pools(connections: int, size: int = 1) -> tuple[Pools, list[Pool]]:
    made: list[Pool] = []

    def make(count: int) -> Pool:
        made.append(Pool(count))
        return made[-1]

    return Pools(make, connections, size), made


async def test_requests_one_after_another_use_one_connection() -> None:
    transport, made = pools(8)
    for _ in range(5):
        response = await transport.handle_async_request(REQUEST)
        assert await response.aread() == b"{}"
        await response.aclose()
    assert [pool.asked for pool in made] == [5]


async def test_as_many_connections_as_are_allowed_and_no_more() -> None:
    transport, made = pools(6, size=4)
    open_ = [await transport.handle_async_request(REQUEST) for _ in range(6)]
    assert [(pool.connections, pool.asked) for pool in made] == [(4, 4), (2, 2)]
    for response in open_:
        await response.aclose()
    await transport.handle_async_request(REQUEST)
    assert made[0].asked == 5


async def test_who_waits_takes_whichever_connection_is_free_first() -> None:
    transport, made = pools(2)
    kept, brief = [await transport.handle_async_request(REQUEST) for _ in range(2)]
    waiting = [asyncio.create_task(transport.handle_async_request(REQUEST)) for _ in range(2)]
    await asyncio.sleep(0)
    await brief.aclose()
    first = await waiting[0]
    assert [pool.asked for pool in made] == [1, 2] and not waiting[1].done()
    await first.aclose()
    await (await waiting[1]).aclose()
    await kept.aclose()
    assert [pool.asked for pool in made] == [1, 3]
    assert [pool.busy for pool in transport._pools] == [0, 0]


async def test_nobody_overtakes_who_waits() -> None:
    transport, _ = pools(1)
    held = await transport.handle_async_request(REQUEST)
    order: list[int] = []

    async def ask(number: int) -> None:
        response = await transport.handle_async_request(REQUEST)
        order.append(number)
        await response.aclose()

    asking = [asyncio.create_task(ask(number)) for number in range(4)]
    await asyncio.sleep(0)
    await held.aclose()
    await asyncio.gather(*asking, ask(4))
    assert order == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("given", [False, True])
async def test_who_gives_up_waiting_leaves_the_connection_to_the_next(given: bool) -> None:
    transport, _ = pools(1)
    held = await transport.handle_async_request(REQUEST)
    gone, next_ = (asyncio.create_task(transport.handle_async_request(REQUEST)) for _ in range(2))
    await asyncio.sleep(0)
    if given:
        await held.aclose()
    gone.cancel()
    if not given:
        await asyncio.sleep(0)
        await held.aclose()
    with pytest.raises(asyncio.CancelledError):
        await gone
    await (await next_).aclose()
    assert transport._pools[0].busy == 0


async def test_waiting_ends_before_a_byte_has_left() -> None:
    transport, made = pools(1)
    held = await transport.handle_async_request(REQUEST)
    impatient = httpx.Request("PUT", REQUEST.url, extensions={"timeout": {"pool": 0.0}})
    with pytest.raises(httpx.PoolTimeout):
        await transport.handle_async_request(impatient)
    assert made[0].asked == 1
    await held.aclose()
    assert transport._pools[0].busy == 0


async def test_a_failed_request_leaves_its_place_free() -> None:
    transport, made = pools(1)
    first = await transport.handle_async_request(REQUEST)
    await first.aclose()
    made[0].fails = True
    with pytest.raises(httpx.ConnectError):
        await transport.handle_async_request(REQUEST)
    assert transport._pools[0].busy == 0


async def test_a_body_closed_twice_is_counted_once() -> None:
    transport, _ = pools(1)
    response = await transport.handle_async_request(REQUEST)
    await response.stream.aclose()  # type: ignore[union-attr]
    await response.aclose()
    assert transport._pools[0].busy == 0


async def test_all_are_closed() -> None:
    transport, made = pools(2)
    for _ in range(2):
        await transport.handle_async_request(REQUEST)
    await transport.aclose()
    assert [pool.closed for pool in made] == [True, True]
