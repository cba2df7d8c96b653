"""One bounded HTTP client: no proxy, no redirect, no cookie, no retry, no endless answer.

Source: design §9 (the FHIR client), hub-protocol §8 (fetch).
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

from core.canonical import RESPONSE
from core.errors import Unreachable
from core.fhir import is_resource_type
from sync.fhir.dates import http_date
from sync.fhir.errors import Unreadable
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
        self._transport = transport
        self._tls = tls
        self._client: httpx.AsyncClient | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"Channel({self.name!r})"

    def stream(
        self, outgoing: Outgoing, extensions: dict[str, Any] | None = None
    ) -> AbstractAsyncContextManager[httpx.Response]:
        """Send a request and yield the response once its headers are there."""
        return self._open().stream(
            outgoing.method,
            outgoing.url,
            headers=outgoing.headers,
            content=outgoing.content,
            extensions=extensions,
        )

    async def fetch(self, outgoing: Outgoing) -> Answer:
        """Send a request that may be repeated and return the whole answer; raises Unreachable."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(self.bounds.deadline), self.stream(outgoing) as response:
                body = await read_body(response, self.name, self.bounds.max_bytes)
                log_answer(self.name, outgoing, response.status_code, begun)
                return Answer(response.status_code, response.headers, body)
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            # The error itself holds the request; only what kind it is goes further.
            kind = type(error).__name__
            log_failure(self.name, outgoing, kind)
        raise Unreachable(
            f"{self.name} does not answer ({kind})", remedy="Check the network and try again"
        )

    async def aclose(self) -> None:
        """Close all connections; the channel cannot be used afterwards."""
        self._closed = True
        if self._client is not None:
            await self._client.aclose()
        elif self._transport is not None:
            await self._transport.aclose()

    def _open(self) -> httpx.AsyncClient:
        if self._closed:
            raise RuntimeError(f"{self!r} is closed")
        if self._client is None:
            self._client = httpx.AsyncClient(
                transport=self._transport or network(self.bounds, self._tls),
                timeout=httpx.Timeout(
                    connect=self.bounds.connect,
                    read=self.bounds.read,
                    write=self.bounds.write,
                    pool=self.bounds.pool,
                ),
                # Compressed answers could unpack to any size before they are counted.
                headers={"Accept-Encoding": "identity", "User-Agent": "countersign"},
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                follow_redirects=False,
                trust_env=False,
                event_hooks={"response": [self._listen]},
            )
        return self._client

    async def _listen(self, response: httpx.Response) -> None:
        told = http_date(response.headers.get("date"))
        if self._hear is not None and told is not None:
            self._hear(self.name, told)


def network(bounds: Bounds, tls: ssl.SSLContext | None = None) -> httpx.AsyncBaseTransport:
    """Return the transport that a channel uses: no proxy, no retry, so many connections."""
    limits = httpx.Limits(
        max_connections=bounds.connections,
        max_keepalive_connections=bounds.connections,
        keepalive_expiry=KEPT_S,
    )
    verify = True if tls is None else tls
    return httpx.AsyncHTTPTransport(verify=verify, trust_env=False, limits=limits, retries=0)


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
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > limit:
            # A traceback that shows local variables must not show a chart.
            chunks.clear()
            del chunk
            raise Unreadable(f"{name} answered with more than {limit:,} bytes")
        chunks.append(chunk)
    return b"".join(chunks)
