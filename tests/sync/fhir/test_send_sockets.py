"""Sending a write over real sockets: where exactly `not sent` ends and `unknown` begins."""

from __future__ import annotations

import asyncio
import logging

import pytest

import sync.fhir.sending as sending_module
from core.errors import Unreachable
from core.ports import NotSent, OutcomeUnknown, Request, Response
from sync.fhir import Bounds, FhirClient, NoAuth, Redirected
from tests.sync.fhir.servers import Loopback, Script, loopback, reset, unused_port

BODY = b'{"resourceType":"Patient","id":"p1","name":[{"family":"DoeCanary"}]}'
UPDATE = Request("PUT", "Patient", "p1", {"If-Match": 'W/"3"'}, BODY)
OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nETag: W/"4"\r\n'
READ = BODY
Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


class Refusal(Exception):
    """What a guard raises."""


async def whole(state: Loopback, reader: Reader, writer: Writer) -> None:
    await state.request(reader)
    writer.write(OK + b"Content-Length: %d\r\n\r\n" % len(READ) + READ)
    await writer.drain()


async def keeping(state: Loopback, reader: Reader, writer: Writer) -> None:
    """Answer request after request on one connection."""
    while True:
        await whole(state, reader, writer)


async def closes_at_once(state: Loopback, reader: Reader, writer: Writer) -> None:
    return


async def resets_after_the_request(state: Loopback, reader: Reader, writer: Writer) -> None:
    await state.request(reader)
    reset(writer)


async def closes_after_the_request(state: Loopback, reader: Reader, writer: Writer) -> None:
    await state.request(reader)


async def never_answers(state: Loopback, reader: Reader, writer: Writer) -> None:
    await state.request(reader)
    await state.released.wait()


async def talks_nonsense(state: Loopback, reader: Reader, writer: Writer) -> None:
    await state.request(reader)
    writer.write(b"ICY 200 OK\r\n\r\n")
    await writer.drain()


async def talks_first(state: Loopback, reader: Reader, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 400 This port speaks no TLS\r\n\r\n")
    await writer.drain()
    state.received += await reader.read(65_536)


async def contradicts_its_length(state: Loopback, reader: Reader, writer: Writer) -> None:
    await state.request(reader)
    writer.write(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}")
    await writer.drain()


async def stops_in_the_headers(state: Loopback, reader: Reader, writer: Writer) -> None:
    await state.request(reader)
    writer.write(OK)
    await writer.drain()


async def closes_in_the_body(state: Loopback, reader: Reader, writer: Writer) -> None:
    await state.request(reader)
    writer.write(OK + b"Content-Length: 1000\r\n\r\n" + READ)
    await writer.drain()


async def resets_in_the_body(state: Loopback, reader: Reader, writer: Writer) -> None:
    await closes_in_the_body(state, reader, writer)
    reset(writer)


async def falls_silent_in_the_body(state: Loopback, reader: Reader, writer: Writer) -> None:
    await closes_in_the_body(state, reader, writer)
    await state.released.wait()


async def answers_without_end(state: Loopback, reader: Reader, writer: Writer) -> None:
    await state.request(reader)
    writer.write(OK + b"\r\n")
    while True:
        writer.write(b" " * 65_536)
        await writer.drain()


def _client(base: str, **bounds: float) -> FhirClient:
    limits = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0, "deadline": 5.0, **bounds}
    return FhirClient("north-ehr", base, NoAuth(), NoAuth(), bounds=Bounds(**limits))  # type: ignore[arg-type]


async def _send(base: str, ran: list[int] | None = None, **bounds: float) -> Response:
    async with _client(base, **bounds) as ehr:
        grant = await ehr.grant("system/Patient.u")
        return await ehr.send(UPDATE, grant, lambda: (ran if ran is not None else []).append(1))


async def test_a_write_arrives_whole_and_once() -> None:
    ran: list[int] = []
    async with loopback(whole) as server:
        response = await _send(server.base, ran)
    assert response.status == 200
    assert (response.version, response.location) == ("4", "Patient/p1")
    assert server.received.count(b"PUT /fhir/Patient/p1 HTTP/1.1\r\n") == 1
    assert server.received.endswith(b"\r\n\r\n" + BODY)
    assert b'If-Match: W/"3"\r\n' in server.received
    assert (ran, server.accepted) == ([1], 1)


async def test_the_callback_runs_when_connected_and_before_any_byte() -> None:
    seen: list[int] = []
    async with loopback(keeping) as server, _client(server.base) as ehr:
        grant = await ehr.grant("system/Patient.u")
        await ehr.send(UPDATE, grant, lambda: seen.append(len(server.received)))
        first = len(server.received)
        await ehr.send(UPDATE, grant, lambda: seen.append(len(server.received)))
        assert server.accepted == 1
        assert len(server.received) > first
    assert seen == [0, first]


async def test_nothing_reaches_the_server_when_the_callback_raises() -> None:
    refusal = Refusal("frozen")

    def stop() -> None:
        raise refusal

    async with loopback(whole) as server:
        async with _client(server.base) as ehr:
            with pytest.raises(Refusal) as caught:
                await ehr.send(UPDATE, await ehr.grant("system/Patient.u"), stop)
        assert caught.value is refusal
    assert server.accepted == 1
    assert server.received == b""


async def test_control_without_the_trace_the_bytes_do_leave(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop() -> None:
        raise Refusal

    monkeypatch.setattr(sending_module, "STANDS", "receive_response_headers.started")
    async with loopback(whole) as server, _client(server.base) as ehr:
        with pytest.raises(RuntimeError, match="does not report"):
            await ehr.send(UPDATE, await ehr.grant("system/Patient.u"), stop)
    assert server.received != b""


async def test_no_connection_is_not_sent() -> None:
    ran: list[int] = []
    with pytest.raises(NotSent, match="ConnectError"):
        await _send(f"http://127.0.0.1:{unused_port()}/fhir", ran)
    assert ran == []


async def test_a_server_that_speaks_no_tls_is_not_sent() -> None:
    ran: list[int] = []
    async with loopback(talks_first) as server:
        with pytest.raises(NotSent):
            await _send(server.base.replace("http:", "https:"), ran)
    assert ran == []
    assert b"PUT" not in server.received


async def test_waiting_for_a_connection_is_not_sent() -> None:
    ran: list[int] = []
    first = asyncio.Event()
    one = {"connections": 1, "pool": 0.05}
    async with loopback(never_answers) as server, _client(server.base, **one) as ehr:
        grant = await ehr.grant("system/Patient.u")
        busy = asyncio.create_task(ehr.send(UPDATE, grant, first.set))
        await first.wait()
        with pytest.raises(NotSent, match="PoolTimeout"):
            await ehr.send(UPDATE, grant, lambda: ran.append(1))
        busy.cancel()
        with pytest.raises(asyncio.CancelledError):
            await busy
    assert ran == []


UNKNOWN = [
    closes_at_once,
    resets_after_the_request,
    closes_after_the_request,
    never_answers,
    talks_nonsense,
    contradicts_its_length,
    stops_in_the_headers,
]


@pytest.mark.parametrize("script", UNKNOWN)
async def test_after_the_first_byte_the_outcome_is_unknown_and_nothing_is_resent(
    script: Script,
) -> None:
    ran: list[int] = []
    async with loopback(script) as server:
        with pytest.raises(OutcomeUnknown) as caught:
            await _send(server.base, ran, read=0.1)
    assert ran == [1]
    assert server.accepted == 1
    assert server.received.count(b"PUT ") <= 1
    for hidden in ("DoeCanary", "p1", "127.0.0.1"):
        assert hidden not in str(caught.value) + repr(caught.value)


async def test_the_deadline_of_the_whole_is_unknown_too() -> None:
    async with loopback(never_answers) as server:
        with pytest.raises(OutcomeUnknown, match="TimeoutError"):
            await _send(server.base, deadline=0.6)
    assert server.received.count(b"PUT ") == 1


@pytest.mark.parametrize(
    ("script", "bounds"),
    [
        (closes_in_the_body, {}),
        (resets_in_the_body, {}),
        (falls_silent_in_the_body, {"read": 0.4}),
        (falls_silent_in_the_body, {"deadline": 0.6}),
        (answers_without_end, {"max_bytes": 100_000}),
    ],
)
async def test_a_status_that_arrived_is_an_answer_whatever_its_body(
    script: Script, bounds: dict[str, float]
) -> None:
    async with loopback(script) as server:
        response = await _send(server.base, **bounds)
    assert response == Response(200, "4", None, None, ())
    assert server.accepted == 1


@pytest.mark.parametrize(
    ("script", "bounds"),
    [
        (closes_at_once, {}),
        (resets_after_the_request, {}),
        (never_answers, {"read": 0.1}),
        (never_answers, {"deadline": 0.1}),
        (closes_in_the_body, {}),
        (falls_silent_in_the_body, {"read": 0.4}),
        (answers_without_end, {"max_bytes": 100_000}),
    ],
)
async def test_a_read_that_fails_anywhere_is_unreachable(
    script: Script, bounds: dict[str, float]
) -> None:
    async with loopback(script) as server, _client(server.base, **bounds) as ehr:
        with pytest.raises(Unreachable):
            await ehr.read("Patient/p1")


async def test_a_redirect_is_reported_and_not_followed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with loopback(whole) as other:

        async def redirects(state: Loopback, reader: Reader, writer: Writer) -> None:
            await state.request(reader)
            target = f"{other.base}/Patient/DoeCanary".encode()
            writer.write(b"HTTP/1.1 307 X\r\nLocation: " + target + b"\r\n")
            writer.write(b"Connection: close\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()

        async with loopback(redirects) as server:
            response = await _send(server.base)
            async with _client(server.base) as ehr:
                with pytest.raises(Redirected) as caught:
                    await ehr.read("Patient/p1")
    assert (response.status, response.location) == (307, None)
    assert other.accepted == 0
    assert "DoeCanary" not in str(caught.value)
    assert not [r for r in caplog.records if r.name.startswith("http")]
