"""The FHIR R4 client: the only way to an EHR, as core.ports.Ehr wants it.

Source: design §9 (write gateway), hub-protocol §6 step 7 and §8 (fetch).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from core.errors import BadInput, Refused
from core.ports import Capability, Fetched, Grant, NotSent, Request, Response
from sync.fhir.answers import document, etag, fetched, is_absent, require_ok
from sync.fhir.capability import NOTHING, capabilities
from sync.fhir.channel import Answer, Bounds, Channel, Hear, Outgoing
from sync.fhir.errors import Redirected, WrongAnswer
from sync.fhir.scratch import discard, software
from sync.fhir.searching import search
from sync.fhir.sending import FHIR_JSON, prepare, transmit
from sync.fhir.tokens import Token, Tokens
from sync.fhir.urls import Base, split_reference
from sync.wire import httpx

READ_SCOPE = "system/*.rs"

GONE = 410
"""What a server answers that knows that a resource was deleted."""


class FhirClient:
    """One FHIR server; implements core.ports.Ehr. Use `async with`, or `aclose` at the end.

    `reading` and `writing` are the token sources of two different clients (planes); without
    `writing` no write is granted. A client lives in one event loop. Its transport, if given, must
    tell a request's `trace` of FIRST_BYTE (`sync.wire`), and is closed with it.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        reading: Tokens,
        writing: Tokens | None,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        bounds: Bounds | None = None,
        hear: Hear | None = None,
        tls: ssl.SSLContext | None = None,
        read_scope: str = READ_SCOPE,
    ) -> None:
        self._base = Base(base_url)
        open_to_all = not all(tokens.authenticated for tokens in (reading, writing) if tokens)
        if open_to_all and not self._base.loopback:
            raise BadInput(
                "only a server on this machine's loopback may be used without a token",
                field="base_url",
                remedy="Register a client with the EHR",
            )
        self.name = name
        self.base_url = self._base.text
        self._reading = reading
        self._writing = writing
        self._read_scope = read_scope
        self._channel = Channel(name, transport=transport, bounds=bounds, tls=tls, hear=hear)
        self._capabilities: Mapping[str, Capability] | None = None
        self._asking = asyncio.Lock()

    def __repr__(self) -> str:
        return f"FhirClient({self.name!r})"

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
        """Close all connections, those of the token sources too."""
        await self._channel.aclose()
        await self._reading.aclose()
        if self._writing is not None:
            await self._writing.aclose()

    async def read(self, reference: str, version: str | None = None) -> Fetched | None:
        """Read `Type/id`, or that version of it; None when there is none (404, 410).

        Its version is empty where the server names none. Raises BadInput for a malformed
        reference, Refused for 403, Unreachable and its kinds (sync.fhir.errors) for all else.
        """
        type_, id_ = split_reference(reference)
        answer = await self._ask(self._get(self._base.of_resource(type_, id_, version)))
        if is_absent(self.name, answer):
            return None
        try:
            require_ok(self.name, answer)
        except Redirected as moved:
            moved.to_record = self._base.named(answer.headers.get("location")) is not None
            raise
        resource = document(self.name, answer)
        found = fetched(self.name, resource, type_, id_, etag(answer.headers) or version)
        if version is not None and found.version != version:
            raise WrongAnswer(f"{self.name} answered with another version than was asked for")
        return found

    async def deleted(self, reference: str) -> bool:
        """Tell whether there was such a resource and it was deleted; raises as `read` does.

        False where the server answers 404 for what is deleted too (FHIR R4 http.html, delete).
        """
        type_, id_ = split_reference(reference)
        answer = await self._ask(self._get(self._base.of_resource(type_, id_)))
        if is_absent(self.name, answer):
            return answer.status == GONE
        require_ok(self.name, answer)
        return False

    async def search(self, type_: str, parameters: Mapping[str, str]) -> Sequence[Fetched]:
        """Return all matches of that type, each resource once; raises as `read` does.

        What could tell of a patient goes by POST `_search`, never into a URL.
        """
        return await search(
            self.name, self._base, self._ask, type_, parameters, self._channel.bounds
        )

    async def capability(self, type_: str) -> Capability:
        """Return what the server's CapabilityStatement offers; it is read once, until `refresh`."""
        async with self._asking:
            if self._capabilities is None:
                self._capabilities = await self._metadata()
            return self._capabilities.get(type_, NOTHING)

    def refresh(self) -> None:
        """Forget the CapabilityStatement; the next question reads it again."""
        self._capabilities = None

    async def software(self) -> str | None:
        """Return the server's name and version, as its CapabilityStatement states them."""
        answer = await self._statement()
        return software(document(self.name, answer))

    async def discard(self, reference: str) -> bool:
        """Delete a probe's scratch resource; False where this client may not, or nothing tells.

        Raises BadInput for anything else than a scratch resource's type.
        """
        return await discard(self._base, self._channel, self._writing, reference)

    async def grant(self, scope: str) -> Grant:
        """Return a write token of exactly that scope; raises Unreachable or Refused."""
        if self._writing is None:
            raise Refused(
                f"this workspace holds no write key for {self.name}",
                remedy="Send from the gateway's workspace",
            )
        return await self._writing.token(scope, exact=True)

    async def send(
        self, request: Request, grant: Grant, before_first_byte: Callable[[], None]
    ) -> Response:
        """Send a write once; see sync.fhir.sending.transmit for what it raises.

        `grant` must come from this client; one that is no longer alive is NotSent. A grant that
        the server rejects is forgotten, and the write is not sent again.
        """
        if not isinstance(grant, Token) or grant.issuer is not self._writing:
            raise TypeError("a write is sent with a grant of the same client")
        outgoing = prepare(self._base, request)
        if not grant.alive():
            raise NotSent(f"the write token for {self.name} is about to expire")
        response = await transmit(
            self._channel,
            self._base,
            outgoing.adding(grant.headers()),
            before_first_byte,
            pair=request if request.beside is not None else None,
        )
        if response.status == 401:
            grant.issuer.drop(grant)
        return response

    def _get(self, url: httpx.URL) -> Outgoing:
        return Outgoing("GET", url, {"Accept": FHIR_JSON, "Cache-Control": "no-cache"})

    async def _ask(self, outgoing: Outgoing) -> Answer:
        """Send a read with its token; a rejected token is replaced once."""
        token = await self._reading.token(self._read_scope)
        answer = await self._channel.fetch(outgoing.adding(token.headers()))
        if answer.status != 401:
            return answer
        self._reading.drop(token)
        token = await self._reading.token(self._read_scope)
        return await self._channel.fetch(outgoing.adding(token.headers()))

    async def _statement(self) -> Answer:
        outgoing = self._get(self._base.at("metadata"))
        answer = await self._channel.fetch(outgoing)
        if answer.status == 401:
            answer = await self._ask(outgoing)
        require_ok(self.name, answer)
        return answer

    async def _metadata(self) -> Mapping[str, Capability]:
        return capabilities(self.name, document(self.name, await self._statement()))
