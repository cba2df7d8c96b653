"""An EHR behind its gate; implements `core.ports.Ehr`.

What is asked inside a slot goes through that slot; anything else takes one for itself, as a read.
Reads are tried again with backoff and jitter; a write never is, nor anything read for one: its
guards run again instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from core.errors import Unreachable
from core.ports import Capability, Ehr, Fetched, Grant, NotSent, Request, Response
from core.traffic.backoff import wait_s
from core.traffic.work import READING, Busy, Kind, Work
from sync.fhir.errors import Redirected, Throttled, Unreadable, WrongAnswer
from sync.traffic.gate import HELD, Gate

Found = TypeVar("Found")
FOR_GOOD = (Busy, Redirected, Unreadable, WrongAnswer)
"""What asking again would not change, or not soon."""


class Limited:
    """One EHR; `inner`'s transports must be metered by the same gate (`sync.traffic.Metered`)."""

    def __init__(self, inner: Ehr, gate: Gate) -> None:
        self.name = inner.name
        self.base_url = inner.base_url
        self._inner = inner
        self._gate = gate

    def __repr__(self) -> str:
        return f"Limited({self.name!r})"

    @asynccontextmanager
    async def slot(self, work: Work) -> AsyncIterator[None]:
        """Hold a slot of the gate; an open breaker that may be tried is tried first, by a read."""
        held = HELD.get()
        if held is not None and held.gate is self._gate:
            yield
            return
        if self._gate.door.state() != "closed":
            await self._try(work.probe)
        async with self._gate.slot(work):
            yield

    async def read(self, reference: str, version: str | None = None) -> Fetched | None:
        """Read as the port says; raises Busy too, which is Unreachable."""
        return await self._asked(lambda: self._inner.read(reference, version))

    async def deleted(self, reference: str) -> bool:
        """Tell as the port says; raises Busy too."""
        return await self._asked(lambda: self._inner.deleted(reference))

    async def search(self, type_: str, parameters: Mapping[str, str]) -> Sequence[Fetched]:
        """Search as the port says; raises Busy too."""
        return await self._asked(lambda: self._inner.search(type_, parameters))

    async def capability(self, type_: str) -> Capability:
        """Answer as the port says; raises Busy too."""
        return await self._asked(lambda: self._inner.capability(type_))

    async def grant(self, scope: str) -> Grant:
        """Get a write token as the port says, never tried again; raises Busy too."""
        async with self.slot(READING):
            return await self._inner.grant(scope)

    async def send(
        self, request: Request, grant: Grant, before_first_byte: Callable[[], None]
    ) -> Response:
        """Send a write once as the port says; what the gate does not let through is NotSent."""
        try:
            async with self.slot(READING):
                return await self._inner.send(request, grant, before_first_byte)
        except Busy as error:
            raise NotSent(error.problem) from None

    async def _asked(self, ask: Callable[[], Awaitable[Found]]) -> Found:
        held = HELD.get()
        if held is not None and held.gate is self._gate:
            if held.work.kind in (Kind.STAT, Kind.WRITE) or held.probing:
                return await ask()
            return await self._patiently(ask)
        probing = self._gate.door.state() != "closed"
        if probing:
            return await self._probe(ask)
        async with self._gate.slot(READING):
            return await self._patiently(ask)

    async def _patiently(self, ask: Callable[[], Awaitable[Found]]) -> Found:
        begun = self._gate.senses.monotonic()
        for attempt in range(1, 100):
            try:
                return await ask()
            except FOR_GOOD:
                raise
            except Unreachable as error:
                after = error.retry_after if isinstance(error, Throttled) else None
                took = self._gate.senses.monotonic() - begun
                wait = wait_s(attempt, took, after, self._gate.senses.unit)
                if wait is None or self._gate.door.state() != "closed":
                    raise
            await asyncio.sleep(wait)
        raise AssertionError("the number of attempts is bounded")

    async def _try(self, reference: str | None) -> None:
        if reference is None:
            raise Busy(f"{self.name} is left alone: it failed", self._gate.door.left())
        await self._probe(lambda: self._inner.read(reference))

    async def _probe(self, ask: Callable[[], Awaitable[Found]]) -> Found:
        """Ask once, to see whether the EHR answers again; Busy where it may not be asked yet."""
        door = self._gate.door
        if door.state() != "half-open":
            raise Busy(f"{self.name} is left alone: it failed", door.left())
        door.trying = True
        try:
            async with self._gate.slot(READING, probing=True):
                return await ask()
        finally:
            door.trying = False
