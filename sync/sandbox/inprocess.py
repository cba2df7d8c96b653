"""Calling the sandbox without a socket, from the same process."""

from __future__ import annotations

from starlette.types import ASGIApp

from sync.sandbox.app import FHIR_PATH, TOKEN_PATH
from sync.wire import FIRST_BYTE, httpx

ORIGIN = "http://127.0.0.1"
BASE_URL = ORIGIN + FHIR_PATH
TOKEN_URL = ORIGIN + TOKEN_PATH


class InProcessTransport(httpx.AsyncBaseTransport):
    """An httpx transport that hands requests to an ASGI application; use it with BASE_URL.

    Before the application sees anything, the request's `trace` extension hears FIRST_BYTE; when it
    raises, nothing is sent.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._inner = httpx.ASGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Report the sending, then pass the request on."""
        trace = request.extensions.get("trace")
        if trace is not None:
            await trace(FIRST_BYTE, {"request": request})
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._inner.aclose()
