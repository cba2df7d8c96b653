"""How many requests are in flight at once, and how much work may begin ahead of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from core.errors import Conflict
from core.traffic.limits import Limits
from sync.fhir.turns import tell_end
from sync.traffic import Gate, Metered, Senses
from sync.traffic.doorkeeper import NoLog
from sync.traffic.flights import SHORT_S, Flights, begun_ahead
from sync.wire import httpx
from tests.traffic.loop import clock, now, run

REQUEST = httpx.Request("GET", "http://127.0.0.1/fhir/Patient/p1")


def test_never_more_in_flight_than_places_and_in_order() -> None:
    most, begun = 0, []
    flights = Flights(lambda: 3)

    async def one(number: int) -> None:
        nonlocal most
        assert await flights.begin(100.0)
        most = max(most, flights.under_way)
        begun.append(number)
        await asyncio.sleep(1.0)
        flights.end(1.0)

    async def all_() -> None:
        await asyncio.gather(*(one(number) for number in range(20)))

    run(all_())
    assert (most, flights.under_way, flights.queued) == (3, 0, False)
    assert begun == list(range(20))


def test_who_waits_too_long_is_told_so_and_takes_nothing() -> None:
    flights = Flights(lambda: 1)

    async def both() -> tuple[bool, bool, bool]:
        first = await flights.begin(1.0)
        second = await flights.begin(1.0)
        flights.end()
        return first, second, await flights.begin(1.0)

    assert run(both()) == (True, False, True)
    assert flights.under_way == 1


def test_who_is_cancelled_while_waiting_leaves_the_place_to_the_next() -> None:
    flights = Flights(lambda: 1)

    async def scene() -> bool:
        await flights.begin(1.0)
        waiting = asyncio.create_task(flights.begin(50.0))
        after = asyncio.create_task(flights.begin(50.0))
        await asyncio.sleep(1.0)
        # Given its place and cancelled in the same turn of the loop: the place must not be lost.
        flights.end()
        waiting.cancel()
        return await after

    assert run(scene())
    assert flights.under_way == 1


def test_more_places_let_those_who_wait_through() -> None:
    places = 1
    flights = Flights(lambda: places)

    async def scene() -> bool:
        nonlocal places
        await flights.begin(1.0)
        waiting = asyncio.create_task(flights.begin(50.0))
        await asyncio.sleep(1.0)
        places = 2
        flights.pump()
        return await waiting

    assert run(scene())


def test_work_begins_ahead_only_while_answers_come_soon() -> None:
    flights = Flights(lambda: 8)
    assert flights.work == 8, "nothing is known yet"

    async def ask(seconds: float, times: int) -> None:
        for _ in range(times):
            await flights.begin(1.0)
            flights.end(seconds)

    run(ask(SHORT_S / 10, 5))
    assert flights.work == begun_ahead(8) == 12
    run(ask(2.0, 10))
    assert flights.work == 8


class Told(httpx.AsyncBaseTransport):
    """Answers 503 and counts the bodies that were not closed."""

    def __init__(self) -> None:
        self.open = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.open += 1

        def closed() -> None:
            self.open -= 1

        return tell_end(httpx.Response(503, stream=Empty()), closed)


class Empty(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b""


class Broken(NoLog):
    """A breaker whose state cannot be kept, as when another process holds the store."""

    def opened(self, row: object) -> None:
        raise Conflict("another process holds the store")


def test_an_answer_that_cannot_be_taken_up_gives_its_place_and_connection_back() -> None:
    wire = Told()

    async def scene() -> None:
        gate = Gate("ecw", Limits(), Senses(now, clock, lambda: 0.5), log=Broken())
        metered, failed = Metered(wire, gate), 0
        for _ in range(30):
            try:
                await (await metered.handle_async_request(REQUEST)).aclose()
            except Conflict:
                failed += 1
        assert failed and (gate.flights.under_way, wire.open) == (0, 0)

    run(scene())
