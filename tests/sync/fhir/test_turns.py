"""Turns at a server's connections: how many, in which order, and what a failure leaves behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from sync.fhir.turns import Turns, tell_end
from sync.wire import httpx

REQUEST = httpx.Request("GET", "http://127.0.0.1/fhir/metadata")


class Body(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"{}"


async def test_so_many_at_a_time_and_no_more() -> None:
    turns = Turns(2)
    for _ in range(2):
        await turns.take(REQUEST)
    third = asyncio.create_task(turns.take(REQUEST))
    await asyncio.sleep(0)
    assert turns.free == 0 and not third.done()
    turns.give()
    await third
    assert turns.free == 0


async def test_nobody_overtakes_who_waits() -> None:
    turns = Turns(1)
    await turns.take(REQUEST)
    order: list[int] = []

    async def ask(number: int) -> None:
        await turns.take(REQUEST)
        order.append(number)
        turns.give()

    asking = [asyncio.create_task(ask(number)) for number in range(4)]
    await asyncio.sleep(0)
    turns.give()
    await asyncio.gather(*asking, ask(4))
    assert order == [0, 1, 2, 3, 4]
    assert turns.free == 1


@pytest.mark.parametrize("given", [False, True])
async def test_who_gives_up_waiting_leaves_the_turn_to_the_next(given: bool) -> None:
    turns = Turns(1)
    await turns.take(REQUEST)
    gone, next_ = (asyncio.create_task(turns.take(REQUEST)) for _ in range(2))
    await asyncio.sleep(0)
    if given:
        turns.give()
    gone.cancel()
    if not given:
        await asyncio.sleep(0)
        turns.give()
    with pytest.raises(asyncio.CancelledError):
        await gone
    await next_
    turns.give()
    assert turns.free == 1


async def test_waiting_ends_before_a_byte_has_left() -> None:
    turns = Turns(1)
    await turns.take(REQUEST)
    impatient = httpx.Request("PUT", REQUEST.url, extensions={"timeout": {"pool": 0.0}})
    with pytest.raises(httpx.PoolTimeout):
        await turns.take(impatient)
    turns.give()
    assert turns.free == 1


async def test_a_body_closed_twice_is_told_once() -> None:
    told: list[int] = []
    response = tell_end(httpx.Response(200, stream=Body()), lambda: told.append(1))
    assert await response.aread() == b"{}"
    await response.stream.aclose()  # type: ignore[union-attr]
    await response.aclose()
    assert told == [1]


async def test_an_answer_that_is_whole_already_has_ended() -> None:
    told: list[int] = []
    tell_end(httpx.Response(200, content=b"{}"), lambda: told.append(1))
    assert told == [1]
