"""One bounded HTTP client: no proxy, no redirect, no cookie, no retry, no endless answer.

Source: design §9 (the FHIR client), hub-protocol §8 (fetch).
"""

from __future__ import annotations

import asyncio
import functools
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from core.canonical import RESPONSE
from core.errors import Unreachable
from core.fhir import is_resource_type
from sync.fhir.dates import http_date
from sync.fhir.errors import Unreadable
from sync.fhir.quiet import Quiet
from sync.logs import log
from sync.wire import httpx


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of one server: seconds for each step and for the whole, bytes, pages, connections."""

    connect: float = 10.0
    read: float = 30.0
    write: float = 30.0
    pool: float = 10.0
    deadline: float = 90.0
    max_bytes: int = RESPONSE.max_bytes
    max_pages: int = 50
    connections: int = 16


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request about to be sent; nothing of it is ever printed."""

    method: str
    url: httpx.URL = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)

    @property
    def type(self) -> str | None:
        """The FHIR type that the path names, for the log; None where it names none."""
        parts = self.url.path.split("/")
        return next((part for part in parts if is_resource_type(part)), None)

    def adding(self, headers: Mapping[str, str]) -> Outgoing:
        """Return it with more headers."""
        return replace(self, headers={**self.headers, **headers})


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response."""

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)


Hear = Callable[[str, datetime], None]
"""Takes up what time the server of that name tells."""


HEADERS = {
    # Compressed answers could unpack to any size before they are counted.
    "Accept-Encoding": "identity",
    "Connection": "keep-alive",
    "User-Agent": "countersign",
}

KEPT_S = 2.0
"""Seconds for which an idle connection is kept: many servers close theirs after 5."""


class Channel:
    """The HTTP client of one server, opened at first use and used in one event loop.

    `name` is what errors call the server. `transport` replaces the network (the sandbox within
    the process, tests); `tls` replaces the usual certificate authorities; `hear` is told the name
    and the `Date` of each answer.
    """

    def __init__(
        self,
        name: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        bounds: Bounds | None = None,
        tls: ssl.SSLContext | None = None,
        hear: Hear | None = None,
    ) -> None:
        self.name = name
        self._hear = hear
        self.bounds = bounds or Bounds()
        self._transport = network(self.bounds, tls) if transport is None else transport
        self._closed = False
        self._quiet = Quiet()

    def __repr__(self) -> str:
        return f"Channel({self.name!r})"

    @asynccontextmanager
    async def stream(
        self, outgoing: Outgoing, extensions: Mapping[str, Any] | None = None
    ) -> AsyncIterator[httpx.Response]:
        """Send a request and yield the response once its headers are there.

        The transport is asked itself: what a client would add (redirects, cookies, proxies, other
        people's credentials) is what must never happen here.
        """
        response = await self._send(outgoing, extensions or {})
        try:
            told = http_date(response.headers.get("date"))
            if self._hear is not None and told is not None:
                self._hear(self.name, told)
            yield response
        finally:
            await response.aclose()

    async def _send(self, outgoing: Outgoing, extensions: Mapping[str, Any]) -> httpx.Response:
        if self._closed:
            raise RuntimeError(f"{self!r} is closed")
        request = httpx.Request(
            outgoing.method,
            outgoing.url,
            headers={**HEADERS, **outgoing.headers},
            content=outgoing.content,
            extensions={"timeout": self._timeout, **extensions},
        )
        response = await self._transport.handle_async_request(request)
        response.request = request
        return response

    async def fetch(self, outgoing: Outgoing) -> Answer:
        """Send a request that may be repeated and return the whole answer; raises Unreachable."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(self.bounds.deadline), self.stream(outgoing) as response:
                body = await read_body(response, self.name, self.bounds.max_bytes)
                log_answer(self.name, outgoing, response.status_code, begun)
                answer = Answer(response.status_code, response.headers, body)
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            # The error itself holds the request; only what kind it is goes further.
            kind = type(error).__name__
            log_failure(self.name, outgoing, kind)
        else:
            await self._quiet.wait()
            return answer
        raise Unreachable(
            f"{self.name} does not answer ({kind})", remedy="Check the network and try again"
        )

    async def aclose(self) -> None:
        """Close all connections; the channel cannot be used afterwards."""
        self._closed = True
        await self._transport.aclose()

    @property
    def _timeout(self) -> dict[str, float]:
        bounds = self.bounds
        return {
            "connect": bounds.connect,
            "read": bounds.read,
            "write": bounds.write,
            "pool": bounds.pool,
        }


@functools.cache
def _usual_authorities() -> ssl.SSLContext:
    """Return what trusts the usual certificate authorities; reading them takes long, once."""
    return httpx.create_ssl_context(trust_env=False)


def network(bounds: Bounds, tls: ssl.SSLContext | None = None) -> httpx.AsyncBaseTransport:
    """Return the transport that a channel uses: no proxy, no retry, so many connections."""
    # Importing the network takes long, and what asks no server never needs it.
    from sync.fhir.sockets import Sockets

    return Sockets(bounds.connections, lambda: tls or _usual_authorities(), KEPT_S)


def log_answer(name: str, outgoing: Outgoing, status: int, begun: float) -> None:
    """Log that a server answered, without a word of what was asked or answered."""
    took = int((time.monotonic() - begun) * 1000)
    log(
        "http.answered",
        server=name,
        method=outgoing.method,
        type=outgoing.type,
        status=status,
        ms=took,
    )


def log_failure(name: str, outgoing: Outgoing, kind: str) -> None:
    """Log that a server did not answer."""
    log("http.failed", server=name, method=outgoing.method, type=outgoing.type, error=kind)


async def read_body(response: httpx.Response, name: str, limit: int) -> bytes:
    """Return the body, stopping as soon as it exceeds `limit` bytes; raises Unreadable."""
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Unreadable(f"{name} answered in a content encoding that was not asked for")
    chunks: list[bytes] = []
    size = 0
    # Its own reading would look for an encoding again, and count what nobody asks.
    body = response.stream
    if not isinstance(body, httpx.AsyncByteStream):
        raise TypeError("an asynchronous transport answers with an asynchronous body")
    async for chunk in body:
        size += len(chunk)
        if size > limit:
            # A traceback that shows local variables must not show a chart.
            chunks.clear()
            del chunk
            raise Unreadable(f"{name} answered with more than {limit:,} bytes")
        chunks.append(chunk)
    return b"".join(chunks)
