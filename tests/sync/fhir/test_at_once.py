"""A body leaves with its head, before anything else that is ready has its turn."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from sync.fhir import sockets
from sync.fhir.channel import Bounds, network
from sync.wire import httpx

BODY = b'{"resourceType": "Patient"}'
LARGE = b" " * 8_000_000
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
WAIT = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0}


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield found


async def ask(server: socket.socket, content: bytes, trace: Any = None) -> bytes:
    transport = network(Bounds(connections=1))
    request = httpx.Request(
        "PUT",
        f"http://127.0.0.1:{server.getsockname()[1]}/fhir/Patient/p1",
        content=content,
        extensions={"timeout": WAIT, **({} if trace is None else {"trace": trace})},
    )
    try:
        return await (await transport.handle_async_request(request)).aread()
    finally:
        await transport.aclose()


async def left_at_the_next_turn(server: socket.socket) -> bytes:
    """Return what had left when the first thing ran that was ready at the first byte."""
    seen: list[bytes] = []

    def look() -> None:
        accepted, _ = server.accept()
        accepted.setblocking(False)
        try:
            seen.append(accepted.recv(65_536))
        except BlockingIOError:
            seen.append(b"")
        accepted.sendall(ANSWER)
        accepted.close()

    async def trace(_event: str, _info: Any) -> None:
        asyncio.get_running_loop().call_soon(look)

    assert await ask(server, BODY, trace) == b"{}"
    return seen[0]


async def test_a_body_is_not_kept_waiting(listening: socket.socket) -> None:
    assert (await left_at_the_next_turn(listening)).endswith(BODY)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python begins a task at once")
async def test_control_the_library_itself_would_let_it_wait(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets._AtOnce, "write_bytes", aiohttp.ClientRequest.write_bytes)
    assert not (await left_at_the_next_turn(listening)).endswith(BODY)


async def test_what_does_not_fit_leaves_as_the_server_takes_it(listening: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    listening.setblocking(False)
    asking = asyncio.create_task(ask(listening, LARGE))
    accepted, _ = await loop.sock_accept(listening)
    taken = 0
    with accepted:
        while taken < len(LARGE):
            taken += (await loop.sock_recv(accepted, 1 << 20)).count(b" ")
        await loop.sock_sendall(accepted, ANSWER)
        assert await asking == b"{}"


async def test_given_up_while_it_leaves_it_leaves_no_further(listening: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    before = asyncio.all_tasks()
    listening.setblocking(False)
    asking = asyncio.create_task(ask(listening, LARGE))
    accepted, _ = await loop.sock_accept(listening)
    with accepted:
        await loop.sock_recv(accepted, 1 << 16)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        taken = 1 << 16
        while got := await loop.sock_recv(accepted, 1 << 20):
            taken += len(got)
    assert taken < len(LARGE)
    assert asyncio.all_tasks() == before
