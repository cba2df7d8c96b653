"""Walking through the pages of a search, the next one asked for while this one is worked on.

Every page is guarded: its links stay within the base, none comes twice, there are not too many, and
one poisoned entry does not stop the rest; nor does a page too large to be read, which is asked for
again in smaller ones. Source: hub-protocol §7, FHIR R4 bundle.html.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from core.canonical import JsonObject
from core.errors import Unreachable
from core.ports_hub import Held, Page
from sync.fhir.answers import require_ok
from sync.fhir.channel import Answer, Channel, Outgoing, log_answer, log_failure, read_body
from sync.fhir.errors import Unreadable
from sync.fhir.urls import Base
from sync.hub.bundles import bundle_of, date_of, items_of, objects
from sync.wire import FIRST_BYTE, httpx

COUNT = 100
"""How many resources a page is asked to have."""
FEWER = 10
"""By how much that is divided after a page that was too large."""


class TooLarge(Unreadable):
    """The body of a page exceeds what is read of one answer."""


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
        amount = _Amount()
        asked = self._begin(first)
        try:
            while amount.asked < self.max_pages * COUNT:
                try:
                    answer = await asked.answer()
                except TooLarge:
                    asked = self._begin(amount.fewer(asked.outgoing))
                    continue
                amount.count_page()
                require_ok(self.name, answer)
                bundle = bundle_of(self.name, answer)
                following = self._next(bundle, links)
                if following is not None:
                    asked = self._begin(Outgoing("GET", following, first.headers))
                    await asked.sent()
                items = items_of(bundle, type_, len(answer.body))
                self._check_progress(items, met, last=following is None)
                at = at or date_of(answer.headers)
                yield Page(items, at)
                if following is None:
                    return
            raise Unreadable(f"{self.name} answers with more than {self.max_pages:,} pages")
        finally:
            await asked.cancel()

    def _begin(self, outgoing: Outgoing) -> _Asked:
        event = asyncio.Event()
        return _Asked(outgoing, asyncio.ensure_future(self._fetch(outgoing, event)), event)

    async def _fetch(self, outgoing: Outgoing, sent: asyncio.Event) -> Answer:
        answer = await self._once(await self.authorize(outgoing, rejected=False), sent)
        if answer.status == 401:
            answer = await self._once(await self.authorize(outgoing, rejected=True), sent)
        return answer

    async def _once(self, outgoing: Outgoing, sent: asyncio.Event) -> Answer:
        async def trace(event: str, _info: Any) -> None:
            if event == FIRST_BYTE:
                sent.set()

        bounds = self.channel.bounds
        begun = time.monotonic()
        try:
            async with (
                asyncio.timeout(bounds.deadline),
                self.channel.stream(outgoing, {"trace": trace}) as response,
            ):
                body = await _body(response, self.name, bounds.max_bytes)
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
            for link in objects(bundle.get("link"))
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
        met.update(f"{held.reference}/{held.version}" for held in items)
        if items and not last and len(met) == before:
            raise Unreadable(f"{self.name} answers with the same page again and again")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A page on its way."""

    outgoing: Outgoing
    task: asyncio.Future[Answer]
    event: asyncio.Event

    async def sent(self) -> None:
        """Wait until the request leaves, so that the server works while we do.

        The network hands a request without a body over whole in the turn of the loop in which it
        tells FIRST_BYTE.
        """
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


class _Amount:
    """How many resources a page is asked to have: fewer from a page on that was too large.

    A cluster of large Tasks, which any agent may post, must not stop the sync. It stays at fewer
    to the end of the walk: a server whose links count pages would else leave some out.
    """

    def __init__(self) -> None:
        self._count = COUNT
        self.asked = 0

    def count_page(self) -> None:
        """Add a page that came to `asked`, in resources."""
        self.asked += self._count

    def fewer(self, outgoing: Outgoing) -> Outgoing:
        """Return the same request for fewer; TooLarge where it asks for one, or for no number."""
        if self._count == 1 or "_count" not in outgoing.url.params:
            raise TooLarge(
                "the hub answers with more bytes than are read of one answer",
                remedy="Find the over-large Task on the hub and remove it",
            )
        self._count = max(self._count // FEWER, 1)
        return replace(outgoing, url=outgoing.url.copy_set_param("_count", str(self._count)))


async def _body(response: httpx.Response, name: str, limit: int) -> bytes:
    encoding = response.headers.get("content-encoding", "identity")
    try:
        return await read_body(response, name, limit)
    except Unreadable as error:
        if encoding.strip().lower() != "identity":
            raise
        problem = error.problem
    raise TooLarge(problem)
