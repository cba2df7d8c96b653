"""How the gateway asks for room at an EHR and works on several things at once, as a port.

The rules have no loop of their own: `sync.traffic` implements this, and `PLAIN`, which limits
nothing and does one thing after another, stands in where nobody else does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Protocol

from core.traffic.work import Work

Job = Callable[[], Awaitable[None]]


class Traffic(Protocol):
    """Slots at the EHRs of a workspace."""

    def slot(self, ehr: str, work: Work) -> AbstractAsyncContextManager[None]:
        """Hold a slot at an EHR; everything asked of it inside goes through that slot.

        Entering waits for a turn for a few seconds at most; raises Busy when that is not enough.
        """

    async def each(self, jobs: Iterator[Job]) -> None:
        """Run all jobs, so many at once as the EHRs take; the next is taken when one has ended.

        What a job raises is raised when all have ended: one patient's record that nobody can make
        sense of must not keep the others' writes waiting.
        """


class Plain:
    """No limits, and one job after another; implements `Traffic`."""

    def slot(self, ehr: str, work: Work) -> AbstractAsyncContextManager[None]:  # noqa: ARG002 - the port's
        """Hold nothing."""
        return nullcontext()

    async def each(self, jobs: Iterator[Job]) -> None:
        """Run all jobs in order."""
        failed: list[Exception] = []
        for job in jobs:
            try:
                await job()
            except Exception as error:  # noqa: BLE001 - raised below, when the others had their turn
                failed.append(error)
        if failed:
            raise failed[0]


PLAIN = Plain()
