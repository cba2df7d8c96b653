"""The gate of each EHR: what its profile allows, shared counts, and what earlier rounds learned."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from core.adoption import PROFILE_PREFIX
from core.traffic.limits import Limits, parse_limits
from core.traffic.pace import Pace
from sync.fhir import Bounds
from sync.fhir.channel import network
from sync.traffic import Gate, Metered, Senses
from sync.traffic.stored import LedgerLog, StoreTally
from sync.wire import httpx

if TYPE_CHECKING:
    from console.bootstrap.opening import Opened


def limits_of(opened: Opened, ehr: str) -> Limits:
    """Return what the adopted profile of an EHR allows; raises BadInput where it cannot be read."""
    profile = opened.ledger.config(f"{PROFILE_PREFIX}{ehr}")
    return Limits() if profile is None else parse_limits(profile.document)


def gate_of(opened: Opened, ehr: str, *, gateway: bool = False) -> Gate:
    """Return a new gate; that of the `gateway` goes on with the pace of the round before.

    Counts of a quota and the breaker are shared with every process of the workspace.
    """
    limits = limits_of(opened, ehr)
    pace = Pace(limits.concurrency, limits.per_second)
    if gateway:
        known = opened.paces.setdefault(ehr, pace)
        if (known.most, known.ceiling) != (pace.most, pace.ceiling):
            known = opened.paces[ehr] = pace
        pace = known
    tally = None
    if limits.windows:
        tally = StoreTally(opened.folder.connection, ehr, lambda: opened.clock.now().timestamp())
    senses = Senses(opened.monotonic, opened.clock.now, random.SystemRandom().random)
    return Gate(ehr, limits, senses, pace=pace, tally=tally, log=LedgerLog(opened.ledger, ehr))


def bounds_of(gate: Gate, connections: int = 0) -> Bounds:
    """Return the client's bounds: a connection for every slot, `connections` at least."""
    return Bounds(connections=max(gate.limits.concurrency, connections, 2))


def metered(gate: Gate, bounds: Bounds, *, token: bool = False) -> httpx.AsyncBaseTransport:
    """Return the network, every call of which the gate counts."""
    return Metered(network(bounds), gate, token=token)
