"""The breaker: opened by failures, tried by one read and never by a write, kept in the ledger."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from core.errors import Unreachable
from core.ports import NotSent, OutcomeUnknown, Request
from core.traffic.limits import Limits
from core.traffic.work import Busy, Kind, Work
from sync.fhir import FhirClient, NoAuth
from sync.traffic import Gate, Limited, Metered, Senses
from sync.traffic.doorkeeper import Doorkeeper, NoLog
from sync.traffic.stored import LedgerLog
from sync.wire import httpx
from tests.builders import Bench
from tests.traffic.loop import clock, now, run
from tests.traffic.server import Free, Server

WRITE = Work(Kind.WRITE, "route", "scribe-1", probe="Patient/p1")


def gate(log: object = None) -> Gate:
    senses = Senses(now, clock, random.Random(1).random)
    return Gate("north-ehr", Limits(), senses, log=log or NoLog())  # type: ignore[arg-type]


def limited(server: Server, gate: Gate) -> Limited:
    wire = Metered(server, gate)
    return Limited(
        FhirClient("north-ehr", "http://127.0.0.1:8/fhir", NoAuth(), NoAuth(), transport=wire), gate
    )


async def write(ehr: Limited, work: Work = WRITE) -> int:
    async with ehr.slot(work):
        grant = await ehr.grant("system/Patient.u")
        request = Request("PUT", "Patient", "p1", {"If-Match": 'W/"1"'}, b"{}")
        return (await ehr.send(request, grant, lambda: None)).status


async def break_it(server: Server, ehr: Limited) -> None:
    server.down = True
    for _ in range(5):
        with pytest.raises((OutcomeUnknown, NotSent, Unreachable)):
            await write(ehr)


def test_a_dead_server_is_left_alone_and_tried_by_a_read() -> None:
    server = Server(Free())

    async def main() -> None:
        ehr = limited(server, gate())
        await break_it(server, ehr)
        asked = len(server.methods)
        with pytest.raises(Busy):
            await write(ehr)
        with pytest.raises(Busy):
            await ehr.read("Patient/p1")
        assert len(server.methods) == asked, "nothing leaves while it is open"
        await asyncio.sleep(10)
        with pytest.raises(Unreachable):
            await write(ehr)
        assert server.methods[asked:] == ["GET"], "one read, and no write behind it"
        server.down = False
        await asyncio.sleep(10)
        assert await write(ehr) == 200
        assert server.methods[asked + 1 :] == ["GET", "PUT"]
        assert await write(ehr) == 200

    run(main())


def test_a_breaker_that_never_opens_sends_writes_at_a_dead_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Doorkeeper, "state", lambda _: "closed")
    server = Server(Free())

    async def main() -> None:
        ehr = limited(server, gate())
        await break_it(server, ehr)
        asked = len(server.methods)
        with pytest.raises(OutcomeUnknown):
            await write(ehr)
        assert server.methods[asked:] == ["PUT"]

    run(main())


def test_of_many_only_one_tries() -> None:
    server = Server(Free())

    async def main() -> None:
        ehr = limited(server, gate())
        await break_it(server, ehr)
        await asyncio.sleep(10)
        server.down, asked = False, len(server.methods)
        found = await asyncio.gather(*(write(ehr) for _ in range(20)), return_exceptions=True)
        assert sum(item == 200 for item in found) == 1
        assert sum(isinstance(item, Busy) for item in found) == 19
        assert server.methods[asked:] == ["GET", "PUT"]

    run(main())


def test_of_reads_without_a_slot_only_one_tries() -> None:
    server = Server(Free())

    async def main() -> None:
        asked = gate()
        await break_it(server, limited(server, asked))
        await asyncio.sleep(10)
        server.down, before = False, len(server.methods)
        # Both have to wait for their turn: neither has left when the second one comes.
        asked.pace.pause(now(), 1.0)
        wire = Metered(server, asked)
        read = httpx.Request("GET", "http://127.0.0.1:8/fhir/Patient/p1")
        found = await asyncio.gather(
            *(wire.handle_async_request(read) for _ in range(2)), return_exceptions=True
        )
        assert [type(item) for item in found] == [httpx.Response, Busy]
        assert server.methods[before:] == ["GET"]
        assert not asked.door.trying

    run(main())


def test_without_a_read_to_try_with_a_write_waits() -> None:
    server = Server(Free())

    async def main() -> None:
        ehr = limited(server, gate())
        await break_it(server, ehr)
        await asyncio.sleep(10)
        asked = len(server.methods)
        with pytest.raises(Busy):
            await write(ehr, Work(Kind.WRITE))
        assert len(server.methods) == asked

    run(main())


def test_a_rejected_token_opens_it_when_it_is_no_accident() -> None:
    server = Server(Free())

    async def main() -> None:
        ehr = limited(server, gate())
        server.statuses.extend([401] * 3)
        for _ in range(3):
            assert await write(ehr) == 401
        with pytest.raises(Busy):
            await write(ehr)

    run(main())


def test_it_stands_in_the_ledger_for_the_next_process_and_for_people(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    server = Server(Free())

    async def main() -> None:
        ehr = limited(server, gate(LedgerLog(bench.ledger, "sandbox")))
        await break_it(server, ehr)
        other = limited(server, gate(LedgerLog(bench.ledger, "sandbox")))
        with pytest.raises(Busy):
            await other.read("Patient/p1")
        row = bench.ledger.breaker("sandbox")
        assert row is not None and (row.cause, row.attempt, row.closed_at) == (
            "unanswered",
            1,
            None,
        )
        await asyncio.sleep(10)
        with pytest.raises(Unreachable):
            await other.read("Patient/p1")
        row = bench.ledger.breaker("sandbox")
        assert row is not None and row.attempt == 2
        server.down = False
        await asyncio.sleep(10)
        assert await other.read("Patient/p1") is not None
        row = bench.ledger.breaker("sandbox")
        assert row is not None and row.closed_at is not None
        assert await write(ehr) == 200

    run(main())


def test_reads_are_tried_again_and_writes_never() -> None:
    server = Server(Free())

    async def main() -> None:
        ehr = limited(server, gate())
        server.statuses.extend(["lost", 500])
        assert await ehr.read("Patient/p1") is not None
        assert server.methods == ["GET", "GET", "GET"]
        server.statuses.append("lost")
        with pytest.raises(OutcomeUnknown):
            await write(ehr)
        assert server.methods[3:] == ["PUT"]
        server.statuses.append("lost")
        with pytest.raises(Unreachable):
            async with ehr.slot(WRITE):
                await ehr.read("Patient/p1")
        assert server.methods[4:] == ["GET"], "what is read for a write is not repeated inside it"

    run(main())


def test_a_write_ends_at_a_very_low_rate_too() -> None:
    server = Server(Free())

    async def main() -> None:
        slow = gate()
        slow.pace.ceiling, slow.pace.window = 0.2, 1.0
        ehr = limited(server, slow)
        async with ehr.slot(WRITE):
            await ehr.read("Patient/p1")
            await ehr.read("Patient/p2")
        assert now() > 5

    run(main())


def test_a_pause_that_the_server_asks_for_ends_the_work_at_once() -> None:
    server = Server(Free())

    async def main() -> None:
        ehr = limited(server, paused := gate())
        paused.pace.pause(now(), 30)
        with pytest.raises(Busy) as caught:
            await write(ehr)
        assert 29 < caught.value.retry_after_s <= 30 and not server.methods
        paused.pace.pause(now(), 34)
        await asyncio.sleep(32)
        assert await write(ehr) == 200 and now() >= 34

    run(main())
