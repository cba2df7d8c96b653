"""A FHIR server with a limit, in virtual time; what arrived and what it refused is kept."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qs

from sync.wire import FIRST_BYTE, httpx
from tests.sync.fhir.servers import TOKEN_URL, answer
from tests.traffic.loop import now

LATENCY_S = 0.1


class Rule(Protocol):
    """How a server limits; `arrives` returns seconds of work, or None to refuse."""

    def arrives(self, at: float) -> float | None: ...


@dataclass
class Bucket:
    """So many a second, and a burst of what was saved up."""

    rate: float = 50.0
    burst: float = 10.0
    level: float = 10.0
    at: float = 0.0

    def arrives(self, at: float) -> float | None:
        self.level = min(self.burst, self.level + (at - self.at) * self.rate)
        self.at = at
        if self.level < 1:
            return None
        self.level -= 1
        return 0.0


@dataclass
class Workers:
    """Workers that take 0.1 s for each, and a short queue before them."""

    count: int = 5
    queue: int = 15
    free_at: list[float] = field(default_factory=lambda: [0.0] * 5)

    def arrives(self, at: float) -> float | None:
        first = min(range(self.count), key=lambda one: self.free_at[one])
        waiting = sum(max(0.0, free - at) for free in self.free_at) / LATENCY_S
        if waiting >= self.count + self.queue:
            return None
        self.free_at[first] = max(at, self.free_at[first]) + LATENCY_S
        return self.free_at[first] - at


@dataclass
class Window:
    """At most `calls` in each window of its own clock, which turns at `offset` seconds."""

    calls: int = 50
    span: float = 1.0
    offset: float = 0.0
    counted: Counter[int] = field(default_factory=Counter)
    most: int = 0

    def arrives(self, at: float) -> float | None:
        window = int((at - self.offset) // self.span)
        self.counted[window] += 1
        self.most = max(self.most, self.counted[window])
        return None if self.counted[window] > self.calls else 0.0


@dataclass
class Free:
    """No limit at all."""

    def arrives(self, at: float) -> float | None:
        return 0.0


class Server(httpx.AsyncBaseTransport):
    """Answers reads and writes of any Patient after a network's latency."""

    def __init__(
        self,
        rule: Rule,
        *,
        retry_after: int | None = None,
        latency: Callable[[], float] = lambda: LATENCY_S,
        life_s: int = 60,
    ) -> None:
        self.rule = rule
        self.retry_after = retry_after
        self.latency = latency
        self.life_s = life_s
        self.served: list[tuple[float, str]] = []
        self.refused: list[tuple[float, str]] = []
        self.tokens = 0
        self.statuses: deque[int | str] = deque()
        """What to answer instead: a status, or `lost` for no answer."""
        self.down = False
        self.methods: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        trace = request.extensions.get("trace")
        if trace:
            await trace(FIRST_BYTE, {})
        travel = self.latency() / 2
        await asyncio.sleep(travel)
        self.methods.append(request.method)
        status = self.statuses.popleft() if self.statuses else "lost" if self.down else 0
        if status == "lost":
            raise httpx.ReadError("lost")
        if status:
            return answer({"resourceType": "OperationOutcome"}, int(status))
        what = request.headers.get("x-route") or request.url.path.rsplit("/", 1)[-1]
        work = self.rule.arrives(now())
        if work is None:
            self.refused.append((now(), what))
            await asyncio.sleep(travel)
            told = {} if self.retry_after is None else {"Retry_After": str(self.retry_after)}
            return answer({"resourceType": "OperationOutcome"}, 429, **told)
        self.served.append((now(), what))
        await asyncio.sleep(work + travel)
        if str(request.url) == TOKEN_URL:
            self.tokens += 1
            return self._token(request)
        return answer({"resourceType": "Patient", "id": what, "meta": {"versionId": "1"}})

    def _token(self, request: httpx.Request) -> httpx.Response:
        granted = parse_qs(request.content.decode())["scope"][0]
        token = {"access_token": f"t{self.tokens}", "token_type": "bearer",
                 "expires_in": self.life_s, "scope": granted}  # fmt: skip
        return httpx.Response(
            200, content=json.dumps(token).encode(), headers={"Content-Type": "application/json"}
        )

    def between(self, begin: float, end: float) -> tuple[int, int]:
        """Return how many it served and refused in a span."""
        return (
            sum(begin <= at < end for at, _ in self.served),
            sum(begin <= at < end for at, _ in self.refused),
        )
