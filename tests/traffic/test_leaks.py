"""A store that is busy at the wrong moment costs a request, and no place, slot or connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from core.traffic.limits import Limits
from core.traffic.pace import Pace
from core.traffic.quota import Call, Quota
from sync.fhir.turns import Turns, tell_end
from sync.traffic import Gate, Metered, Senses
from sync.wire import httpx
from tests.traffic.loop import clock, now, run

REQUEST = httpx.Request("GET", "http://127.0.0.1/fhir/Patient/p1")


class Busy(Exception):
    """What the store raises while another process holds it."""


class Body(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"{}"


class Wire(httpx.AsyncBaseTransport):
    """Two connections, as the network has them."""

    def __init__(self) -> None:
        self.turns = Turns(2)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self.turns.take(request)
        return tell_end(httpx.Response(200, stream=Body()), self.turns.give)


def gate() -> Gate:
    return Gate("ecw", Limits(), Senses(now, clock, lambda: 0.5))


def test_an_answer_that_cannot_be_counted_gives_place_and_connection_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def busy(_self: Quota, _call: Call, _now: datetime) -> None:
        raise Busy

    monkeypatch.setattr(Quota, "ended", busy)

    async def scene() -> None:
        wire = Wire()
        asked = gate()
        with pytest.raises(Busy):
            await Metered(wire, asked).handle_async_request(REQUEST)
        assert asked.flights.under_way == 0
        assert wire.turns.free == 2

    run(scene())


class Slow(Wire):
    """Answers when it is told to, shortly enough to have left the server with its head."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        response.headers["content-length"] = "2"
        await self.answers.wait()
        return response


def test_who_leaves_while_the_next_request_is_let_go_leaves_nothing_taken() -> None:
    async def scene() -> None:
        asked, wire = Gate("ecw", Limits(), Senses(now, clock, lambda: 0.5), pace=Pace(1)), Slow()
        meter = Metered(wire, asked)
        first, second = (asyncio.create_task(meter.handle_async_request(REQUEST)) for _ in range(2))
        await asyncio.sleep(1)
        assert asked.flights.queued
        wire.answers.set()
        await asyncio.sleep(0)
        assert not asked.flights.queued and not first.done()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        await (await second).aclose()
        assert (wire.turns.free, asked.flights.under_way) == (2, 0)

    run(scene())


def test_the_next_request_leaves_before_the_answer_is_worked_on() -> None:
    order: list[str] = []

    class Told(Slow):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            order.append(f"asked {request.url.path[-1]}")
            return await super().handle_async_request(request)

    async def scene() -> None:
        wire = Told()
        meter = Metered(wire, Gate("ecw", Limits(), Senses(now, clock, lambda: 0.5), pace=Pace(1)))

        async def work(number: int) -> None:
            request = httpx.Request("GET", f"http://127.0.0.1/fhir/Patient/p{number}")
            response = await meter.handle_async_request(request)
            order.append(f"worked {number}")
            await response.aclose()

        working = [asyncio.create_task(work(number)) for number in range(3)]
        await asyncio.sleep(1)
        wire.answers.set()
        await asyncio.gather(*working)

    run(scene())
    for number in range(2):
        assert order.index(f"asked {number + 1}") < order.index(f"worked {number}")


@pytest.mark.parametrize("by_timer", [False, True])
def test_what_fails_while_turns_are_given_is_told_to_all_that_wait(
    monkeypatch: pytest.MonkeyPatch, by_timer: bool
) -> None:
    async def scene() -> None:
        asked = gate()
        if by_timer:
            asked.pace.pause(now(), 2.0)
        else:
            monkeypatch.setattr(Gate, "_may", lambda gate, _: not gate.in_use)

        async def work() -> None:
            async with asked.slot():
                await asyncio.sleep(1)

        working = [asyncio.create_task(work()) for _ in range(3)]
        await asyncio.sleep(0.5)

        def busy(*_: object, **__: object) -> float:
            raise Busy

        with monkeypatch.context() as broken:
            broken.setattr(Quota, "wait", busy)
            ended = await asyncio.gather(*working, return_exceptions=True)
        failed = [item for item in ended if isinstance(item, Busy)]
        assert len(failed) == (3 if by_timer else 2)
        assert asked.in_use == 0 and not asked.queued
        async with asked.slot():
            assert asked.in_use == 1, "the route goes on"

    run(scene())
