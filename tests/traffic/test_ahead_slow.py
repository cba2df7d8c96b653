"""What is begun ahead of its place in flight does not starve where the EHR takes few requests."""

from __future__ import annotations

import asyncio
import random

import pytest

from core.errors import Unreachable
from core.ports import NotSent, Request
from core.traffic.limits import Limits
from core.traffic.pace import Pace
from core.traffic.work import Kind, Work
from sync.fhir import FhirClient, NoAuth
from sync.traffic import Gate, Limited, Metered, Senses
from sync.traffic.flights import Flights
from tests.traffic.loop import clock, now, run
from tests.traffic.server import Free, Server

URL = "http://127.0.0.1:8/fhir"


async def write(ehr: Limited, number: int) -> bool:
    """Read twice and write, in one slot, as the gateway does."""
    request = Request("PUT", "Patient", f"p{number}", {"If-Match": 'W/"1"'}, b"{}")
    try:
        async with ehr.slot(Work(Kind.WRITE, "route", "scribe-1")):
            grant = await ehr.grant("system/Patient.u")
            await ehr.read(f"Patient/p{number}")
            await ehr.read(f"Patient/c{number}")
            return (await ehr.send(request, grant, lambda: None)).status == 200
    except (Unreachable, NotSent):
        return False


def sent(rate: float, window: float) -> list[bool]:
    """Offer ten writes at once to a server that may be asked `rate` times a second."""

    async def main() -> list[bool]:
        pace = Pace(8)
        senses = Senses(now, clock, random.Random(1).random)
        gate = Gate("north-ehr", Limits(), senses, pace=pace)
        wire = Metered(Server(Free()), gate)
        inner = FhirClient("north-ehr", URL, NoAuth(), NoAuth(), transport=wire)
        ehr = Limited(inner, gate)
        for number in range(5):
            await ehr.read(f"Patient/{number}")
        assert gate.flights.work > pace.places, "answers come soon, so much is begun ahead"
        pace.ceiling, pace.window, pace.most = rate, window, int(window)
        return await asyncio.gather(*(write(ehr, number) for number in range(10)))

    return run(main())


LOW = [(0.2, 1.0), (0.2, 4.0), (0.5, 2.0), (1.0, 8.0)]


@pytest.mark.parametrize(("rate", "window"), LOW)
def test_every_write_is_sent_at_a_low_rate(rate: float, window: float) -> None:
    assert all(sent(rate, window))


@pytest.mark.parametrize(("rate", "window"), LOW)
def test_control_begun_ahead_in_spite_of_the_rate_some_wait_in_vain(
    rate: float, window: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "sync.traffic.gate.Flights", lambda places, _round_s: Flights(places, lambda: 0.0)
    )
    assert not all(sent(rate, window))
