"""The network on real sockets: one attempt, only answers that were asked for, nothing to read."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sync.fhir import sockets
from sync.fhir.channel import KEPT_S, Bounds, network
from sync.wire import FIRST_BYTE, httpx
from tests.sync.fhir.servers import Loopback, Script, loopback, reset, unused_port

OTHER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother"
LOOPBACK = ipaddress.ip_address("127.0.0.1")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
WAIT = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0}
Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


@asynccontextmanager
async def wire(connections: int = 1) -> AsyncIterator[httpx.AsyncBaseTransport]:
    transport = network(Bounds(connections=connections))
    try:
        yield transport
    finally:
        await transport.aclose()


async def ask(
    transport: httpx.AsyncBaseTransport,
    server: Loopback,
    method: str = "GET",
    content: bytes | None = None,
    **extensions: Any,
) -> bytes:
    request = httpx.Request(
        method,
        f"{server.base}/Patient/DoeCanary",
        content=content,
        extensions={"timeout": WAIT, **extensions},
    )
    response = await transport.handle_async_request(request)
    try:
        return await response.aread()
    finally:
        await response.aclose()


async def keeping(state: Loopback, reader: Reader, writer: Writer) -> None:
    while True:
        await state.request(reader)
        writer.write(ANSWER)
        await writer.drain()


async def answers_once_then_closes(state: Loopback, reader: Reader, writer: Writer) -> None:
    """Break the kept connection when a second request has come in over it."""
    await state.request(reader)
    writer.write(ANSWER)
    await writer.drain()
    await state.request(reader)


async def answers_once_then_resets(state: Loopback, reader: Reader, writer: Writer) -> None:
    await answers_once_then_closes(state, reader, writer)
    reset(writer)


BREAKING = [answers_once_then_closes, answers_once_then_resets]
AGAIN = ["GET", "PUT", "DELETE", "POST"]


@pytest.mark.parametrize("script", BREAKING)
@pytest.mark.parametrize("method", AGAIN)
async def test_a_kept_connection_that_breaks_is_no_reason_to_send_again(
    script: Script, method: str
) -> None:
    async with loopback(script) as server, wire() as transport:
        assert await ask(transport, server, method) == b"{}"
        with pytest.raises(httpx.TransportError):
            await ask(transport, server, method)
    assert server.received.count(f"{method} ".encode()) == 2
    assert server.accepted == 1


async def test_control_the_library_itself_would_send_a_put_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def again(request: Any, handler: Any) -> Any:
        return await handler(request)

    monkeypatch.setattr(sockets, "_once", again)
    async with loopback(answers_once_then_closes) as server, wire() as transport:
        assert await ask(transport, server, "PUT") == b"{}"
        assert await ask(transport, server, "PUT") == b"{}"
    assert server.received.count(b"PUT ") == 3


class Talkative:
    """Says after its first answer, on the idle connection, what nobody asked."""

    def __init__(self, said: bytes) -> None:
        self.said = said
        self.done = asyncio.Event()

    async def __call__(self, state: Loopback, reader: Reader, writer: Writer) -> None:
        await state.request(reader)
        writer.write(ANSWER)
        await writer.drain()
        if state.accepted == 1:
            await state.released.wait()
            writer.write(self.said)
            await writer.drain()
            self.done.set()
        await state.request(reader)
        writer.write(ANSWER)
        await writer.drain()


async def _second_answer(read_by_us: bool) -> tuple[bytes, int]:
    talkative = Talkative(OTHER)
    async with loopback(talkative) as server, wire() as transport:
        assert await ask(transport, server) == b"{}"
        server.released.set()
        await talkative.done.wait()
        for _ in range(20 if read_by_us else 0):
            await asyncio.sleep(0)
        return await ask(transport, server), server.accepted


@pytest.mark.parametrize("read_by_us", [False, True])
async def test_what_a_server_says_unasked_answers_no_request(read_by_us: bool) -> None:
    assert await _second_answer(read_by_us) == (b"{}", 2)


async def test_control_an_idle_word_would_answer_the_next_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sockets, "is_silent", lambda _: True)
    assert await _second_answer(read_by_us=True) == (b"other", 1)


async def test_requests_one_after_another_use_one_connection() -> None:
    async with loopback(keeping) as server, wire(4) as transport:
        for _ in range(5):
            assert await ask(transport, server) == b"{}"
        assert server.accepted == 1
        await asyncio.gather(*(ask(transport, server) for _ in range(12)))
        assert 1 < server.accepted <= 4


@pytest.mark.parametrize("content", [b"{}", b"{" + b" " * 2_000_000 + b"}"], ids=["small", "large"])
async def test_headers_and_body_leave_as_they_were_given_and_no_other(content: bytes) -> None:
    async def once(state: Loopback, reader: Reader, writer: Writer) -> None:
        await state.request(reader)
        writer.write(ANSWER)
        await writer.drain()

    async with loopback(once) as server, wire() as transport:
        request = httpx.Request("PUT", f"{server.base}/Patient/a%2Cb?x=%7C", content=content,
                                headers={"If-Match": 'W/"3"'})  # fmt: skip
        await (await transport.handle_async_request(request)).aread()
    head, _, body = bytes(server.received).partition(b"\r\n\r\n")
    line, *fields = head.split(b"\r\n")
    assert line == b"PUT /fhir/Patient/a%2Cb?x=%7C HTTP/1.1"
    names = sorted(field.partition(b":")[0] for field in fields)
    assert names == [b"Content-Length", b"Host", b"If-Match"] and body == content


async def test_cookies_and_redirects_lead_nowhere() -> None:
    async def sets(state: Loopback, reader: Reader, writer: Writer) -> None:
        while True:
            await state.request(reader)
            writer.write(b"HTTP/1.1 302 Found\r\nSet-Cookie: s=1; Path=/\r\n"
                         b"Location: /elsewhere\r\nContent-Length: 0\r\n\r\n")  # fmt: skip
            await writer.drain()

    async with loopback(sets) as server, wire() as transport:
        for _ in range(2):
            await ask(transport, server)
    assert b"elsewhere" not in server.received
    assert b"cookie" not in server.received.lower()


async def closes_at_once(state: Loopback, reader: Reader, writer: Writer) -> None:
    return


async def closes_after_the_request(state: Loopback, reader: Reader, writer: Writer) -> None:
    await state.request(reader)


async def resets_after_the_request(state: Loopback, reader: Reader, writer: Writer) -> None:
    await state.request(reader)
    reset(writer)


async def talks_nonsense(state: Loopback, reader: Reader, writer: Writer) -> None:
    await state.request(reader)
    writer.write(b"ICY DoeCanary\r\n\r\n")
    await writer.drain()


async def closes_in_the_body(state: Loopback, reader: Reader, writer: Writer) -> None:
    await state.request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nSet-Cookie: DoeCanary\r\n\r\n")
    await writer.drain()


async def resets_in_the_body(state: Loopback, reader: Reader, writer: Writer) -> None:
    await closes_in_the_body(state, reader, writer)
    reset(writer)


FAILING = [closes_at_once, closes_after_the_request, resets_after_the_request, talks_nonsense,
           closes_in_the_body, resets_in_the_body]  # fmt: skip


@pytest.mark.parametrize("content", [None, b"DoeCanary" * 300_000], ids=["empty", "large"])
@pytest.mark.parametrize("script", FAILING)
async def test_a_failure_says_what_kind_it_is_and_nothing_of_whom(
    script: Script, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with loopback(script) as server, wire() as transport:
        with pytest.raises(httpx.TransportError) as caught:
            await ask(transport, server, "PUT", content)
    gc.collect()
    await asyncio.sleep(0)
    error = caught.value
    assert error.__cause__ is None and error.__context__ is None
    assert "DoeCanary" not in f"{error!r}{error!s}{caplog.text}"
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_where_nobody_listens_is_no_connection() -> None:
    server = Loopback()
    server.port = unused_port()
    stood: list[str] = []

    async def trace(event: str, _info: Any) -> None:
        stood.append(event)

    async with wire() as transport:
        with pytest.raises(httpx.ConnectError):
            await ask(transport, server, trace=trace)
    assert stood == []


async def test_a_trace_that_refuses_leaves_neither_a_byte_nor_a_turn_taken() -> None:
    async def refuse(event: str, _info: Any) -> None:
        assert event == FIRST_BYTE
        raise PermissionError

    async def once(state: Loopback, reader: Reader, writer: Writer) -> None:
        await state.request(reader)
        writer.write(ANSWER)
        await writer.drain()

    async with loopback(once) as server, wire() as transport:
        for _ in range(3):
            with pytest.raises(PermissionError):
                await ask(transport, server, "PUT", trace=refuse)
        assert server.received == b""
        assert await ask(transport, server) == b"{}"


def test_a_connection_is_kept_for_less_than_servers_keep_theirs() -> None:
    assert KEPT_S < 5


def _certificate(folder: Path) -> ssl.SSLContext:
    """Return what a server on loopback shows; `cert.pem` in the folder is what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    begun = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begun)
        .not_valid_after(begun + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(LOOPBACK)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


async def test_over_tls_connections_are_kept_and_a_strange_certificate_is_no_connection(
    tmp_path: Path,
) -> None:
    shown = _certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    async with loopback(keeping, tls=shown) as server:
        known = network(Bounds(connections=2), trusting)
        for _ in range(5):
            assert await ask(known, server, "PUT", b"{}") == b"{}"
        await known.aclose()
        assert server.accepted == 1
        async with wire() as strange:
            with pytest.raises(httpx.ConnectError):
                await ask(strange, server, "PUT", b"{}")
    assert server.received.count(b"PUT ") == 5
