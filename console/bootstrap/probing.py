"""Asking the EHRs of a workspace how they can be written to, and racing on one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from console.bootstrap.connecting import connect_ehr
from core.errors import BadInput, Refused, Unreachable
from core.probe.examine import Examined, examine
from core.probe.races import RACERS
from core.probe.run import Done, probe
from sync.fhir.discovery import discover

if TYPE_CHECKING:
    from console.bootstrap.opening import Opened
    from core.ports import Response

LEASE_WAIT_S = 10.0
PLAYGROUND = "sandbox"
"""The profile of servers that never hold a real patient."""


def examined(opened: Opened) -> list[Examined]:
    """Look at every EHR of the workspace without writing to any."""
    return asyncio.run(_examined(opened))


async def _examined(opened: Opened) -> list[Examined]:
    found = []
    for name in opened.ehr_names:
        async with await connect_ehr(opened, name) as ehr, opened.connected() as workspace:
            found.append(await examine(workspace, ehr, await listed_methods(opened, name)))
    return found


async def listed_methods(opened: Opened, name: str) -> Sequence[str] | None:
    """Return how a server says that clients may authenticate; None where it does not say."""
    try:
        found = await discover(opened.folder.config.ehr[name].base_url)
    except (Unreachable, Refused):
        # Many servers have no such document; where it is needed, asking for a token says so.
        return None
    return found.auth_methods or None


def probed(opened: Opened, name: str, rounds: int) -> Done:
    """Race on every rung of one EHR, as the gateway of this workspace; raises Conflict, Refused."""
    with opened.lease(LEASE_WAIT_S):
        return asyncio.run(_probed(opened, name, rounds))


async def _probed(opened: Opened, name: str, rounds: int) -> Done:
    racing = await connect_ehr(opened, name, connections=RACERS)
    async with racing as ehr, opened.connected() as workspace:
        return await probe(workspace, ehr, together, rounds)


async def together(
    calls: Sequence[Callable[[], Awaitable[Response | None]]],
) -> Sequence[Response | None]:
    """Start all calls at once and wait for them; implements `core.probe.scratch.Together`."""
    return await asyncio.gather(*(call() for call in calls))


def one_ehr(opened: Opened, name: str | None) -> str:
    """Return the EHR that is meant; BadInput where the workspace has several and none is named."""
    names = list(opened.ehr_names)
    if name is None and len(names) == 1:
        return names[0]
    if name not in names:
        raise BadInput(
            "name one EHR of this workspace", field="--ehr", remedy=f"Use {' or '.join(names)}"
        )
    return name


def is_playground(opened: Opened, name: str) -> bool:
    """Tell whether an EHR is a sandbox by its profile."""
    return opened.folder.config.ehr[name].profile == PLAYGROUND
