"""Ending the connection that a request came by, as networks do."""

from __future__ import annotations

import asyncio
import socket
import struct

from starlette.types import Receive, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

STATE = "countersign.connection"
_NO_LINGER = struct.pack("ii", 1, 0)


class Connection:
    """The connection of one request."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def drop(self) -> None:
        """Close it once what was written has left."""
        self._transport.close()

    def reset(self) -> None:
        """End it with a TCP reset."""
        raw = self._transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()


class BreakableProtocol(H11Protocol):
    """uvicorn's protocol that hands the application its connection, in the request's state."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Keep the connection where each request of it finds it."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, STATE: Connection(transport)}


def connection_of(scope: Scope) -> Connection:
    """Return the connection that a request came by; RuntimeError where it came by none."""
    found: Connection | None = scope.get("state", {}).get(STATE)
    if found is None:
        raise RuntimeError("faults need a real connection: serve the sandbox on loopback")
    return found


async def gone(receive: Receive) -> None:
    """Wait until the server knows that the connection has ended."""
    while (await receive())["type"] != "http.disconnect":
        pass
