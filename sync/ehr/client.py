"""The FHIR client: reads with the read plane, sends writes once, follows nothing.

Source: design §9 (the FHIR client), hub-protocol §6 step 7 (the last guards run in the transport's
`send_request_headers.started` event, after pool wait, DNS, TCP and TLS and before the first byte).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Protocol, Self

from core.canonical import JsonObject
from core.errors import Failed, Refused, Unreachable
from core.ports import Capability, Fetched, Grant, NotSent, OutcomeUnknown, Request, Response
from sync.ehr import answers
from sync.ehr.addresses import check_base, instance_path, split_reference, within
from sync.ehr.capability import capability_of
from sync.ehr.tokens import Token
from sync.wire import httpx

READ_SCOPE = "system/*.rs"
FIRST_BYTE = ".send_request_headers.started"
MAX_PAGES = 50
DEADLINE_S = 60.0
TIMEOUT = httpx.Timeout(20.0, connect=10.0)


class Tokens(Protocol):
    """Where tokens come from."""

    async def token(self, scope: str) -> Token:
        """Return a token of exactly this scope."""

    def drop(self, scope: str) -> None:
        """Forget a token that the server did not accept."""


class FhirClient:
    """One FHIR server. Implements `core.ports.Ehr`; use it as an async context manager."""

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        read: Tokens,
        write: Tokens,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        deadline_s: float = DEADLINE_S,
    ):
        self.name = name
        self.base_url = check_base(base_url)
        self._read = read
        self._write = write
        self._deadline_s = deadline_s
        self._metadata: JsonObject | None = None
        self._http = httpx.AsyncClient(
            transport=transport or httpx.AsyncHTTPTransport(retries=0),
            timeout=timeout,
            trust_env=False,
            follow_redirects=False,
            headers={"Accept": "application/fhir+json"},
        )

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
        await self._http.aclose()

    async def read(self, reference: str, version: str | None = None) -> Fetched | None:
        """Read `Type/id`, or that version of it; None when there is none. Raises Unreachable."""
        type_, id_ = split_reference(reference)
        path = instance_path(type_, id_, version)
        async with self._get(self.base_url + path) as response:
            if response.status_code in (404, 410):
                return None
            _check_read(response.status_code)
            resource = answers.resource_in(response, await answers.body(response))
            if (resource.get("resourceType"), resource.get("id")) != (type_, id_):
                raise answers.WrongAnswer("the EHR answered with another resource")
            found = answers.fetched(resource, response)
        if version is not None and found.version != version:
            raise answers.WrongAnswer("the EHR answered with another version")
        return found

    async def search(self, type_: str, parameters: Mapping[str, str]) -> Sequence[Fetched]:
        """Return all matches, page by page; raises Unreachable.

        Only identifiers of ours and references go into an address, never what names a person.
        """
        query = httpx.QueryParams(dict(parameters))
        link: str | None = f"{self.base_url}{instance_path(type_, None)}?{query}"
        found: list[Fetched] = []
        seen: set[str] = set()
        while link is not None:
            if link in seen or len(seen) >= MAX_PAGES:
                raise Unreachable("the EHR's pages do not end")
            seen.add(link)
            async with self._get(link) as response:
                _check_read(response.status_code)
                page = answers.resource_in(response, await answers.body(response))
            found += _matches(page, type_)
            following = _next(page)
            link = None if following is None else within(self.base_url, following)
        return found

    async def capability(self, type_: str) -> Capability:
        """Return what the server says it can do; asked once a client."""
        if self._metadata is None:
            async with self._get(f"{self.base_url}/metadata", authorized=False) as response:
                _check_read(response.status_code)
                data = await answers.body(response)
                self._metadata = answers.resource_in(response, data)
        return capability_of(self._metadata, type_)

    async def grant(self, scope: str) -> Token:
        """Return a write token of exactly that scope. Raises Unreachable or Refused."""
        return await self._write.token(scope)

    async def send(
        self, request: Request, grant: Grant, before_first_byte: Callable[[], None]
    ) -> Response:
        """Send a write once; see `core.ports.Ehr.send`. There is no retry of any kind."""
        if not isinstance(grant, Token):
            raise TypeError("a write needs a token of this client")
        passed: list[bool] = []
        stopped: list[BaseException] = []

        async def trace(event: str, _info: Mapping[str, Any]) -> None:
            if event.endswith(FIRST_BYTE) and not passed:
                try:
                    before_first_byte()
                except BaseException as error:
                    stopped.append(error)
                    raise
                passed.append(True)

        try:
            response = await self._exchange(request, grant, trace)
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            if stopped:
                raise stopped[0] from None
            raise (OutcomeUnknown() if passed else NotSent()) from error
        if not passed:
            raise Failed("the transport does not trace its first byte; it must not carry writes")
        if response.status == 401:
            self._write.drop(grant.scope)
        return response

    async def _exchange(self, request: Request, grant: Token, trace: Any) -> Response:
        url = self.base_url + instance_path(request.type, request.id)
        headers = {
            **request.headers,
            **_bearer(grant),
            "Content-Type": "application/fhir+json",
            "Prefer": "return=representation",
        }
        async with (
            asyncio.timeout(self._deadline_s),
            self._http.stream(
                request.method,
                url,
                content=request.body,
                headers=headers,
                extensions={"trace": trace},
            ) as response,
        ):
            return answers.written(self.base_url, response, await _rest(response))

    @asynccontextmanager
    async def _get(self, url: str, *, authorized: bool = True) -> AsyncIterator[httpx.Response]:
        """Yield the answer to a GET; a token that was not accepted is renewed once."""
        try:
            async with asyncio.timeout(self._deadline_s):
                for attempt in (1, 2):
                    token = await self._read.token(READ_SCOPE) if authorized else None
                    headers = {"Cache-Control": "no-cache", **_bearer(token)}
                    async with self._http.stream("GET", url, headers=headers) as response:
                        if response.status_code == 401 and token is not None and attempt == 1:
                            self._read.drop(READ_SCOPE)
                            continue
                        yield response
                        return
        except (httpx.HTTPError, TimeoutError, OSError):
            raise Unreachable(
                f"the EHR {self.name} cannot be reached", remedy="It will be tried again"
            ) from None


async def _rest(response: httpx.Response) -> bytes | None:
    """Return the body if it can be read; the status has arrived, so the outcome is known."""
    try:
        return await answers.body(response)
    except (httpx.HTTPError, Unreachable):
        return None


def _bearer(token: Token | None) -> dict[str, str]:
    if token is None or not token.value:
        return {}
    return {"Authorization": f"Bearer {token.value}"}


def _check_read(status: int) -> None:
    if status == 200:
        return
    if status in (401, 403):
        raise Refused("the EHR does not let the read client read this")
    if 300 <= status < 400:
        raise answers.WrongAnswer("the EHR answered with a redirect, which is not followed")
    raise Unreachable(f"the EHR answered {status} to a read")


def _matches(page: JsonObject, type_: str) -> list[Fetched]:
    found = []
    for entry in page.get("entry") or []:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == type_:
            found.append(answers.fetched(resource))
    return found


def _next(page: JsonObject) -> str | None:
    for link in page.get("link") or []:
        if isinstance(link, dict) and link.get("relation") == "next":
            url = link.get("url")
            return url if isinstance(url, str) else None
    return None
