"""A store that is busy at the wrong moment costs a request, and no place, slot or connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from core.traffic.limits import Limits
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
