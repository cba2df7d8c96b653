"""FHIR servers in memory that are sound, or wrong in one way when several write at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from core.canonical import parse_object
from core.ports import OutcomeUnknown, Request, Response
from tests.fakes import FakeEhr, FakeGrant


async def together(
    calls: Sequence[Callable[[], Awaitable[Response | None]]],
) -> Sequence[Response | None]:
    return await asyncio.gather(*(call() for call in calls))


def without_condition(request: Request) -> Request:
    """Return the request as a server takes it that overlooks its condition."""
    return replace(request, headers={})


@dataclass
class Sound(FakeEhr):
    """Compares and sets in one step."""

    discarded: list[str] = field(default_factory=list)
    may_delete: bool = True

    async def software(self) -> str | None:
        return "Fake 1"

    async def discard(self, reference: str) -> bool:
        if self.may_delete:
            self.discarded.append(reference)
        return self.may_delete

    async def send(
        self, request: Request, grant: FakeGrant, before_first_byte: Callable[[], None]
    ) -> Response:
        before_first_byte()
        self.sent.append(request)
        return await self.carry_out(request)

    async def carry_out(self, request: Request) -> Response:
        return self._commit(request)


class Racy(Sound):
    """Compares first and sets afterwards, as if nobody else could come between."""

    async def carry_out(self, request: Request) -> Response:
        refusal = self._would_refuse(request)
        await asyncio.sleep(0)
        if refusal is not None:
            return refusal
        return self._commit(without_condition(request))

    def _would_refuse(self, request: Request) -> Response | None:
        """Ask a copy of this server, which holds the same and forgets what it is told."""
        twin = FakeEhr(versions={key: list(chain) for key, chain in self.versions.items()})
        answer = twin._commit(request)
        return None if answer.status == 201 else answer


class Overwriting(Sound):
    """Ignores If-None-Match: *, as HAPI FHIR JPA does."""

    async def carry_out(self, request: Request) -> Response:
        if "If-None-Match" not in request.headers:
            return self._commit(request)
        exists = f"{request.type}/{request.id}" in self.versions
        answer = self._commit(without_condition(request))
        return Response(200, answer.version, answer.location, None) if exists else answer


class Lying(Sound):
    """Refuses the losers, and stores what they sent all the same."""

    async def carry_out(self, request: Request) -> Response:
        answer = self._commit(request)
        if answer.status == 412 and request.id is not None:
            self.put(parse_object(request.body))
        return answer


class Forgetful(Sound):
    """Honours If-Match while many write, and forgets about it for the request that comes alone."""

    async def carry_out(self, request: Request) -> Response:
        late = "If-Match" in request.headers and b'"late"' in request.body
        return self._commit(without_condition(request) if late else request)


class Partial(Sound):
    """Stores the first half of a transaction whose second half fails, and says that all is well."""

    async def carry_out(self, request: Request) -> Response:
        one = self._store(request)
        if request.beside is None or one.status >= 400:
            return one
        return replace(one, beside=self._store(request.beside).status)


class Careless(Sound):
    """Stores the second half of a transaction whose first half is refused."""

    async def carry_out(self, request: Request) -> Response:
        answer = self._commit(request)
        if request.beside is not None and answer.status >= 400:
            self._store(request.beside)
        return answer


@dataclass
class Answering(Sound):
    """Answers every write with one status, or not at all, and stores nothing."""

    status: int | None = None

    async def carry_out(self, request: Request) -> Response:
        if self.status is None:
            raise OutcomeUnknown
        return Response(self.status, None, None, None)


@dataclass
class Throttling(Sound):
    """Is busy for one of the racers of every round."""

    count: int = 0

    async def carry_out(self, request: Request) -> Response:
        self.count += 1
        if self.count % 16 == 0:
            return Response(429, None, None, None)
        return self._commit(request)
