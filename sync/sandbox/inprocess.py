"""Calling the sandbox without a socket, from the same process."""

from __future__ import annotations

import httpx
from starlette.types import ASGIApp

from sync.sandbox.app import FHIR_PATH, TOKEN_PATH

ORIGIN = "http://127.0.0.1"
BASE_URL = ORIGIN + FHIR_PATH
TOKEN_URL = ORIGIN + TOKEN_PATH
SENDING = "http11.send_request_headers.started"


class InProcessTransport(httpx.AsyncBaseTransport):
    """An httpx transport that hands requests to an ASGI application; use it with BASE_URL.

    Before the application sees anything, the request's `trace` extension is called with the event
    that httpcore reports just before the first byte leaves; when it raises, nothing is sent.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._inner = httpx.ASGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Report the sending, then pass the request on."""
        trace = request.extensions.get("trace")
        if trace is not None:
            await trace(SENDING, {"request": request})
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._inner.aclose()
