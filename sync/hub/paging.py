"""Walking through the pages of a search, the next one asked for while this one is worked on.

Every page is guarded: its links stay within the base, none comes twice, there are not too many, and
one poisoned entry does not stop the rest. Source: hub-protocol §7, FHIR R4 bundle.html.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from core.canonical import JsonObject, Number, encode
from core.errors import Unreachable
from core.hub.task import MAX_TASK
from core.ports import Held, Page
from sync.fhir.answers import is_json, require_ok, version_of
from sync.fhir.channel import Answer, Channel, Outgoing, log_answer, log_failure, read_body
from sync.fhir.errors import Unreadable
from sync.fhir.urls import Base, is_id
from sync.wire import httpx

SENT = "http11.send_request_body.complete"


class Authorize(Protocol):
    """Adds a token to a request; a new one where the last was `rejected`."""

    async def __call__(self, outgoing: Outgoing, *, rejected: bool) -> Outgoing:
        """Return the request with its token."""


@dataclass(frozen=True, slots=True)
class Pages:
    """A walk's means; nothing of a page is kept."""

    name: str
    base: Base
    channel: Channel
    authorize: Authorize
    max_pages: int

    async def walk(self, type_: str, first: Outgoing) -> AsyncIterator[Page]:
        """Yield the pages in order; raises Unreachable or Refused at the first that is not had."""
        links = {str(first.url)}
        met: set[str] = set()
        at: datetime | None = None
        asked = self._begin(first)
        try:
            for _ in range(self.max_pages):
                answer = await asked.answer()
                require_ok(self.name, answer)
                bundle = _bundle(self.name, answer)
                following = self._next(bundle, links)
                if following is not None:
                    asked = self._begin(Outgoing("GET", following, first.headers))
                    await asked.sent()
                items = _items(bundle, type_, len(answer.body))
                self._check_progress(items, met, last=following is None)
                at = at or _date(answer.headers)
                yield Page(items, at)
                if following is None:
                    return
            raise Unreadable(f"{self.name} answers with more than {self.max_pages:,} pages")
        finally:
            await asked.cancel()

    def _begin(self, outgoing: Outgoing) -> _Asked:
        event = asyncio.Event()
        return _Asked(asyncio.ensure_future(self._fetch(outgoing, event)), event)

    async def _fetch(self, outgoing: Outgoing, sent: asyncio.Event) -> Answer:
        answer = await self._once(await self.authorize(outgoing, rejected=False), sent)
        if answer.status == 401:
            answer = await self._once(await self.authorize(outgoing, rejected=True), sent)
        return answer

    async def _once(self, outgoing: Outgoing, sent: asyncio.Event) -> Answer:
        async def trace(event: str, _info: Any) -> None:
            if event == SENT:
                sent.set()

        bounds = self.channel.bounds
        begun = time.monotonic()
        try:
            async with (
                asyncio.timeout(bounds.deadline),
                self.channel.stream(outgoing, {"trace": trace}) as response,
            ):
                body = await read_body(response, self.name, bounds.max_bytes)
                log_answer(self.name, outgoing, response.status_code, begun)
                return Answer(response.status_code, response.headers, body)
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            # The error itself holds the request; only what kind it is goes further.
            kind = type(error).__name__
            log_failure(self.name, outgoing, kind)
        raise Unreachable(
            f"{self.name} does not answer ({kind})", remedy="Check the network and try again"
        )

    def _next(self, bundle: JsonObject, links: set[str]) -> httpx.URL | None:
        found = [
            link.get("url")
            for link in _objects(bundle.get("link"))
            if link.get("relation") == "next"
        ]
        if not found:
            return None
        url = self.base.within(found[0]) if len(found) == 1 else None
        if url is None:
            raise Unreadable(
                f"{self.name} answers with a next page outside its own address",
                remedy="Check that the configured base URL is the one the server calls itself",
            )
        if str(url) in links:
            raise Unreadable(f"{self.name} answers with a page that follows itself")
        links.add(str(url))
        return url

    def _check_progress(self, items: list[Held], met: set[str], *, last: bool) -> None:
        before = len(met)
        met.update(held.reference for held in items)
        if items and not last and len(met) == before:
            raise Unreadable(f"{self.name} answers with the same page again and again")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A page on its way."""

    task: asyncio.Future[Answer]
    event: asyncio.Event

    async def sent(self) -> None:
        """Wait until the request has left, so that the server works while we do."""
        self.task.add_done_callback(lambda _: self.event.set())
        await self.event.wait()

    async def answer(self) -> Answer:
        return await self.task

    async def cancel(self) -> None:
        """Drop it where nobody will ask for it any more."""
        if not self.task.done():
            self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await self.task


def _bundle(name: str, answer: Answer) -> JsonObject:
    """Read a page quickly: what is written back is read again, exactly."""
    if not is_json(answer.headers):
        raise Unreadable(f"{name} answered with another content type than JSON in UTF-8")
    found: Any = None
    with contextlib.suppress(ValueError, RecursionError):
        found = json.loads(answer.body, parse_float=Number, parse_int=Number)
    if not isinstance(found, dict) or found.get("resourceType") != "Bundle":
        raise Unreadable(f"{name} answers a search with something else than its result")
    return found


def _items(bundle: JsonObject, type_: str, length: int) -> list[Held]:
    found: list[Held] = []
    for entry in _objects(bundle.get("entry")):
        role = entry.get("search")
        if isinstance(role, dict) and role.get("mode", "match") != "match":
            continue
        held = _held(entry.get("resource"), type_, length)
        if held is not None:
            found.append(held)
    return found


def _held(resource: object, type_: str, length: int) -> Held | None:
    """Return a resource with its version; None for what names neither, which nobody could use."""
    if not isinstance(resource, dict) or resource.get("resourceType") != type_:
        return None
    id_, version = resource.get("id"), version_of(resource)
    if not is_id(id_) or version is None:
        return None
    # In a page no larger than one Task may be, nothing in it is.
    size = length if length <= MAX_TASK else len(encode(resource))
    return Held(resource, f"{type_}/{id_}", version, size)


def _date(headers: httpx.Headers) -> datetime:
    """Return the server's time; without it a cursor could only be guessed."""
    try:
        found = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        found = None
    if found is None:
        raise Unreadable("the hub's answer bears no Date, so nothing newer could be told apart")
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
