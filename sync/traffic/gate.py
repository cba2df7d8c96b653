"""The gate of one EHR in one event loop: who may ask it now, and what its answers teach.

A slot is held for a whole piece of work, such as one write with its reads and token; the HTTP
calls inside it are counted one by one, and take their places in flight, at the meter
(`sync.traffic.meter`). A wait inside a slot is short or none, so that what was read fresh is fresh
when the write leaves.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from core.traffic.breaker import Health
from core.traffic.fair import FairQueue
from core.traffic.limits import Limits
from core.traffic.pace import Pace
from core.traffic.quota import MemoryTally, Quota, Tally
from core.traffic.work import READING, Busy, Kind, Work, share
from sync.traffic.doorkeeper import Doorkeeper, Log, NoLog
from sync.traffic.flights import Flights

PATIENCE_S = 5.0
"""The longest known wait for a slot; a longer one ends the work at once, to begin anew later."""
INSIDE_S = 2.0
"""The longest wait inside a slot."""
CALLS = {Kind.STAT: 6, Kind.WRITE: 6, Kind.CHECK: 2, Kind.READ: 1}
"""How many calls are kept free for a piece of work, until it is known what such work takes."""
MOST_CALLS = 32


@dataclass(frozen=True, slots=True)
class Senses:
    """What a gate is given from outside: monotonic seconds, the UTC time, randomness in [0, 1)."""

    monotonic: Callable[[], float]
    now: Callable[[], datetime]
    unit: Callable[[], float]


@dataclass(slots=True, eq=False)
class Slot:
    """A slot that is held, and how many calls are still kept free for it."""

    gate: Gate
    work: Work
    kept: int
    made: int = 0
    probing: bool = False


_Turn = tuple[Kind, asyncio.Future[None]]

HELD: ContextVar[Slot | None] = ContextVar("countersign_slot", default=None)
"""The slot through which the current task asks an EHR."""


class Gate:
    """Lets work through to one EHR by turn, pace, quota and breaker.

    `pace` and `tally` may outlive the gate: what one round learned serves the next.
    """

    def __init__(
        self,
        name: str,
        limits: Limits,
        senses: Senses,
        *,
        pace: Pace | None = None,
        tally: Tally | None = None,
        log: Log | None = None,
    ) -> None:
        self.name = name
        self.limits = limits
        self.senses = senses
        self.pace = pace or Pace(limits.concurrency, limits.per_second)
        self.quota = Quota(limits, MemoryTally() if tally is None else tally)
        self.door = Doorkeeper(log or NoLog(), Health(), senses.now, senses.unit)
        self.flights = Flights(lambda: self.pace.places, lambda: self.pace.round_s)
        self._calls = dict(CALLS)
        self._waiting: FairQueue[_Turn] = FairQueue()
        self._slots: set[Slot] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._turns: Counter[Kind] = Counter()
        """Turns that were given and not yet taken up."""

    def __repr__(self) -> str:
        return f"Gate({self.name!r})"

    @property
    def in_use(self) -> int:
        """How many slots are held."""
        return len(self._slots)

    @asynccontextmanager
    async def slot(self, work: Work = READING, *, probing: bool = False) -> AsyncIterator[Slot]:
        """Hold a slot; inside another one of this gate, that one serves.

        Raises Busy when the EHR is left alone, or the wait for a turn is known to be long.
        """
        held = HELD.get()
        if held is not None and held.gate is self:
            yield held
            return
        await self._enter(work)
        slot = Slot(self, work, self._calls[work.kind], probing=probing)
        self._slots.add(slot)
        token = HELD.set(slot)
        try:
            self._pump()
            yield slot
        finally:
            HELD.reset(token)
            self._slots.discard(slot)
            self._calls[work.kind] = min(MOST_CALLS, max(self._calls[work.kind], slot.made))
            self._pump()

    @property
    def queued(self) -> bool:
        """Whether something waits for its turn."""
        return len(self._waiting) > 0

    @property
    def pressed(self) -> bool:
        """Whether more would be asked at once if it were let."""
        return self.queued or self.flights.queued or self.in_use >= self.flights.work

    @property
    def _granted(self) -> int:
        return self._turns.total()

    def kept(self, besides: Slot | None = None) -> int:
        """Return how many calls are kept free for the slots that are held."""
        return sum(slot.kept for slot in self._slots if slot is not besides)

    def share(self, kind: Kind) -> float:
        """Return the part of all that a kind of work may fill."""
        return share(kind, self.limits.reserve)

    async def _enter(self, work: Work) -> None:
        """Wait for a turn; on return a place is free until the caller gives way to the loop."""
        waits = self._waits(work.kind)
        if waits > PATIENCE_S:
            raise self.busy(waits)
        if not self._waiting and self._may(work.kind) and waits <= 0:
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = (work.kind, turn)
        self._waiting.add(work, waiter)
        self._pump()
        try:
            await turn
        except asyncio.CancelledError:
            self._waiting.remove(work, waiter)
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._turns[work.kind] -= 1
            self._pump()
            raise
        self._turns[work.kind] -= 1

    def busy(self, seconds: float) -> Busy:
        """Return the error of work that would have to wait so long."""
        return Busy(f"{self.name} may not be asked more at the moment", seconds)

    def _waits(self, kind: Kind) -> float:
        """Return how long a kind of work has to wait for pauses and quotas, places aside."""
        now = self.senses.monotonic()
        paused = max(0.0, self.pace.paused_until - now)
        given = sum(self._calls[kind] * count for kind, count in self._turns.items())
        need = self._calls[kind] + self.kept() + given
        return max(paused, self.quota.wait(self.senses.now(), self.share(kind), calls=need))

    def _may(self, kind: Kind) -> bool:
        part, most = self.share(kind), self.flights.work
        if self.in_use + self._granted >= most:
            return False
        # Of its own kind: else writes that fill all places would keep reads out for ever.
        alike = self._turns[kind] + sum(slot.work.kind == kind for slot in self._slots)
        whole = self.pace.places if kind == Kind.READ else most
        return alike < math.ceil(whole * part)

    def _pump(self) -> None:
        """Give turns to those that may go; what fails here is raised by all that wait.

        A timer has nobody else to tell, and who leaves a slot has done its work.
        """
        try:
            self._give_turns()
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
            while (waiter := self._waiting.pop()) is not None:
                if not waiter[1].done():
                    waiter[1].set_exception(error)

    def _give_turns(self) -> None:
        """Give turns to those that may go; come back when the next may."""
        waits: dict[Kind, float] = {}

        def goes(kind: Kind) -> bool:
            waits[kind] = self._waits(kind) if self._may(kind) else 0.0
            return self._may(kind) and waits[kind] <= 0

        while len(self._waiting):
            waiter = self._waiting.pop(goes)
            if waiter is None:
                break
            kind, turn = waiter
            if not turn.done():
                turn.set_result(None)
                self._turns[kind] += 1
        self._turn_away(waits)
        self._come_back([wait for wait in waits.values() if 0 < wait <= PATIENCE_S])

    def _come_back(self, waits: list[float]) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if len(self._waiting) and waits:
            self._timer = asyncio.get_running_loop().call_later(min(waits), self._pump)

    def _turn_away(self, waits: dict[Kind, float]) -> None:
        """Refuse those whose wait has become long while they waited."""
        while True:
            waiter = self._waiting.pop(lambda kind: waits.get(kind, 0.0) > PATIENCE_S)
            if waiter is None:
                return
            _, turn = waiter
            if not turn.done():
                turn.set_exception(self.busy(max(waits.values())))
