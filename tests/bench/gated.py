"""A workspace whose EHR stands behind its gate, wired as the product wires it."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from core.consent.chart import ChartConsents
from core.traffic.limits import Limits
from core.traffic.pace import Pace
from core.workspace import Workspace
from sync.fhir import Bounds, FhirClient, NoAuth
from sync.fhir.channel import network
from sync.traffic import Gate, Lanes, Limited, Metered, Senses
from sync.traffic.flights import begun_ahead
from sync.traffic.stored import LedgerLog


@asynccontextmanager
async def behind_gate(
    workspace: Workspace, base_url: str, concurrency: int
) -> AsyncIterator[Workspace]:
    """Yield the workspace with one EHR, at which `concurrency` requests are in flight at most."""
    ledger, clock = workspace.ledger, workspace.clock
    pace = Pace(concurrency, window=concurrency)
    senses = Senses(time.monotonic, clock.now, random.random)
    limits = Limits(concurrency=concurrency)
    gate = Gate("sandbox", limits, senses, pace=pace, log=LedgerLog(ledger, "sandbox"))
    bounds = Bounds(connections=concurrency)
    wire = Metered(network(bounds), gate)
    async with FhirClient(
        "sandbox", base_url, NoAuth(), NoAuth(), transport=wire, bounds=bounds
    ) as client:
        ehr = Limited(client, gate)
        lanes = Lanes({"sandbox": ehr}, begun_ahead(concurrency))
        consents = ChartConsents(ledger, clock)
        yield replace(workspace, ehrs={"sandbox": ehr}, traffic=lanes, consents=consents)
