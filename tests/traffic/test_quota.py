"""A fixed-minute quota of 250 with the token calls in it, ten minutes at full demand."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from core.errors import Unreachable
from core.ports import NotSent, Request
from core.traffic.limits import parse_limits
from core.traffic.quota import Quota
from core.traffic.work import Kind, Work
from sync.fhir import FhirClient, TokenSource
from sync.traffic import Gate, Lanes, Limited, Metered, Senses
from tests.scale import in_ci
from tests.sync.fhir.servers import BASE, TOKEN_URL, ec_key
from tests.traffic.loop import clock, now, run
from tests.traffic.server import Server, Window

QUOTA = 250
MINUTES = 10
LIMITS = parse_limits('[[limits.window]]\nper = "minute"\ncalls = 250\n')
CAREFREE = parse_limits("")


class _Clock:
    def now(self) -> Any:
        return clock()


def source(server: Server, gate: Gate, jwk: dict[str, Any]) -> TokenSource:
    numbers = iter(range(100_000))
    return TokenSource(
        "gateway-1", jwk, TOKEN_URL, clock=_Clock(), new_id=lambda: f"jti-{next(numbers)}",
        transport=Metered(server, gate, token=True), monotonic=now,
    )  # fmt: skip


async def demand(server: Server, gate: Gate, minutes: float) -> None:
    """Write and read as much as can be, with tokens that live for a minute."""
    jwk = ec_key()
    end = now() + 60 * minutes
    reading, writing = source(server, gate, jwk), source(server, gate, jwk)
    async with FhirClient("ecw", BASE, reading, writing, transport=Metered(server, gate)) as inner:
        ehr = Limited(inner, gate)
        lanes = Lanes({"ecw": ehr}, 24)

        async def one(number: int) -> None:
            kind = (Kind.WRITE, Kind.CHECK, Kind.READ)[number % 3]
            try:
                async with lanes.slot("ecw", Work(kind, f"route-{number % 5}", "scribe-1")):
                    await ehr.read("Patient/p1")
                    if kind == Kind.WRITE:
                        await ehr.read("Patient/p2")
                        grant = await ehr.grant("system/Patient.u")
                        request = Request("PUT", "Patient", "p1", {"If-Match": 'W/"1"'}, b"{}")
                        await ehr.send(request, grant, lambda: None)
            except (Unreachable, NotSent):
                await asyncio.sleep(1)

        async def jobs() -> None:
            number = 0
            while now() < end:
                number += 24
                await lanes.each(iter([lambda at=at: one(at) for at in range(number, number + 24)]))

        await jobs()


def gate(limits: Any) -> Gate:
    return Gate("ecw", limits, Senses(now, clock, random.Random(3).random))


@in_ci
def test_a_fixed_minute_quota_is_never_exceeded() -> None:
    jitter = random.Random(5)
    rule = Window(QUOTA, 60, offset=17.3)
    server = Server(rule, latency=lambda: 0.05 + 2 * jitter.random())
    run(demand(server, gate(LIMITS), MINUTES))
    assert not server.refused
    assert rule.most <= QUOTA
    assert server.tokens >= MINUTES, "the token calls are part of what was counted"
    # It is nearly used up: caution costs a part of each minute, not most of it.
    assert len(server.served) >= 0.85 * QUOTA * (MINUTES - 1)


def test_a_quota_that_does_not_count_is_exceeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Quota, "wait", lambda *_, **__: 0.0)
    rule = Window(QUOTA, 60, offset=17.3)
    server = Server(rule)
    run(demand(server, gate(LIMITS), 2))
    assert rule.most > QUOTA


def test_token_calls_that_are_not_counted_exceed_it(monkeypatch: pytest.MonkeyPatch) -> None:
    uncounted = parse_limits(
        '[[limits.window]]\nper = "minute"\ncalls = 250\ncounts_token_calls = false\n'
    )
    rule = Window(QUOTA, 60)
    server = Server(rule, life_s=31)
    run(demand(server, gate(uncounted), 3))
    assert rule.most > QUOTA
