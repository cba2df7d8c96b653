"""The `Date` of every answer, by the clock that the server's own instants come from.

A client compares `meta.lastUpdated` with it; two clocks would let it miss what was stored between.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send


def dated(app: ASGIApp) -> ASGIApp:
    """Return the application with a Date on each answer; `app.state.clock` tells the time."""
    clock: Callable[[], datetime] = getattr(getattr(app, "state", None), "clock", _now)

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(clock().astimezone(UTC), usegmt=True).encode("ascii")
                headers: list[Any] = [*message.get("headers", ()), (b"date", date)]
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, receive, add)

    return answered


def _now() -> datetime:
    return datetime.now(UTC)
