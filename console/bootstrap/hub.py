"""The hub of a workspace: in a solo one, the server of its first EHR."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from console.bootstrap.connecting import plane_tokens
from console.bootstrap.traffic import bounds_of, gate_of, metered
from console.watch import Watch
from core.workspace import Workspace
from sync.hub.client import HubClient
from sync.hub.engine import Engine
from sync.hub.report import Progress

if TYPE_CHECKING:
    from console.bootstrap.opening import Opened

PLANE = "approve"


def hub_name(opened: Opened) -> str:
    """Return the EHR whose server is the hub."""
    return opened.ehr_names[0]


def has_hub(opened: Opened) -> bool:
    """Tell whether this workspace can talk to its hub: by a client, or where none is asked for."""
    clients = opened.folder.config.ehr[hub_name(opened)].clients
    return clients.approve is not None or not clients.model_dump(exclude_none=True)


@asynccontextmanager
async def hub_sync(
    opened: Opened,
    workspace: Workspace,
    watch: Watch | None = None,
) -> AsyncIterator[Engine | None]:
    """Yield the sync engine, or None where this workspace has no client for the hub."""
    if not has_hub(opened):
        yield None
        return
    name = hub_name(opened)
    config = opened.folder.config.ehr[name]
    gate = gate_of(opened, name)
    bounds = bounds_of(gate)
    tokens = await plane_tokens(opened, name, PLANE, gate)
    wire = metered(gate, bounds)
    hear = opened.clock.hear
    async with HubClient(
        name, config.base_url, tokens, transport=wire, bounds=bounds, hear=hear
    ) as hub:
        connection = opened.folder.connection
        if watch is None:
            yield Engine(workspace, hub, connection)
            return
        yield Engine(workspace, hub, connection, progress=_telling(watch), stop=watch.stopped)


def _telling(watch: Watch) -> Progress:
    return lambda report: watch.tell(report.pulled, report.admitted, report.pushed)
