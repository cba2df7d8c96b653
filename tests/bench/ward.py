"""A bare FHIR server in a process of its own: Patients, a delay; it keeps what it got.

Prints one JSON line `{base_url}` when it accepts connections; serves until it is ended. `POST
/fill` takes `{patients, delay_s}` and begins anew; `GET /got` returns the requests since then.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from sync.sandbox import serve
from tests.builders import PATIENT

FHIR = [(b"content-type", b"application/fhir+json")]
BUNDLE = json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": []}).encode()


SAID = {
    "interaction": [{"code": code} for code in ("read", "create", "update", "search-type")],
    "versioning": "versioned-update",
    "updateCreate": True,
    "conditionalCreate": True,
}
CAPABILITY = json.dumps(
    {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.0.1",
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {"type": type_, **SAID} for type_ in ("Patient", "Consent", "Provenance")
                ],
            }
        ],
    }
).encode()


class Ward:
    """An ASGI application; as little work a request as can be."""

    def __init__(self) -> None:
        self.delay_s = 0.0
        self.held: dict[str, dict[str, Any]] = {}
        self.got: list[dict[str, Any]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        body = await _body(receive)
        path, method = str(scope["path"]), str(scope["method"])
        if path in ("/fill", "/got"):
            await _answer(send, 200, self._control(path, body), [])
            return
        names = (b"if-match", b"if-none-match", b"if-none-exist", b"content-type", b"accept")
        headers = {k.decode(): v.decode() for k, v in scope["headers"] if k in names}
        query = scope["query_string"].decode()
        self.got.append({"method": method, "url": f"{path}?{query}" if query else path,
                         "headers": headers, "body": body.decode()})  # fmt: skip
        await asyncio.sleep(self.delay_s)
        status, found, named = self._fhir(method, path.removeprefix("/fhir/"), headers, body)
        await _answer(send, status, found, named)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message: Message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    def _control(self, path: str, body: bytes) -> bytes:
        if path == "/got":
            return json.dumps(self.got).encode()
        wanted = json.loads(body)
        self.delay_s, self.got = wanted["delay_s"], []
        if wanted.get("patients") is not None:
            self.held = {}
            for number in range(wanted["patients"]):
                self._store(f"Patient/p{number}", {**PATIENT, "id": f"p{number}"})
        return b"{}"

    def _store(self, reference: str, resource: dict[str, Any]) -> dict[str, Any]:
        before = self.held.get(reference)
        version = 1 if before is None else int(before["meta"]["versionId"]) + 1
        meta = {**resource.get("meta", {}), "versionId": str(version)}
        stored = {**resource, "meta": {**meta, "lastUpdated": "2026-11-23T08:00:00.000Z"}}
        self.held[reference] = stored
        return stored

    def _fhir(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        type_, _, id_ = path.partition("/")
        if type_ == "metadata":
            return 200, CAPABILITY, []
        if method == "GET" and id_:
            found = self.held.get(f"{type_}/{id_.partition('/')[0]}")
            return (404, b"", []) if found is None else (200, json.dumps(found).encode(), [])
        if method == "GET" or id_ == "_search":
            return 200, BUNDLE, []
        resource = json.loads(body)
        id_ = id_ or f"n{len(self.held)}"
        stored = self._store(f"{type_}/{id_}", {**resource, "id": id_})
        version = stored["meta"]["versionId"]
        named = [(b"etag", f'W/"{version}"'.encode()),
                 (b"location", f"{type_}/{id_}/_history/{version}".encode())]  # fmt: skip
        return 200 if method == "PUT" else 201, json.dumps(stored).encode(), named


async def _body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


async def _answer(send: Send, status: int, body: bytes, named: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send(
        {"type": "http.response.start", "status": status, "headers": [*FHIR, length, *named]}
    )
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve on a free port of loopback."""

    def ready(base_url: str, _token_url: str) -> None:
        sys.stdout.write(json.dumps({"base_url": base_url}) + "\n")
        sys.stdout.flush()

    serve(Ward(), 0, ready)


if __name__ == "__main__":
    main()
