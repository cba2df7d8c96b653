"""A token check in front of a FHIR server that has none, and where asked for a faulty wire.

Tokens are those of SMART Backend Services, issued by the sandbox's own authority; each request
needs the scope of its type and interaction. Loopback only; every answer is passed on as it came.
Source: SMART App Launch 2.x, "Backend Services" and scopes.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import h11
import httpx

from core.canonical import encode
from sync.sandbox.assertion import TokenError
from sync.sandbox.clients import PLANES, IssuedClient, issue
from sync.sandbox.outcome import OutcomeError, outcome, refusal
from sync.sandbox.scopes import Scopes, parse_scopes
from sync.sandbox.tokens import Authority
from tests.hapi.faults import Fault, Faults, none

FHIR, TOKEN = "/fhir", "/token"
SMART = f"{FHIR}/.well-known/smart-configuration"
MAY_DELETE = "system/*.cud"
OPEN = (f"{FHIR}/metadata", SMART)
LETTERS = {"GET": "r", "HEAD": "r", "POST": "c", "PUT": "u", "PATCH": "u", "DELETE": "d"}
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})
_NOT_FOR_UPSTREAM = _HOP | {"authorization"}
_READ = 65536
TIMEOUT_S = 60


class Dropped(Exception):
    """The connection is cut without an answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def is_write(self) -> bool:
        """Tell whether it may change what the server holds."""
        return self.method not in ("GET", "HEAD") and not self.path.endswith("/_search")


@dataclass(frozen=True, slots=True)
class Told:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def needed(asked: Asked) -> tuple[str, str]:
    """Return the resource type (`*` for the whole server) and interaction letters of a request."""
    if "_getpages=" in asked.target:
        # A further page of a search, by a handle that only who was let in to the first one has.
        return "", ""
    kind, *rest = asked.path.removeprefix(FHIR).strip("/").split("/")
    if not kind or kind.startswith("_"):
        return "*", "r" if asked.method in ("GET", "HEAD") else "cu"
    if rest == ["_search"] or (asked.method == "GET" and not rest):
        return kind, "s"
    return kind, LETTERS.get(asked.method, "cruds")


def _needed_of_each(asked: Asked) -> list[tuple[str, str]]:
    """Return what every entry of a batch or transaction needs; nothing for another request."""
    if asked.method != "POST" or asked.path.rstrip("/") != FHIR:
        return []
    try:
        listed = json.loads(asked.body)["entry"]
        each = [(one["request"]["method"], one["request"]["url"]) for one in listed]
    except (ValueError, KeyError, TypeError):
        return []
    return [needed(Asked(method, f"{FHIR}/{url}", {}, b"")) for method, url in each]


@dataclass
class Front:
    """The proxy: `base` is where clients find the FHIR server, `upstream` where that really is."""

    upstream: str
    faults: Faults = field(default_factory=none)
    authority: Authority | None = field(
        default_factory=lambda: Authority(lambda: datetime.now(UTC))
    )
    base: str = ""
    overlook: frozenset[str] = frozenset()
    """Request headers that are lost on the way; for controls."""
    watch: Callable[[Asked, str], None] = lambda _asked, _when: None
    """Called with each write, `before` it is passed on and `after` the server has answered."""

    @property
    def token_url(self) -> str:
        """Where tokens are issued."""
        return self.base.removesuffix(FHIR) + TOKEN

    def issue_clients(self) -> list[IssuedClient]:
        """Make and register a throw-away client for each plane; that of writing may delete, too."""
        assert self.authority is not None
        made = []
        for plane in PLANES:
            client, registration = issue(plane)
            if plane == "write":
                registration = replace(registration, scopes=parse_scopes(MAY_DELETE))
            self.authority.add(registration)
            made.append(client)
        return made

    async def answer(self, http: httpx.AsyncClient, asked: Asked) -> Told:
        """Check the token and pass the request on, as the faults allow; raises Dropped."""
        if asked.path == TOKEN and self.authority is not None:
            return self._token(asked)
        if asked.path == SMART and self.authority is not None:
            return _json(200, {"token_endpoint": self.token_url})
        try:
            self._check(asked)
        except OutcomeError as error:
            return _json(error.status, json.loads(encode(outcome(error.issues))), error.headers)
        return await self._deliver(http, asked)

    async def _deliver(self, http: httpx.AsyncClient, asked: Asked) -> Told:
        fault = self.faults.draw(write=asked.is_write)
        self.watch(asked, "before")
        if fault == Fault.LOST_REQUEST:
            raise Dropped
        told = await self._pass(http, asked)
        self.watch(asked, "after")
        if fault == Fault.LOST_RESPONSE:
            raise Dropped
        if fault == Fault.DUPLICATE:
            return await self._pass(http, asked)
        if fault == Fault.LATE_503:
            return _json(503, {"resourceType": "OperationOutcome", "issue": [_TRANSIENT]})
        return told

    async def _pass(self, http: httpx.AsyncClient, asked: Asked) -> Told:
        headers = {
            n: v for n, v in asked.headers.items() if n not in _NOT_FOR_UPSTREAM | self.overlook
        }
        # The server names its own addresses after the host that it was asked at.
        headers["host"] = self.base.removesuffix(FHIR).removeprefix("http://")
        url = self.upstream.removesuffix(FHIR) + asked.target
        got = await http.request(asked.method, url, headers=headers, content=asked.body)
        kept = {n: v for n, v in got.headers.items() if n not in _HOP and n != "content-encoding"}
        return Told(got.status_code, kept, got.content)

    def _check(self, asked: Asked) -> None:
        if self.authority is None or asked.path in OPEN:
            return
        scopes: Scopes = self.authority.grant(asked.headers.get("authorization")).scopes
        wanted = _needed_of_each(asked) or [needed(asked)]
        if not all(scopes.allows(kind, letter) for kind, letters in wanted for letter in letters):
            raise refusal(403, "forbidden", "the token's scope does not cover this request")

    def _token(self, asked: Asked) -> Told:
        assert self.authority is not None
        try:
            form = parse_qsl(asked.body.decode("ascii"), keep_blank_values=True)
            issued = self.authority.issue(form, self.token_url)
        except TokenError as error:
            return _json(error.status, {"error": error.error})
        return Told(200, {"content-type": "application/json"}, encode(issued))


_TRANSIENT = {"severity": "error", "code": "transient"}


def _json(status: int, document: object, headers: Mapping[str, str] | None = None) -> Told:
    named = {"content-type": "application/fhir+json", **(headers or {})}
    return Told(status, named, json.dumps(document).encode())


async def _serve(front: Front, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection, one after the other."""
    wire = h11.Connection(h11.SERVER)
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as http:
            while (asked := await _next(wire, reader)) is not None:
                told = await front.answer(http, asked)
                writer.write(_bytes(wire, told))
                await writer.drain()
                if wire.our_state is h11.MUST_CLOSE:
                    break
                wire.start_next_cycle()
    except (Dropped, ConnectionError, h11.RemoteProtocolError):
        writer.transport.abort()
    finally:
        writer.close()


async def _next(wire: h11.Connection, reader: asyncio.StreamReader) -> Asked | None:
    head: h11.Request | None = None
    body = b""
    while True:
        event = wire.next_event()
        if event is h11.NEED_DATA:
            wire.receive_data(await reader.read(_READ))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            headers = {n.decode().lower(): v.decode("latin-1") for n, v in head.headers}
            return Asked(head.method.decode(), head.target.decode(), headers, body)
        else:
            return None


def _bytes(wire: h11.Connection, told: Told) -> bytes:
    headers = [(n, v) for n, v in told.headers.items()]
    headers.append(("content-length", str(len(told.body))))
    parts = [
        wire.send(h11.Response(status_code=told.status, headers=headers)),
        wire.send(h11.Data(data=told.body)),
        wire.send(h11.EndOfMessage()),
    ]
    return b"".join(part for part in parts if part)


@contextmanager
def fronting(front: Front) -> Iterator[Front]:
    """Serve it from a thread beside the caller, on a port of the system's choice."""
    loop = asyncio.new_event_loop()

    async def begin() -> asyncio.Server:
        return await asyncio.start_server(
            lambda reader, writer: _serve(front, reader, writer), "127.0.0.1", 0
        )

    thread = threading.Thread(target=loop.run_forever, name="front", daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(begin(), loop).result(TIMEOUT_S)
    front.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{FHIR}"
    try:
        yield front
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(TIMEOUT_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(TIMEOUT_S)
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    own = asyncio.current_task()
    open_ = [task for task in asyncio.all_tasks() if task is not own]
    for task in open_:
        task.cancel()
    await asyncio.gather(*open_, return_exceptions=True)
