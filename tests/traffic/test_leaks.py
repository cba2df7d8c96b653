"""A store that is busy at the wrong moment costs a request, and no place, slot or connection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from core.traffic.limits import Limits
from core.traffic.quota import Call, Quota
from sync.fhir.pools import Pools
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
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Body())


def gate() -> Gate:
    return Gate("ecw", Limits(), Senses(now, clock, lambda: 0.5))


def test_an_answer_that_cannot_be_counted_gives_place_and_connection_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def busy(_self: Quota, _call: Call, _now: datetime) -> None:
        raise Busy

    monkeypatch.setattr(Quota, "ended", busy)

    async def scene() -> None:
        pools = Pools(lambda _: Wire(), 2)
        asked = gate()
        with pytest.raises(Busy):
            await Metered(pools, asked).handle_async_request(REQUEST)
        assert asked.flights.under_way == 0
        assert [pool.busy for pool in pools._pools] == [0]

    run(scene())


def test_a_slot_is_free_again_where_the_next_could_not_be_let_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scene() -> None:
        asked = gate()

        def busy(*_: object, **__: object) -> float:
            raise Busy

        pump = Gate._pump

        def once(self: Gate) -> None:
            monkeypatch.setattr(Gate, "_pump", pump)
            busy()

        monkeypatch.setattr(Gate, "_pump", once)
        with pytest.raises(Busy):
            async with asked.slot():
                pass
        assert asked.in_use == 0

    run(scene())
