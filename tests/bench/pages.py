"""A hub of 10,000 signed Tasks in a process of its own: 100 a page, 20 ms a page.

Prints one JSON line `{base_url, kid, x}` when it accepts connections; serves until it is ended.
"""

from __future__ import annotations

import asyncio
import json
import sys
from email.utils import formatdate

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.canonical import encode
from sync.keys.ring import Ed25519Signer
from sync.sandbox import serve
from tests.hub import HubAgent

TASKS = 10_000
PAGE = 100
DELAY_S = 0.02


def tasks() -> list[bytes]:
    """Return the Tasks as JSON."""
    signer = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(b"b" * 32))
    agent = HubAgent(signer=signer)
    found = []
    for number in range(TASKS):
        meta = {"versionId": "1", "lastUpdated": "2026-11-23T09:00:00Z"}
        found.append(encode({**agent.task(), "id": f"t{number}", "meta": meta}))
    return found


class Hub:
    """Answers the pages, the next one linked from each."""

    def __init__(self) -> None:
        self.tasks = tasks()

    async def task(self, request: Request) -> Response:
        start = int(request.query_params.get("page", "0")) * PAGE
        entries = [
            b'{"resource":%s,"search":{"mode":"match"}}' % found
            for found in self.tasks[start : start + PAGE]
        ]
        link = b""
        if start + PAGE < len(self.tasks):
            url = f"{request.base_url}fhir/Task?page={start // PAGE + 1}"
            link = json.dumps({"relation": "next", "url": url}).encode()
        body = b'{"resourceType":"Bundle","type":"searchset","link":[%s],"entry":[%s]}' % (
            link, b",".join(entries),
        )  # fmt: skip
        await asyncio.sleep(DELAY_S)
        return Response(
            body,
            media_type="application/fhir+json",
            headers={"Date": formatdate(usegmt=True)},
        )


def main() -> None:
    """Serve on a free port of loopback."""
    hub = Hub()
    app = Starlette(routes=[Route("/fhir/Task", hub.task)])
    signer = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(b"b" * 32))

    def ready(base_url: str, _token_url: str) -> None:
        line = {"base_url": base_url, "kid": signer.kid, "x": signer.x}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    serve(app, 0, ready)


if __name__ == "__main__":
    main()
