"""Backend Services tokens: reuse, single flight, secrecy."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import sync.fhir.tokens as tokens_module
from core.errors import BadInput
from sync.fhir import NoAuth
from sync.fhir.tokens import elapsed
from tests.sync.fhir.servers import TOKEN_URL, Clock, Issuer

WRITE = "system/Condition.c"


async def test_a_token_is_reused_to_80_percent_of_its_life(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    source = issuer.source(ec, clock)
    first = await source.token(WRITE)
    clock.seconds = 239.9
    assert await source.token(WRITE) is first
    clock.seconds = 240.0
    second = await source.token(WRITE)
    assert second is not first
    assert first.alive()
    clock.seconds = 270.1
    assert not first.alive()
    assert len(issuer.forms) == 2


async def test_a_token_is_not_used_below_30_seconds_of_life(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    issuer.life = 60
    source = issuer.source(ec, clock)
    first = await source.token(WRITE)
    clock.seconds = 30.0
    assert await source.token(WRITE) is first
    clock.seconds = 30.1
    assert await source.token(WRITE) is not first


async def test_a_longer_life_is_cut_to_300_seconds(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    issuer.life = 3600
    token = await issuer.source(ec, clock).token(WRITE)
    clock.seconds = 270.0
    assert token.alive()
    clock.seconds = 270.1
    assert not token.alive()


async def test_one_call_serves_all_who_wait(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    issuer.waiting = asyncio.Event()
    source = issuer.source(ec, clock)
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(source.token(WRITE)) for _ in range(8)]
        await issuer.asked.acquire()
        issuer.waiting.set()
    assert len({task.result().value for task in asked}) == 1
    assert len(issuer.forms) == 1


async def test_control_without_the_lock_each_waiter_calls(
    ec: dict[str, Any], issuer: Issuer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unlocked(asyncio.Lock):
        async def acquire(self) -> bool:  # type: ignore[override]
            return True

        def release(self) -> None:
            return None

    monkeypatch.setattr(tokens_module.asyncio, "Lock", Unlocked)
    issuer.waiting = asyncio.Event()
    source = issuer.source(ec, clock)
    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(source.token(WRITE))
        await issuer.asked.acquire()
        await issuer.asked.acquire()
        issuer.waiting.set()
    assert len(issuer.forms) > 1


async def test_dropping_forgets_only_that_token(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    source = issuer.source(ec, clock)
    first = await source.token(WRITE)
    source.drop(first)
    second = await source.token(WRITE)
    assert second is not first
    source.drop(first)
    assert await source.token(WRITE) is second


async def test_nothing_secret_is_shown(ec: dict[str, Any], issuer: Issuer, clock: Clock) -> None:
    source = issuer.source(ec, clock)
    token = await source.token(WRITE)
    shown = repr(token) + str(token) + repr(source) + str(source) + repr(source._key)
    for secret in (token.value, ec["d"], TOKEN_URL):
        assert secret not in shown
    assert WRITE in repr(token)


@pytest.mark.parametrize("url", ["http://auth.example/token", "https://auth.example/token?x=1"])
def test_an_unfit_token_url_is_refused(
    url: str, ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    with pytest.raises(BadInput) as caught:
        issuer.source(ec, clock, token_url=url)
    assert caught.value.field == "token_url"


@pytest.mark.parametrize("change", [{"kid": ""}, {"d": None}, {"crv": "P-256"}, {"kty": "oct"}])
def test_an_unfit_key_is_refused(
    change: dict[str, Any], ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    jwk = {name: value for name, value in {**ec, **change}.items() if value is not None}
    with pytest.raises(BadInput) as caught:
        issuer.source(jwk, clock)
    assert ec["d"] not in str(caught.value)


async def test_a_server_without_tokens_gets_no_header() -> None:
    token = await NoAuth().token(WRITE, exact=True)
    assert token.alive()
    assert token.headers() == {}


def test_the_monotonic_clock_does_not_go_back() -> None:
    assert elapsed() <= elapsed()
