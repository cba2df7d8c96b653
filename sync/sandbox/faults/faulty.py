"""The sandbox with faults: an ASGI application that commits what its plan says, before another."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.canonical import encode
from core.fhir import is_resource_type
from sync.sandbox.app import FHIR_PATH, MAX_DRAINED, SMART_PATH, TOKEN_PATH
from sync.sandbox.exchange import FHIR_JSON
from sync.sandbox.faults.chooser import Chooser
from sync.sandbox.faults.connection import connection_of, gone
from sync.sandbox.faults.plan import AFTER, READ, Asked, Fault, Plan
from sync.sandbox.faults.skew import skew
from sync.sandbox.outcome import OutcomeError, outcome, refusal
from sync.sandbox.tokens import token_expired

WEB_PAGE = b"<!DOCTYPE html><title>Gateway</title><p>Something went wrong."
# FHIR R4 issue-type of each status that is answered without acting.
_CODES = {
    408: "timeout", 409: "conflict", 412: "conflict", 422: "processing", 429: "throttled",
    500: "exception", 502: "transient", 503: "transient", 504: "timeout",
}  # fmt: skip
Headers = list[tuple[bytes, bytes]]
Sleep = Callable[[float], Awaitable[None]]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """A whole answer."""

    status: int
    headers: Headers
    body: bytes


class Faulty:
    """An application that lets `plan` interfere with the requests to `app`; serve it on a socket.

    `struck` counts the faults so far by kind. `on` may be switched off: then nothing is counted
    and nothing interferes. `sleep` waits for the slow answers.
    """

    def __init__(self, app: ASGIApp, plan: Plan, *, sleep: Sleep = asyncio.sleep) -> None:
        self.app = app
        # The server dates its answers by this state's clock.
        self.state = getattr(app, "state", None)
        self.struck: Counter[str] = Counter()
        self.on = True
        self._chooser = Chooser(plan)
        self._sleep = sleep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or spoil it."""
        asked = asked_of(scope) if scope["type"] == "http" and self.on else None
        fault = None if asked is None else self._chooser.next(asked)
        if fault is None:
            await self.app(scope, receive, send)
            return
        self.struck[fault.kind] += 1
        if fault.kind == "clock-skew":
            with skew(fault.seconds or 0.0):
                await self.app(scope, receive, send)
            return
        await self._spoil(fault, _Exchange(self.app, scope, receive, send, await _body(receive)))

    async def _spoil(self, fault: Fault, exchange: _Exchange) -> None:
        """Carry out a fault on a request whose body was read."""
        if fault.kind == "lost-request":
            await exchange.drop()
        elif fault.kind == "expired-token":
            await exchange.answer(_refused(token_expired()))
        elif fault.kind.isdecimal():
            await exchange.answer(_status(int(fault.kind), fault.seconds))
        else:
            await self._after(fault, exchange, await exchange.act())

    async def _after(self, fault: Fault, exchange: _Exchange, told: Told) -> None:
        """Carry out a fault that strikes once the application has acted."""
        if fault.kind == "lost-response":
            await exchange.drop()
        elif fault.kind in ("duplicate", "duplicate-second-answer"):
            again = await exchange.act()
            await exchange.answer(told if fault.kind == "duplicate" else again)
        elif fault.kind == "slow":
            await self._sleep(fault.seconds or 0.0)
            await exchange.answer(told)
        elif fault.kind in ("reset", "truncated"):
            await exchange.cut(told, reset=fault.kind == "reset")
        elif fault.kind.endswith(AFTER):
            await exchange.answer(_status(int(fault.kind.removesuffix(AFTER)), None))
        else:
            await exchange.answer(_spoilt(fault.kind, told))


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One request, its body in hand, and the ways to answer it."""

    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send
    body: bytes

    async def act(self) -> Told:
        """Deliver the request to the application and return what it answers, to nobody yet."""
        messages: list[Message] = []
        unread = [{"type": "http.request", "body": self.body, "more_body": False}]

        async def receive() -> Message:
            return unread.pop() if unread else await self.receive()

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.app(self.scope, receive, keep)
        body = b"".join(message.get("body", b"") for message in messages[1:])
        return Told(messages[0]["status"], list(messages[0].get("headers", ())), body)

    async def answer(self, told: Told) -> None:
        """Answer the whole."""
        await self._begin(told)
        await self.send({"type": "http.response.body", "body": told.body})

    async def cut(self, told: Told, *, reset: bool) -> None:
        """Answer head and half of the body, then end the connection; no body, no head either."""
        connection = connection_of(self.scope)
        if told.body:
            await self._begin(told)
            half = told.body[: len(told.body) // 2]
            await self.send({"type": "http.response.body", "body": half, "more_body": True})
        (connection.reset if reset else connection.drop)()
        await gone(self.receive)

    async def drop(self) -> None:
        """End the connection without a byte of an answer."""
        connection_of(self.scope).drop()
        await gone(self.receive)

    async def _begin(self, told: Told) -> None:
        start: dict[str, Any] = {"status": told.status, "headers": told.headers}
        await self.send({"type": "http.response.start", **start})


def asked_of(scope: Scope) -> Asked:
    """Return what a request is to a plan."""
    method = READ if scope["method"] == "HEAD" else str(scope["method"])
    path = str(scope["path"])
    if path == TOKEN_PATH:
        return Asked(method, "token")
    parts = path.removeprefix(FHIR_PATH).strip("/").split("/")
    if parts[0] == "metadata" or path.endswith(SMART_PATH):
        return Asked(method, "metadata")
    if parts[-1] == "_search":
        method = READ
    return Asked(method, parts[0] if is_resource_type(parts[0]) else "Bundle")


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while size <= MAX_DRAINED:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        chunks.append(chunk)
        if not message.get("more_body", False):
            break
    return b"".join(chunks)


def _status(status: int, retry_after: float | None) -> Told:
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:.0f}"}
    return _refused(refusal(status, _CODES[status], "a fault on purpose", headers=headers))


def _refused(error: OutcomeError) -> Told:
    body = encode(outcome(error.issues))
    headers = {"Content-Type": FHIR_JSON, "Content-Length": str(len(body)), **error.headers}
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return Told(error.status, raw, body)


def _spoilt(kind: str, told: Told) -> Told:
    if kind == "wrong-type":
        return replace(told, headers=_with(told.headers, b"content-type", b"text/html"))
    body = WEB_PAGE if kind == "not-json" else told.body[: len(told.body) // 2]
    length = str(len(body)).encode()
    return Told(told.status, _with(told.headers, b"content-length", length), body)


def _with(headers: Headers, name: bytes, value: bytes) -> Headers:
    return [(key, value if key.lower() == name else old) for key, old in headers]
