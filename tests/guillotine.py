"""Killing a process at a request that it makes, counted where the requests arrive."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass
class Guillotine:
    """An ASGI application that ends a process at its nth request, before or after it is served."""

    app: ASGIApp
    pid: int | None = None
    at: int = 0
    after: bool = False
    count: int = 0
    urls: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.count += 1
        strikes = self.pid is not None and self.count == self.at
        if strikes and not self.after:
            self._strike()

        async def silent(_message: Message) -> None:
            return None

        await self.app(scope, receive, silent if strikes else send)
        if strikes and self.after:
            self._strike()

    def _strike(self) -> None:
        if self.pid is None:
            # It ended by itself while this request, asked for in advance, was served.
            return
        os.kill(self.pid, signal.SIGKILL)
        self.pid = None
