"""Servers and transports that do as a test tells them, with what they were sent."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from joserfc.jwk import ECKey, RSAKey

from sync.fhir import Bounds, FhirClient, NoAuth, TokenSource
from sync.wire import FIRST_BYTE, httpx

FHIR = "application/fhir+json"
BASE = "https://ehr.example/fhir"
TOKEN_URL = "https://auth.example/token"
QUICK = Bounds(connect=5, read=5, write=5, pool=5, deadline=5)

Handler = Callable[[httpx.Request], httpx.Response]
Script = Callable[["Loopback", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answer(document: Any, status: int = 200, media: str = FHIR, **headers: str) -> httpx.Response:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, content=content, headers={"Content-Type": media, **named})


def patient(id_: str = "p1", version: str | None = "3", **more: Any) -> dict[str, Any]:
    meta = {} if version is None else {"meta": {"versionId": version}}
    return {"resourceType": "Patient", "id": id_, **meta, **more}


def client(handler: Handler, **more: Any) -> FhirClient:
    """A client without tokens of a server on loopback that `handler` plays."""
    return FhirClient(
        "north-ehr",
        more.pop("base", "http://127.0.0.1:8/fhir"),
        NoAuth(),
        NoAuth(),
        transport=Tracing(handler, **more.pop("tracing", {})),
        **more,
    )


class Tracing(httpx.AsyncBaseTransport):
    """Reports `events` as httpcore does, then lets `handler` answer; keeps the requests."""

    def __init__(self, handler: Handler, events: Sequence[str] = (FIRST_BYTE,)) -> None:
        self.handler = handler
        self.events = events
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        trace = request.extensions.get("trace")
        for event in self.events if trace else ():
            await trace(event, {})
        await request.aread()
        self.requests.append(request)
        return self.handler(request)


class Loopback:
    """A TCP server; `received` is every byte that reached it, `accepted` how often."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.accepted = 0
        self.port = 0
        self.scheme = "http"
        self.released = asyncio.Event()

    @property
    def base(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/fhir"

    async def request(self, reader: asyncio.StreamReader) -> None:
        """Read one request, body included; what came of a cut one is kept too."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as cut:
            self.received += cut.partial
            raise
        self.received += head
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                self.received += await reader.readexactly(int(line.partition(b":")[2]))


@asynccontextmanager
async def loopback(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Loopback]:
    """Serve on a free port; each connection runs `script`."""
    state = Loopback()
    state.scheme = "https" if tls else "http"
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())  # type: ignore[arg-type]
        state.accepted += 1
        try:
            await script(state, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        state.released.set()
        server.close()
        await server.wait_closed()
        await asyncio.gather(*tasks, return_exceptions=True)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close the connection with a TCP reset."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def unused_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Clock:
    """A wall clock and a monotonic one that the test moves together."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(1_800_000_000 + self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds


def rsa_key() -> dict[str, Any]:
    return dict(RSAKey.generate_key(2048, {"kid": "rsa-1"}).as_dict(private=True))


def ec_key() -> dict[str, Any]:
    return dict(ECKey.generate_key("P-384", {"kid": "ec-1"}).as_dict(private=True))


class Issuer:
    """A token endpoint; `grant` may be changed to answer otherwise."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.life: int = 300
        self.grant: Callable[[dict[str, str]], httpx.Response] = self.granted
        self.asked = asyncio.Semaphore(0)
        self.waiting: asyncio.Event | None = None

    def granted(self, form: dict[str, str]) -> httpx.Response:
        number = len(self.forms)
        return answer(
            {
                "access_token": f"secret-token-{number}",
                "token_type": "Bearer",
                "expires_in": self.life,
                "scope": form["scope"],
            },
            media="application/json",
        )

    def source(self, jwk: dict[str, Any], clock: Clock, **more: Any) -> TokenSource:
        numbers = iter(range(1000))
        return TokenSource(
            "gateway-1",
            jwk,
            more.pop("token_url", TOKEN_URL),
            clock=clock,
            new_id=lambda: f"jti-{next(numbers)}",
            transport=httpx.MockTransport(self._handle),
            monotonic=clock.monotonic,
            **more,
        )

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        form = dict(httpx.QueryParams(request.content.decode()))
        self.forms.append(form)
        self.asked.release()
        if self.waiting is not None:
            await self.waiting.wait()
        return self.grant(form)
