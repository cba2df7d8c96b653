"""The model hub of a team: versions, If-Match, history, and the ways in which servers depart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from core.canonical import JsonObject, encode
from core.errors import Unreachable
from core.ports_hub import Held, Lost, Page
from tests.fakes import START
from tests.sim.chance import Chance

TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Personality:
    """How a server departs from a fair one."""

    name: str
    racy_s: float = 0.0
    """So long lies between its check of If-Match and its storing."""
    opaque: bool = False
    vreads: bool = True
    lag_s: float = 0.0
    """So long it takes until its history lists a version."""
    tick_s: float = 0.001
    """So coarse are its times."""
    shuffles: bool = False
    """Its history lists what bears one time newest first."""
    rewrites: bool = False
    """A client of it drops what others stored."""


PERSONALITIES = {
    one.name: one
    for one in (
        Personality("fair"),
        Personality("racy", racy_s=2.5),
        Personality("opaque", opaque=True, lag_s=60),
        Personality("no-vread", vreads=False, lag_s=20),
        Personality("rewriter", rewrites=True),
        Personality("racy-opaque", racy_s=1.0, opaque=True, lag_s=30),
        Personality("opaque-ticks", opaque=True, tick_s=30, shuffles=True),
    )
}


class TeamHub:
    """What the server stores, and when; its log is what the invariants go by."""

    def __init__(self, personality: Personality, now: Callable[[], float]):
        self.personality = personality
        self.chains: dict[str, list[tuple[float, Held]]] = {}
        self._now = now

    def post(self, resource: JsonObject) -> str:
        kind = str(resource["resourceType"])
        count = sum(name.startswith(kind) for name in self.chains)
        reference = f"{kind}/{count + 1}"
        self.chains[reference] = []
        self.store(reference, resource)
        return reference

    def store(self, reference: str, resource: JsonObject) -> None:
        chain = self.chains[reference]
        number = str(len(chain) + 1)
        version = f"x{number}" if self.personality.opaque else number
        tick = self.personality.tick_s
        at = START + timedelta(seconds=self._now() // tick * tick)
        meta: JsonObject = {"versionId": version, "lastUpdated": at.isoformat()}
        stored = {**resource, "meta": meta}
        chain.append((self._now(), Held(stored, reference, version, len(encode(stored)))))

    def current(self, reference: str) -> Held:
        return self.chains[reference][-1][1]

    def listed(self, reference: str) -> list[Held]:
        """Return what the history lists now."""
        old = self._now() - self.personality.lag_s
        found = [held for at, held in self.chains[reference] if at <= old]
        if not self.personality.shuffles:
            return found
        ticks = groupby(found, key=lambda held: held.resource["meta"]["lastUpdated"])
        return [held for _, same in ticks for held in reversed(list(same))]

    async def put(self, held: Held, resource: JsonObject, racing: float) -> None:
        if self.current(held.reference).version != held.version:
            raise Lost
        await asyncio.sleep(racing)
        self.store(held.reference, resource)


class TeamWire:
    """Implements `core.ports_hub.Hub` for one party: loses, delays and repeats."""

    name = "hub"

    def __init__(self, hub: TeamHub, chance: Chance):
        self._hub, self._chance = hub, chance

    async def read(self, reference: str) -> Held | None:
        await self._way("read")
        return self._hub.current(reference) if reference in self._hub.chains else None

    async def version(self, reference: str, version: str) -> Held | None:
        await self._way("vread")
        found = [held for _, held in self._hub.chains[reference] if held.version == version]
        return found[0] if found and self._hub.personality.vreads else None

    async def history(self, reference: str) -> list[Held]:
        await self._way("history")
        return self._hub.listed(reference)

    async def about(self, reference: str) -> list[Held]:
        await self._way("about")
        return [
            chain[-1][1]
            for name, chain in self._hub.chains.items()
            if name.startswith("Provenance")
            and {"reference": reference} in chain[-1][1].resource["target"]
        ]

    async def create(self, resource: JsonObject) -> str:
        late = await self._way("create", writes=True)
        reference = self._hub.post(resource)
        if self._chance.happens("duplicate", 0.05):
            self._hub.post(resource)
        await self._back("create", late=late)
        return reference

    async def replace(self, held: Held, resource: JsonObject) -> None:
        late = await self._way("replace", writes=True)
        most = self._hub.personality.racy_s
        racing = self._chance.between(0, most) if most else 0.0
        if self._chance.happens("duplicate", 0.08):
            twin = self._hub.put(held, resource, self._chance.between(0, most) if most else 0.0)
            done = await asyncio.gather(
                self._hub.put(held, resource, racing), twin, return_exceptions=True
            )
            if isinstance(done[0], BaseException):
                raise done[0]
        else:
            await self._hub.put(held, resource, racing)
        await self._back("replace", late=late)

    def changed(self, type_: str, since: datetime | None) -> AsyncIterator[Page]:
        raise NotImplementedError("no step of the protocol walks the hub")

    async def listed(self, type_: str) -> Mapping[str, str]:
        raise NotImplementedError("no step of the protocol lists the hub")

    async def _way(self, kind: str, *, writes: bool = False) -> bool:
        """Let a request travel; return whether its sender has given up on it meanwhile."""
        await asyncio.sleep(self._chance.between(0.05, 0.6))
        if not self._chance.happens("lost-request", 0.08):
            return False
        if writes and self._chance.happens("late", 0.3):
            await asyncio.sleep(self._chance.between(1, TIMEOUT_S))
            return True
        await asyncio.sleep(TIMEOUT_S)
        raise Unreachable(f"{kind}: the request was lost")

    async def _back(self, kind: str, *, late: bool) -> None:
        await asyncio.sleep(self._chance.between(0.05, 0.6))
        if late or self._chance.happens("lost-response", 0.12):
            await asyncio.sleep(TIMEOUT_S)
            raise Unreachable(f"{kind}: the answer was lost")
