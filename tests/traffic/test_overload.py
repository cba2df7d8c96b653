"""A server that sustains 50 requests a second, offered 500: used to the full, rarely told off."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable

import pytest

from core.errors import Unreachable
from core.ports import NotSent, Request
from core.traffic.fair import FairQueue
from core.traffic.limits import Limits
from core.traffic.pace import Pace
from core.traffic.work import Kind, Work
from sync.fhir import FhirClient, NoAuth
from sync.traffic import Gate, Limited, Metered, Senses
from tests.scale import sampled, scaled
from tests.traffic.loop import clock, now, run
from tests.traffic.server import Bucket, Rule, Server, Window, Workers

CAPACITY = 50
LOUD, QUIET = 300, 50
SECONDS = scaled(20, 40)
ROUTES = {"loud": LOUD, "quiet-1": QUIET, "quiet-2": QUIET, "quiet-3": QUIET}


def gate() -> Gate:
    return Gate("north-ehr", Limits(), Senses(now, clock, random.Random(7).random))


def client(server: Server, gate: Gate) -> FhirClient:
    return FhirClient(
        "north-ehr", "http://127.0.0.1:8/fhir", NoAuth(), NoAuth(), transport=Metered(server, gate)
    )


async def write(ehr: Limited, work: Work) -> int | None:
    """Send one write through a slot, as the gateway does; None where it was not sent."""
    request = Request("PUT", "Patient", work.route, {"If-Match": 'W/"1"'}, b"{}")
    try:
        async with ehr.slot(work):
            grant = await ehr.grant("system/Patient.u")
            return (await ehr.send(request, grant, lambda: None)).status
    except (Unreachable, NotSent):
        return None


async def offer(server: Server, gate: Gate, seconds: float = SECONDS) -> Counter[str]:
    """Offer 450 writes and 50 reads a second; return what was answered with success, by route."""
    done: Counter[str] = Counter()
    tasks: set[asyncio.Task[None]] = set()

    async def one(route: str) -> None:
        if route == "read":
            try:
                found = await ehr.read("Patient/read")
            except Unreachable:
                return
            good = found is not None
        else:
            good = await write(ehr, Work(Kind.WRITE, route, "scribe-1")) == 200
        done[route] += good

    async with client(server, gate) as inner:
        ehr = Limited(inner, gate)
        offered = {**ROUTES, "read": QUIET}
        begun = now()
        while now() < begun + seconds:
            for route, rate in offered.items():
                tasks |= {asyncio.ensure_future(one(route)) for _ in range(rate // 10)}
            await asyncio.sleep(0.1)
            tasks = {task for task in tasks if not task.done()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return done


@pytest.mark.parametrize(
    ("rule", "retry_after", "least"),
    sampled(
        [(Bucket, None, 0.95), (Workers, None, 0.95), (Window, None, 0.95), (Bucket, 1, 0.85)], 1
    ),
)
def test_a_server_is_used_to_the_full_and_rarely_told_off(
    rule: Callable[[], Rule], retry_after: int | None, least: float
) -> None:
    """Where the server asks for pauses they are kept, each a second that is lost."""
    server = Server(rule(), retry_after=retry_after)
    learnt = 10 if retry_after is None else 20

    async def main() -> Counter[str]:
        return await offer(server, gate())

    done = run(main())
    served, refused = server.between(learnt, SECONDS)
    assert served >= least * CAPACITY * (SECONDS - learnt)
    assert refused < 0.02 * (served + refused)
    fair = sum(done.values()) / (len(ROUTES) + 1)
    assert min(done[route] for route in ROUTES) >= 0.8 * fair
    assert done["read"] >= 0.05 * fair


def test_without_a_pace_the_same_server_refuses_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pace, "throttled", lambda *_, **__: None)
    server = Server(Bucket())

    async def main() -> Counter[str]:
        return await offer(server, gate(), 5)

    run(main())
    served, refused = server.between(1, 5)
    assert refused > 0.02 * (served + refused)


def test_in_turn_of_age_the_loud_route_crowds_out_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control of fairness: one line for all."""
    add = FairQueue.add
    one_line = Work(Kind.WRITE)
    monkeypatch.setattr(FairQueue, "add", lambda queue, _work, item: add(queue, one_line, item))
    server = Server(Bucket())

    async def main() -> Counter[str]:
        return await offer(server, gate(), 5)

    done = run(main())
    assert done["quiet-1"] < 0.8 * sum(done.values()) / (len(ROUTES) + 1)
