"""The hub over HTTP: pages of what changed, one resource, one PUT If-Match.

Source: hub-protocol §4, §7 (query, no-cache, next links), FHIR R4 http.html and search.html.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from core.canonical import JsonObject, encode
from core.errors import BadInput, Refused
from core.ledger.event import instant
from core.ports_hub import Held, Lost, Page
from sync.fhir.answers import document, failure, fetched, is_absent, require_ok
from sync.fhir.channel import Answer, Bounds, Channel, Hear, Outgoing
from sync.fhir.errors import Unreadable, WrongAnswer
from sync.fhir.sending import FHIR_JSON
from sync.fhir.tokens import Tokens
from sync.fhir.urls import Base, split_reference
from sync.hub.bundles import is_whole
from sync.hub.paging import COUNT, Pages
from sync.wire import httpx

SCOPE = "system/Task.rus system/Provenance.crs system/Library.r"
CODE = "urn:countersign:task|proposal,urn:countersign:task|withdraw"
MAX_PAGES = 2_000
FRESH = {"Accept": FHIR_JSON, "Cache-Control": "no-cache"}
# Another version, or one that the server holds back: go and read.
LOST = frozenset({304, 409, 412})
# A server without vread: its history is asked for instead.
NO_VREAD = frozenset({400, 405, 501})
MAX_HISTORY = 20
# What a server says that it will never take, whoever asks and however often.
NEVER = frozenset({400, 403, 404, 405, 410, 413, 415, 422, 501})


class HubClient:
    """The FHIR server that carries Tasks and Provenance; implements core.ports.Hub.

    `tokens` is the source of the approve plane; a server that asks for none must be on loopback.
    Use `async with`; one event loop. `transport` replaces the network in tests.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        tokens: Tokens,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        bounds: Bounds | None = None,
        hear: Hear | None = None,
        scope: str = SCOPE,
        max_pages: int = MAX_PAGES,
    ) -> None:
        self.name = name
        self._base = Base(base_url)
        if not tokens.authenticated and not self._base.loopback:
            raise BadInput(
                "only a server on this machine's loopback may be used without a token",
                field="base_url",
                remedy="Register a client with the hub",
            )
        self._tokens = tokens
        self._scope = scope
        self._max_pages = max_pages
        self._channel = Channel(name, transport=transport, bounds=bounds, hear=hear)

    def __repr__(self) -> str:
        return f"HubClient({self.name!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections, those of the token source too."""
        await self._channel.aclose()
        await self._tokens.aclose()

    async def changed(self, type_: str, since: datetime | None) -> AsyncIterator[Page]:
        """Yield pages of what changed at or after `since`; see core.ports.Hub.

        The next page is asked for while the caller works on this one.
        """
        query = {"_sort": "_lastUpdated", "_count": str(COUNT)}
        if type_ == "Task":
            query = {"code": CODE, **query}
        if since is not None:
            query["_lastUpdated"] = f"ge{instant(since)}"
        async for page in self._pages(type_, query):
            yield page

    async def listed(self, type_: str) -> Mapping[str, str]:
        """Return reference → version of everything that `changed` would ever yield."""
        query = {"_sort": "_lastUpdated", "_count": str(COUNT), "_elements": "id,meta"}
        if type_ == "Task":
            query = {"code": CODE, **query}
        found: dict[str, str] = {}
        async for page in self._pages(type_, query):
            found.update({held.reference: held.version for held in page.items})
        return found

    async def read(self, reference: str) -> Held | None:
        """Read it exactly, numbers as they are written; see core.ports.Hub.

        Refused for what is JSON but cannot be written back as it is (duplicate keys, lone
        surrogates, too deep): asking again would not help, and must not hold up the others.
        """
        type_, id_ = split_reference(reference)
        answer = await self._ask(Outgoing("GET", self._base.of_resource(type_, id_), FRESH))
        if is_absent(self.name, answer):
            return None
        require_ok(self.name, answer)
        found = fetched(self.name, self._exact(answer), type_, id_)
        if not found.version:
            raise WrongAnswer(f"{self.name} answered with a resource that names no version")
        return Held(found.resource, reference, found.version, len(answer.body))

    async def replace(self, held: Held, resource: JsonObject) -> None:
        """PUT the whole resource If-Match; see core.ports.Hub.

        A rejected token is replaced once: the condition makes a repeat harmless.
        """
        type_, id_ = split_reference(held.reference)
        headers = {
            **FRESH,
            "Content-Type": FHIR_JSON,
            "If-Match": f'W/"{held.version}"',
            "Prefer": "return=minimal",
        }
        url = self._base.of_resource(type_, id_)
        answer = await self._ask(Outgoing("PUT", url, headers, encode(resource)))
        if answer.status in (200, 201, 204):
            return
        if answer.status in LOST:
            raise Lost
        # A web page instead is no word of the FHIR server, and raises here.
        is_absent(self.name, answer)
        if answer.status in NEVER:
            raise Refused(
                f"{self.name} does not take a Task ({answer.status})",
                remedy="Check the client's scopes, and whether the server accepts such a Task",
            )
        raise failure(self.name, answer)

    async def create(self, resource: JsonObject) -> str:
        """POST it; see core.ports.Hub. A rejected token is replaced once: nothing was stored."""
        type_ = str(resource.get("resourceType"))
        headers = {**FRESH, "Content-Type": FHIR_JSON, "Prefer": "return=minimal"}
        outgoing = Outgoing("POST", self._base.of_type(type_), headers, encode(resource))
        answer = await self._ask(outgoing)
        if answer.status in (200, 201):
            named = self._base.named(answer.headers.get("location"))
            if named is None or named.type != type_:
                raise WrongAnswer(f"{self.name} stored a {type_} and does not say where")
            return named.reference
        is_absent(self.name, answer)
        if answer.status in NEVER:
            raise Refused(
                f"{self.name} does not take a {type_} ({answer.status})",
                remedy="Check the client's scopes, and whether the server accepts such a resource",
            )
        raise failure(self.name, answer)

    async def about(self, reference: str) -> Sequence[Held]:
        """Return the Provenance about it; see core.ports.Hub."""
        split_reference(reference)
        query = {"target": reference, "_count": str(COUNT)}
        return [one async for page in self._pages("Provenance", query) for one in page.items]

    async def version(self, reference: str, version: str) -> Held | None:
        """Read one version exactly; see core.ports.Hub."""
        type_, id_ = split_reference(reference)
        answer = await self._ask(
            Outgoing("GET", self._base.of_resource(type_, id_, version), FRESH)
        )
        if is_absent(self.name, answer) or answer.status in NO_VREAD:
            return None
        require_ok(self.name, answer)
        found = fetched(self.name, self._exact(answer), type_, id_)
        return Held(found.resource, reference, found.version or version, len(answer.body))

    async def history(self, reference: str) -> Sequence[Held]:
        """Return the versions that the server lists, oldest first; see core.ports.Hub."""
        type_, id_ = split_reference(reference)
        url = self._base.at(type_, id_, "_history").copy_merge_params({"_count": str(COUNT)})
        pages = Pages(self.name, self._base, self._channel, self._authorized, MAX_HISTORY)
        found: list[Held] = []
        async for page in pages.walk(type_, Outgoing("GET", url, FRESH)):
            found += [one for one in page.items if one.reference == reference]
        return _in_order(found)

    def _exact(self, answer: Answer) -> JsonObject:
        try:
            return document(self.name, answer)
        except Unreadable:
            if not is_whole(answer):
                raise
        raise Refused(
            f"{self.name} holds a resource that cannot be written back as it is",
            remedy="Have it removed from the hub and proposed anew",
        )

    def _pages(self, type_: str, query: Mapping[str, str]) -> AsyncIterator[Page]:
        url = self._base.of_type(type_).copy_merge_params(query)
        first = Outgoing("GET", url, {**FRESH, "Prefer": "handling=strict"})
        pages = Pages(self.name, self._base, self._channel, self._authorized, self._max_pages)
        return pages.walk(type_, first)

    async def _ask(self, outgoing: Outgoing) -> Answer:
        answer = await self._channel.fetch(await self._authorized(outgoing, rejected=False))
        if answer.status != 401:
            return answer
        return await self._channel.fetch(await self._authorized(outgoing, rejected=True))

    async def _authorized(self, outgoing: Outgoing, *, rejected: bool) -> Outgoing:
        """Add a token; a new one where the last one was rejected."""
        token = await self._tokens.token(self._scope)
        if rejected:
            self._tokens.drop(token)
            token = await self._tokens.token(self._scope)
        return outgoing.adding(token.headers())


def _in_order(listed: list[Held]) -> list[Held]:
    """Return versions oldest first, of which a server lists the newest first.

    A server that lists by the time of each may be wrong about two written at once: HAPI stamps a
    version before it numbers it. Where versions are numbers, those decide.
    """
    if all(one.version.isascii() and one.version.isdecimal() for one in listed):
        return sorted(listed, key=lambda one: int(one.version))
    return listed[::-1]
