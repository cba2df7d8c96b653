"""Serving the sandbox on this machine's loopback, in the main thread or beside it.

No request is logged: URLs and bodies may hold chart content.
"""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from core.errors import BadInput, Conflict, Failed
from sync.sandbox.app import FHIR_PATH, TOKEN_PATH
from sync.sandbox.dated import dated
from sync.sandbox.faults.connection import BreakableProtocol

LOOPBACK = "127.0.0.1"
GRACE = 3
"""Seconds that requests under way may take once serving ends."""
START = 30
"""Seconds within which a server in the background must accept connections."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Where a sandbox answers: the FHIR base (no trailing slash) and the token endpoint."""

    base_url: str
    token_url: str


def serve(
    app: ASGIApp, port: int, on_ready: Callable[[str, str], None], host: str = LOOPBACK
) -> None:
    """Serve from the main thread until SIGINT or SIGTERM, then return.

    `on_ready(base_url, token_url)` is called once connections are accepted. Port 0 picks a free
    one. BadInput for a host that is not loopback, Conflict for a port in use.
    """
    with _listening(host, port) as listener:
        place = _place(listener)
        server = _Server(app, lambda: on_ready(place.base_url, place.token_url))

        def stop(_number: int, _frame: FrameType | None) -> None:
            server.should_exit = True

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            asyncio.run(server.serve(sockets=[listener]))
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def serving(app: ASGIApp, port: int = 0, host: str = LOOPBACK) -> Iterator[Serving]:
    """Serve from a thread beside the caller, and stop when the context ends."""
    with _listening(host, port) as listener:
        settled = threading.Event()
        server = _Server(app, settled.set)

        def run() -> None:
            try:
                asyncio.run(server.serve(sockets=[listener]))
            finally:
                settled.set()

        thread = threading.Thread(target=run, name="sandbox", daemon=True)
        thread.start()
        try:
            if not settled.wait(START) or not server.started:
                raise Failed("the sandbox did not start", remedy="Try again")
            yield _place(listener)
        finally:
            server.should_exit = True
            thread.join(START)


class _Server(uvicorn.Server):
    """A uvicorn server that says when it is ready and leaves signals to us."""

    def __init__(self, app: ASGIApp, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                dated(app),
                access_log=False,
                log_config=None,
                log_level="error",
                lifespan="off",
                loop="asyncio",
                http=BreakableProtocol,
                ws="none",
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=GRACE,
            )
        )
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn raises a signal anew once it has stopped; callers here clean up and go on.
        yield


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    address = _loopback(host)
    if not 0 <= port <= 65535:
        raise BadInput("a port is 0 to 65535", field="port", remedy="Use 0 for a free one")
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    # asyncio switches Nagle's algorithm off only where the socket says that it is TCP.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((str(address), port))
        except OSError as error:
            raise Conflict(
                f"port {port} cannot be used: {error.strerror}", remedy="Use another, or 0"
            ) from None
        yield listener


def _loopback(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        address = ipaddress.ip_address(LOOPBACK if host == "localhost" else host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise BadInput(
            "the sandbox serves this machine alone", field="host", remedy=f"Use {LOOPBACK}"
        )
    return address


def _place(listener: socket.socket) -> Serving:
    host, port = listener.getsockname()[:2]
    origin = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    return Serving(origin + FHIR_PATH, origin + TOKEN_PATH)
