"""The way from one process to the model server: loses, delays, repeats and answers wrongly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from core.errors import Moved as Redirected
from core.errors import Unreachable
from core.ports import Capability, Fetched, Grant, NotSent, OutcomeUnknown, Request, Response
from tests.sim.life import Life
from tests.sim.loop import VirtualLoop
from tests.sim.server import BASE, Moved, Server

TIMEOUT_S = 30.0
TOKEN_S = 300.0
SUSPENDED = ((130, 260), (200, 2000))
"""How long a process stands still: less than a token lives, or longer."""
T = TypeVar("T")


@dataclass(frozen=True)
class Faults:
    """How often each fault happens to one request."""

    lost_request: float = 0.10
    lost_response: float = 0.20
    duplicate: float = 0.05
    error_after_commit: float = 0.05
    """503 though it was stored."""
    not_sent: float = 0.03
    late: float = 0.25
    """Stored late, on a server that does so."""
    refused: float = 0.02
    """429 or 401 without storing."""
    suspend: float = 0.004
    """The process stands still for many minutes."""


USUAL = Faults()
CALM = Faults(0, 0, 0, 0, 0, 0, 0, 0)


class SimGrant:
    """A write token with the life that the design gives it."""

    def __init__(self, loop: VirtualLoop, scope: str):
        self.scope = scope
        self._loop = loop
        self._until = loop.time() + TOKEN_S

    def alive(self) -> bool:
        return self._loop.time() < self._until - 30


class Wire:
    """Implements `core.ports.Ehr` for one process."""

    name = "sandbox"
    base_url = BASE

    def __init__(
        self,
        loop: VirtualLoop,
        server: Server,
        life: Life,
        faults: Faults,
        handed: Callable[[Life, Request], None] = lambda _life, _request: None,
        suspended: Callable[[Life], None] = lambda _life: None,
    ):
        self._loop = loop
        self._server = server
        self._life = life
        self._faults = faults
        self._handed = handed
        self._suspended = suspended

    async def read(self, reference: str, version: str | None = None) -> Fetched | None:
        return await self._ask("read", lambda: self._server.read(reference, version))

    async def deleted(self, reference: str) -> bool:
        return await self._ask("deleted", lambda: self._server.gone(reference))

    async def search(self, type_: str, parameters: Mapping[str, str]) -> Sequence[Fetched]:
        return await self._ask("search", lambda: self._server.search(type_, parameters))

    async def capability(self, type_: str) -> Capability:
        creates = self._server.personality.update_create
        return await self._ask(
            "capability", lambda: Capability(True, True, creates, True, True, True)
        )

    async def grant(self, scope: str) -> Grant:
        return await self._ask("grant", lambda: SimGrant(self._loop, scope))

    async def send(
        self, request: Request, grant: Grant, before_first_byte: Callable[[], None]
    ) -> Response:
        life, chance = self._life, self._life.chance
        await self._stand("connect")
        if chance.happens("not-sent", self._faults.not_sent):
            raise NotSent
        before_first_byte()
        life.alive()
        self._handed(life, request)
        answer: asyncio.Future[Response] = self._loop.create_future()
        self._dispatch(request, answer)
        life.passes(f"sent {request.type}")
        try:
            return await self._wait(asyncio.wait_for(answer, TIMEOUT_S))
        except TimeoutError:
            raise OutcomeUnknown from None
        finally:
            life.alive()

    def _dispatch(self, request: Request, answer: asyncio.Future[Response]) -> None:
        """Give the request to the network, whose fate does not depend on the sender's life."""
        chance, faults = self._life.chance, self._faults
        lost = chance.happens("lost-request", faults.lost_request)
        twice = chance.happens("duplicate", faults.duplicate)
        mute = chance.happens("lost-response", faults.lost_response)
        broken = chance.happens("503-after-commit", faults.error_after_commit)
        late = self._server.personality.late_s and chance.happens("late-commit", faults.late)
        refused = chance.happens("refused-without-storing", faults.refused)
        there = chance.between(0.01, 1.5)
        self._server.sends += 1
        arrive = partial(self._arrive, self._server.sends, request)
        if refused and not lost:
            self._loop.call_later(there, _answer, answer, Response(429, None, None, None), mute)
            return
        delay = there + (TIMEOUT_S + self._server.personality.late_s if late else 0)
        if not lost:
            self._loop.call_later(delay, arrive, answer, mute, broken)
        if twice:
            again = delay + chance.between(0.0, 40.0 if chance.rng.random() < 0.5 else 0.5)
            nobody: asyncio.Future[Response] = self._loop.create_future()
            self._loop.call_later(again, arrive, nobody, True, False)

    def _arrive(
        self,
        send: int,
        request: Request,
        answer: asyncio.Future[Response],
        mute: bool,
        broken: bool,
    ) -> None:
        self._server.send = send
        found = (
            self._server.judge(request) if request.beside is None else self._server.pair(request)
        )
        if found is None and self._server.personality.racy_s:
            wait = self._life.chance.between(0, self._server.personality.racy_s)
            self._loop.call_later(wait, self._store, send, request, answer, mute, broken)
        elif found is None:
            self._store(send, request, answer, mute, broken)
        else:
            self._reply(found, answer, mute, broken)

    def _store(
        self,
        send: int,
        request: Request,
        answer: asyncio.Future[Response],
        mute: bool,
        broken: bool,
    ) -> None:
        self._server.send = send
        stored = self._server.store(request)
        if (
            stored.status == 201
            and self._server.personality.deletes
            and request.type != "Provenance"
        ):
            place, chance = str(stored.location), self._life.chance
            if chance.happens("deleted-by-another", 0.5):
                self._loop.call_later(chance.between(0.1, 30), self._server.delete, place)
        self._reply(stored, answer, mute, broken)

    def _reply(
        self, found: Response, answer: asyncio.Future[Response], mute: bool, broken: bool
    ) -> None:
        if broken:
            found = Response(503, None, None, None)
        self._loop.call_later(self._life.chance.between(0.01, 1.0), _answer, answer, found, mute)

    async def _ask(self, place: str, question: Callable[[], T]) -> T:
        chance = self._life.chance
        await self._stand(place)
        if chance.happens(f"lost-{place}", self._faults.lost_request):
            await self._wait(asyncio.sleep(TIMEOUT_S))
            raise Unreachable("no answer")
        try:
            found = question()
        except Moved:
            raise Redirected("answered with a redirect") from None
        await self._wait(asyncio.sleep(chance.between(0.005, 0.3)))
        self._life.passes(f"heard {place}")
        if chance.happens(f"unheard-{place}", self._faults.lost_response / 4):
            raise Unreachable("the answer was lost")
        return found

    async def _stand(self, place: str) -> None:
        """Pass a crash point on the way out; perhaps the whole process stands still for long."""
        self._life.passes(place)
        await self._wait(asyncio.sleep(self._life.chance.between(0.005, 0.3)))
        if self._life.chance.happens("suspend", self._faults.suspend):
            self._suspended(self._life)
            await asyncio.sleep(self._life.chance.between(*self._life.chance.rng.choice(SUSPENDED)))
        self._life.alive()

    async def _wait(self, what: Awaitable[T]) -> T:
        try:
            return await what
        finally:
            self._life.alive()


def _answer(answer: asyncio.Future[Response], found: Response, mute: bool) -> None:
    if not mute and not answer.done():
        answer.set_result(found)
