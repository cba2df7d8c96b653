"""The slots of all EHRs of a workspace, and several jobs at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager

from core.traffic.port import Job, Plain
from core.traffic.work import Work
from sync.traffic.limited import Limited


class Lanes:
    """Implements `core.traffic.port.Traffic`; `width` is how many jobs run at once."""

    def __init__(self, ehrs: Mapping[str, Limited], width: int) -> None:
        self._ehrs = ehrs
        self._width = width

    def slot(self, ehr: str, work: Work) -> AbstractAsyncContextManager[None]:
        """Hold a slot at an EHR; one that is not here is not limited."""
        found = self._ehrs.get(ehr)
        return Plain().slot(ehr, work) if found is None else found.slot(work)

    async def each(self, jobs: Iterator[Job]) -> None:
        """Run all jobs; see the port."""
        failed: list[Exception] = []

        async def work() -> None:
            for job in jobs:
                try:
                    await job()
                except Exception as error:  # noqa: BLE001 - raised below, when the others had their turn
                    failed.append(error)

        await asyncio.gather(*(work() for _ in range(self._width)))
        if failed:
            raise failed[0]
