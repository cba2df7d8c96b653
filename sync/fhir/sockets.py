"""The network below the FHIR client: requests of one server over connections that are kept open.

aiohttp reads HTTP in C, with less than half of the time that httpx's own network takes a request;
it is imported here alone and only when a server is really called, since importing it takes long.
Two habits of it must not reach a chart: it sends a GET, PUT or DELETE again by itself when a kept
connection breaks (RFC 9110 §9.2.2 lets it), and it takes what a server says unasked on an idle
connection for the answer to the next request.
Source: design §9 (no retrying transport on writes), docs/adr/0040.
"""

from __future__ import annotations

import io
import logging
import select
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Mapping
from contextvars import ContextVar
from functools import partial
from typing import Any
from weakref import WeakSet

import aiohttp
import yarl

from sync.fhir.turns import Turns, tell_end
from sync.wire import FIRST_BYTE, httpx

# Its errors and warnings can name a URL, and a URL can name a patient.
logging.getLogger("aiohttp").setLevel(logging.CRITICAL)

LONGEST = 64 * 1024
"""Bytes that a line or a field of an answer's head may have."""
LARGE = 1024 * 1024
"""Bytes of a body above which it is sent in pieces."""
OURS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
"""What the library would add where the request has none."""

Trace = Callable[[str, Mapping[str, Any]], Awaitable[None]]
_trace: ContextVar[Trace | None] = ContextVar("trace", default=None)


class Sockets(httpx.AsyncBaseTransport):
    """A transport with so many connections to one server, each kept for `kept_s` seconds.

    No proxy, no redirect, no cookie, no decoding, no second attempt. The request's `trace`
    extension hears FIRST_BYTE when its connection stands; what that raises comes out unchanged,
    and nothing is sent. Errors are those of httpx, and say no more than what kind they are.
    """

    def __init__(self, connections: int, tls: Callable[[], ssl.SSLContext], kept_s: float) -> None:
        self._turns = Turns(connections)
        self._tls = tls
        self._kept_s = kept_s
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, once, when a connection is free."""
        await self._turns.take(request)
        try:
            response = await self._send(request)
        except BaseException:
            self._turns.give()
            raise
        return tell_end(response, self._turns.give)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def _send(self, request: httpx.Request) -> httpx.Response:
        told = _trace.set(request.extensions.get("trace"))
        headers = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in request.headers.raw]
        failed: BaseException | None = None
        try:
            answer = await self._open().request(
                request.method,
                yarl.URL(str(request.url), encoded=True),
                headers=headers,
                data=_data(await request.aread()),
                allow_redirects=False,
                timeout=_timeout(request),
            )
        except _Stopped as stopped:
            failed = stopped.cause
        except _Broken as broken:
            failed = _failure(broken.cause, request)
        except (aiohttp.ClientError, TimeoutError) as error:
            failed = _failure(error, request)
        finally:
            _trace.reset(told)
        if failed is not None:
            # Outside of the handler: the library's own error names the URL.
            raise failed
        return httpx.Response(
            answer.status, headers=list(answer.raw_headers), stream=_Body(answer, request)
        )

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            tls = self._tls()
            tls.set_alpn_protocols(["http/1.1"])
            self._session = aiohttp.ClientSession(
                connector=_Connector(limit=0, ssl=tls, keepalive_timeout=self._kept_s),
                cookie_jar=aiohttp.DummyCookieJar(),
                middlewares=(_once,),
                auto_decompress=False,
                trust_env=False,
                request_class=_AtOnce,
                skip_auto_headers=OURS,
                max_line_size=LONGEST,
                max_field_size=LONGEST,
            )
        return self._session


class _AtOnce(aiohttp.ClientRequest):
    """A request whose body leaves with its head.

    Before Python 3.12 the library writes a body in a task of its own, behind all else that is
    ready, and meanwhile the request holds its place at the server for nothing.
    """

    def write_bytes(self, *args: Any, **named: Any) -> Coroutine[Any, Any, None]:
        """Write what can be written now; what is returned writes the rest."""
        writing = super().write_bytes(*args, **named)
        try:
            waiting = writing.send(None)
        except StopIteration:
            return _nothing()
        return _rest(writing, waiting)


async def _nothing() -> None:
    """Do nothing: all of it was written."""


async def _rest(writing: Coroutine[Any, Any, None], waiting: Any) -> None:
    await _Begun(writing, waiting)


class _Begun:
    """Awaits a coroutine that waits for something already."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], waiting: Any) -> None:
        self._coroutine = coroutine
        self._waiting = waiting

    def __await__(self) -> Generator[Any, Any, None]:
        waiting = self._waiting
        while True:
            try:
                sent = yield waiting
            except BaseException as error:  # noqa: BLE001 - it is the coroutine's to take
                step: Callable[[], Any] = partial(self._coroutine.throw, error)
            else:
                step = partial(self._coroutine.send, sent)
            try:
                waiting = step()
            except StopIteration:
                return


class _Connector(aiohttp.TCPConnector):
    """Connections, and of those used before only such as are silent and still stand."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._met: WeakSet[Any] = WeakSet()

    async def connect(self, *args: Any, **named: Any) -> aiohttp.connector.Connection:
        """Return a connection, once the request's trace has been told that it stands."""
        connection = await super().connect(*args, **named)
        while connection.protocol in self._met and not is_silent(connection):
            connection.close()
            connection = await super().connect(*args, **named)
        self._met.add(connection.protocol)
        trace = _trace.get()
        if trace is not None:
            try:
                await trace(FIRST_BYTE, {})
            except BaseException as error:  # noqa: BLE001 - it goes on, as what it was
                connection.close()
                raise _Stopped(error) from None
        return connection


def is_silent(connection: aiohttp.connector.Connection) -> bool:
    """Tell whether the server has said nothing unasked, not even that the connection ends."""
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None or protocol.should_close:
        return False
    waiting = select.poll()
    waiting.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
    return not waiting.poll(0)


class _Broken(Exception):
    """A connection broke; the library knows no such error and so does not try again."""

    def __init__(self, cause: Exception) -> None:
        super().__init__()
        self.cause = cause


class _Stopped(BaseException):
    """What a request's trace raised; the library makes an error of its own of many others."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__()
        self.cause = cause


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Take one attempt for the whole request."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Broken(error) from None


class _Body(httpx.AsyncByteStream):
    """The body of an answer as it comes in; closed before its end, its connection is closed too."""

    def __init__(self, answer: aiohttp.ClientResponse, request: httpx.Request) -> None:
        self._answer = answer
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        failed: httpx.TransportError | None = None
        try:
            async for chunk in self._answer.content.iter_any():
                yield chunk
        except (aiohttp.ClientError, TimeoutError) as error:
            failed = _failure(error, self._request)
        if failed is not None:
            raise failed

    async def aclose(self) -> None:
        """Give the connection back, or close it where an answer is not read to its end."""
        self._answer.close()


def _data(content: bytes) -> bytes | io.BytesIO | None:
    """Return a body as the library wants it: a large one it hands to the network in pieces."""
    if len(content) > LARGE:
        return io.BytesIO(content)
    return content or None


def _timeout(request: httpx.Request) -> aiohttp.ClientTimeout:
    given = request.extensions.get("timeout", {})
    return aiohttp.ClientTimeout(sock_connect=given.get("connect"), sock_read=given.get("read"))


def _failure(error: Exception, request: httpx.Request) -> httpx.TransportError:
    """Return what httpx calls the error; the first kind that it is of."""
    kind: type[httpx.TransportError]
    match error:
        case aiohttp.ConnectionTimeoutError():
            kind = httpx.ConnectTimeout
        case aiohttp.ClientConnectorError():
            kind = httpx.ConnectError
        case TimeoutError():
            kind = httpx.ReadTimeout
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError():
            kind = httpx.RemoteProtocolError
        case aiohttp.ClientResponseError():
            kind = httpx.RemoteProtocolError
        case _:
            kind = httpx.ReadError
    return kind("the connection failed", request=request)
