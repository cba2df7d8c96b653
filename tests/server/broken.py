"""Servers that are broken on purpose, each in one way: the sandbox behind a wrapper.

They show that the contract's tests notice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync.sandbox import Sandbox, serving
from tests.server.contract import FHIR_JSON, Server


@dataclass
class Exchange:
    """A request on its way in, then its answer on its way out; header names in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int = 0
    answered: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.answer)

    def answer_with(self, status: int, body: Any) -> None:
        self.status, self.answer = status, json.dumps(body).encode()
        self.answered["content-type"] = FHIR_JSON


Call = Callable[[Exchange], Any]
"""Sends an exchange to the sound server and fills in its answer (awaitable)."""
Fault = Callable[[Exchange, Call], Any]
"""Carries out an exchange, wrongly (awaitable)."""


class Broken:
    """The ASGI application `app` with a fault before it."""

    def __init__(self, app: ASGIApp, fault: Fault) -> None:
        self._app = app
        self._fault = fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {
            name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        exchange = Exchange(
            scope["method"], scope["path"], scope["query_string"].decode(), headers, body
        )

        async def sound(one: Exchange) -> None:
            await self._pass(scope, one)

        await self._fault(exchange, sound)
        exchange.answered["content-length"] = str(len(exchange.answer))
        raw = [
            (name.encode(), value.encode("latin-1")) for name, value in exchange.answered.items()
        ]
        if exchange.status in (204, 304):
            raw = [pair for pair in raw if pair[0] != b"content-length"]
        await send({"type": "http.response.start", "status": exchange.status, "headers": raw})
        await send({"type": "http.response.body", "body": exchange.answer})

    async def _pass(self, scope: Scope, one: Exchange) -> None:
        headers = {**one.headers, "content-length": str(len(one.body))}
        inner: Scope = {
            **scope,
            "method": one.method,
            "path": one.path,
            "raw_path": one.path.encode(),
            "query_string": one.query.encode(),
            "headers": [(n.encode(), v.encode("latin-1")) for n, v in headers.items()],
        }
        one.answer, one.answered = b"", {}

        async def receive() -> Message:
            return {"type": "http.request", "body": one.body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                one.status = message["status"]
                one.answered = {
                    n.decode().lower(): v.decode("latin-1") for n, v in message["headers"]
                }
            else:
                one.answer += message.get("body", b"")

        await self._app(inner, receive, send)


@contextmanager
def broken(fault: Fault) -> Iterator[Server]:
    """Serve a sandbox with this fault, of which the contract demands all that it claims."""
    with (
        Sandbox(no_auth=True) as sandbox,
        serving(Broken(sandbox.app, fault)) as found,
        Server(found.base_url, own=True) as server,
    ):
        yield server


async def none(exchange: Exchange, sound: Call) -> None:
    """No fault: the wrapper alone."""
    await sound(exchange)


def without_header(name: str) -> Fault:
    """Overlook a request header."""

    async def fault(exchange: Exchange, sound: Call) -> None:
        exchange.headers.pop(name, None)
        await sound(exchange)

    return fault


async def racy(exchange: Exchange, sound: Call) -> None:
    """Compare the version first and write afterwards, as if nobody else could come between."""
    wanted = exchange.headers.get("if-match")
    if exchange.method in ("PUT", "PATCH") and wanted:
        look = Exchange("GET", exchange.path, "", {**exchange.headers, "accept": "*/*"}, b"")
        await sound(look)
        if look.answered.get("etag") == wanted:
            del exchange.headers["if-match"]
    await sound(exchange)


async def half_done(exchange: Exchange, sound: Call) -> None:
    """Carry out a transaction as a batch, and tell of a failure afterwards."""
    is_transaction = b'"type": "transaction"' in exchange.body
    exchange.body = exchange.body.replace(b'"type": "transaction"', b'"type": "batch"')
    await sound(exchange)
    if is_transaction and exchange.status == 200:
        bundle = {**exchange.json, "type": "transaction-response"}
        exchange.answer_with(200, bundle)
        if any(entry["response"]["status"] >= "4" for entry in bundle.get("entry", [])):
            issue = [{"severity": "error", "code": "processing"}]
            exchange.answer_with(400, {"resourceType": "OperationOutcome", "issue": issue})


def changed_answer(change: Callable[[Exchange, Any], Any]) -> Fault:
    """Change the JSON of each answer that has some."""

    async def fault(exchange: Exchange, sound: Call) -> None:
        await sound(exchange)
        if exchange.answer:
            exchange.answer_with(exchange.status, change(exchange, exchange.json))

    return fault


def changed_request(change: Callable[[Exchange], None]) -> Fault:
    """Change each request before it is carried out."""

    async def fault(exchange: Exchange, sound: Call) -> None:
        change(exchange)
        await sound(exchange)

    return fault


async def deletes_nothing(exchange: Exchange, sound: Call) -> None:
    """Say yes to a deletion, and leave it at that."""
    if exchange.method == "DELETE":
        exchange.status = 204
        return
    await sound(exchange)


async def refuses_in_plain_text(exchange: Exchange, sound: Call) -> None:
    """Tell of errors in words, not in an OperationOutcome."""
    await sound(exchange)
    if exchange.status >= 400:
        exchange.answer, exchange.answered["content-type"] = b"no", "text/plain"
