"""The same faults under the real FHIR client: a smaller share of the runs goes through httpx."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from core.canonical import JsonObject, encode, parse_object
from core.errors import Moved, Unreachable
from core.ports import Fetched, NotSent, OutcomeUnknown, Request, Response
from sync.fhir import FhirClient
from sync.fhir.tokens import REUSED, Token
from sync.wire import FIRST_BYTE, httpx
from tests.sim.loop import VirtualLoop
from tests.sim.network import TOKEN_S, SimGrant, Wire
from tests.sim.server import BASE

PATH = "/fhir/"
TYPES = ("Patient", "Condition", "MedicationRequest", "Provenance", "Consent", "DocumentReference")


class SimTokens:
    """Tokens with the life that the design gives them, on the virtual clock."""

    authenticated = False

    def __init__(self, loop: VirtualLoop):
        self._loop = loop

    async def token(self, scope: str, *, exact: bool = False) -> Token:
        now = self._loop.time()
        return Token(scope, now + TOKEN_S, now + REUSED * TOKEN_S, self._loop.time, self, "")

    def drop(self, token: Token) -> None:
        """Nothing is kept."""

    async def aclose(self) -> None:
        """Nothing is open."""


class SimTransport(httpx.AsyncBaseTransport):
    """Turns HTTP into the model network's steps and their ends into HTTP, or an error of httpx."""

    def __init__(self, loop: VirtualLoop, wire: Wire, update_create: bool):
        self._loop = loop
        self._wire = wire
        self._update_create = update_create

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        parts = request.url.path.removeprefix(PATH).split("/")
        try:
            if parts[-1] == "_search":
                return await self._search(parts[0], httpx.QueryParams(body.decode()))
            if request.method == "GET" and len(parts) == 1 and parts != ["metadata"]:
                return await self._search(parts[0], request.url.params)
            if request.method == "GET":
                return await self._read(parts)
            return await self._write(request, parts, body)
        except Moved:
            return httpx.Response(301, headers={"Location": f"{BASE}/Patient/example"})
        except NotSent:
            raise httpx.ConnectError("refused") from None
        except (OutcomeUnknown, Unreachable):
            raise httpx.ReadTimeout("no answer") from None

    async def _read(self, parts: list[str]) -> httpx.Response:
        if parts == ["metadata"]:
            await self._wire.capability("")
            return _answer(200, _statement(self._update_create))
        version = parts[3] if len(parts) == 4 else None
        found = await self._wire.read("/".join(parts[:2]), version)
        if found is None and await self._wire.deleted("/".join(parts[:2])):
            return _answer(410, None)
        return _answer(404, None) if found is None else _answer(200, found.resource, found.version)

    async def _search(self, type_: str, asked: httpx.QueryParams) -> httpx.Response:
        return _bundle(await self._wire.search(type_, dict(asked)))

    async def _write(self, request: httpx.Request, parts: list[str], body: bytes) -> httpx.Response:
        names = ("If-Match", "If-None-Match", "If-None-Exist")
        headers = {name: request.headers[name] for name in names if name in request.headers}
        sent = Request(request.method, parts[0], _id(parts), headers, body)
        if request.url.path == PATH.rstrip("/"):
            sent = _pair(body)
        first = _first_byte(request.extensions["trace"])
        found = await self._wire.send(sent, SimGrant(self._loop, ""), first)
        return _written(found) if found.beside is None else _both_written(found)


def _pair(body: bytes) -> Request:
    """Return the two writes of a transaction."""
    one, other = map(_entry_request, parse_object(body)["entry"])
    return replace(one, beside=other)


def _entry_request(entry: JsonObject) -> Request:
    asked = entry["request"]
    names = {"ifMatch": "If-Match", "ifNoneMatch": "If-None-Match", "ifNoneExist": "If-None-Exist"}
    headers = {name: asked[key] for key, name in names.items() if key in asked}
    parts = asked["url"].split("/")
    return Request(asked["method"], parts[0], _id(parts), headers, encode(entry["resource"]))


def _id(parts: list[str]) -> str | None:
    return parts[1] if len(parts) > 1 else None


def client(loop: VirtualLoop, wire: Wire, update_create: bool) -> FhirClient:
    """Return the real client over the model network."""
    tokens = SimTokens(loop)
    transport = SimTransport(loop, wire, update_create)
    return FhirClient("sandbox", BASE, tokens, tokens, transport=transport)


def _first_byte(trace: Callable[[str, Any], Awaitable[None]]) -> Callable[[], None]:
    """Return the trace event as a plain call: what it runs never waits."""

    def tell() -> None:
        step: Any = trace(FIRST_BYTE, {})
        try:
            step.send(None)
        except StopIteration:
            return
        raise AssertionError("the trace event waited for something")

    return tell


def _written(found: Response) -> httpx.Response:
    headers = {}
    if found.location is not None:
        headers["Location"] = f"{BASE}/{found.location}/_history/{found.version}"
    return _answer(found.status, found.resource, found.version, **headers)


def _both_written(found: Response) -> httpx.Response:
    one: JsonObject = {"status": str(found.status)}
    if found.location is not None:
        one["location"] = f"{BASE}/{found.location}/_history/{found.version}"
    entries = [{"response": one}, {"response": {"status": str(found.beside)}}]
    return _answer(
        200, {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}
    )


def _answer(
    status: int, resource: JsonObject | None, version: str | None = None, **headers: str
) -> httpx.Response:
    named = {**headers, "Content-Type": "application/fhir+json"}
    if version is not None:
        named["ETag"] = f'W/"{version}"'
    body = b"" if resource is None else encode(resource)
    return httpx.Response(status, headers=named, content=body)


def _bundle(found: Any) -> httpx.Response:
    entries = [_entry(item) for item in found]
    return _answer(200, {"resourceType": "Bundle", "type": "searchset", "entry": entries})


def _entry(item: Fetched) -> JsonObject:
    return {
        "fullUrl": f"{BASE}/{item.reference}",
        "resource": item.resource,
        "search": {"mode": "match"},
    }


def _statement(update_create: bool) -> JsonObject:
    kinds: list[Any] = [
        {
            "type": type_,
            "interaction": [{"code": code} for code in ("create", "update", "search-type")],
            "updateCreate": update_create,
            "conditionalCreate": True,
            "versioning": "versioned",
        }
        for type_ in TYPES
    ]
    return {"resourceType": "CapabilityStatement", "rest": [{"mode": "server", "resource": kinds}]}
