"""A strict token endpoint takes our assertions, and its tokens live as it says."""

from __future__ import annotations

import asyncio

import pytest
from joserfc import jwt
from joserfc.jwk import import_key

import sync.fhir.assertion as assertion_module
import sync.fhir.tokens as tokens_module
from core.errors import Refused
from sync.fhir import Unreadable, discover
from sync.wire import httpx
from tests.oauth.provider import READ, WRITE, Clock, Connect, Keys, StrictServer

pytestmark = pytest.mark.heavy


@pytest.mark.parametrize(
    ("client_id", "kind", "algorithm", "scope"),
    [
        ("reader", "rsa", "RS384", READ),
        ("reader", "rsa", "RS384", f"{READ} system/Condition.rs"),
        ("writer", "ec", "ES384", WRITE),
    ],
)
async def test_our_proof_earns_a_token(
    client_id: str,
    kind: str,
    algorithm: str,
    scope: str,
    server: StrictServer,
    connect: Connect,
    keys: Keys,
) -> None:
    before = server.seen()
    jwk = getattr(keys, kind)
    parts = connect(client_id, jwk)
    token = await parts.tokens.token(scope, exact=True)
    assert token.scope == scope
    assert token.alive()
    assert token.headers()["Authorization"].startswith("Bearer ")
    proof = parts.recorder.forms[0]["client_assertion"]
    assert jwt.decode(proof, import_key(jwk), algorithms=[algorithm]).header["alg"] == algorithm
    after = server.seen().since(before)
    assert (after.requests, after.granted, after.refused) == (1, 1, [])


async def test_the_discovered_endpoint_is_the_one_that_grants(
    server: StrictServer, connect: Connect, keys: Keys
) -> None:
    found = await discover(f"{server.issuer}/fhir")
    assert found.token_endpoint == server.token_url
    assert found.auth_methods == ("private_key_jwt",)
    assert found.algorithms == ("RS384", "ES384")
    parts = connect("writer", keys.ec, token_url=found.token_endpoint)
    assert (await parts.tokens.token(WRITE, exact=True)).alive()


async def test_a_configuration_that_leads_off_in_the_clear_is_refused(
    server: StrictServer,
) -> None:
    before = server.seen()
    with pytest.raises(Unreadable, match="no token endpoint that can be used") as caught:
        await discover(f"{server.issuer}/astray")
    assert "auth.example" not in str(caught.value)
    assert server.seen().since(before).requests == 0


async def test_control_without_the_guard_the_configuration_is_taken(
    server: StrictServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.fhir.discovery.endpoint", lambda text, field: httpx.URL(text))
    found = await discover(f"{server.issuer}/astray")
    assert found.token_endpoint == "http://auth.example/token"


async def test_one_request_serves_all_who_ask_at_once(
    server: StrictServer, connect: Connect, keys: Keys
) -> None:
    before = server.seen()
    tokens = connect("writer", keys.ec).tokens
    found = await asyncio.gather(*(tokens.token(WRITE, exact=True) for _ in range(8)))
    assert len({token.value for token in found}) == 1
    assert server.seen().since(before).requests == 1


async def test_control_without_the_lock_each_asks_for_itself(
    server: StrictServer, connect: Connect, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unlocked(asyncio.Lock):
        async def acquire(self) -> bool:  # type: ignore[override]
            return True

        def release(self) -> None:
            return None

    monkeypatch.setattr(tokens_module.asyncio, "Lock", Unlocked)
    before = server.seen()
    tokens = connect("writer", keys.ec).tokens
    await asyncio.gather(*(tokens.token(WRITE, exact=True) for _ in range(8)))
    assert server.seen().since(before).requests == 8


@pytest.mark.parametrize(("client_id", "life"), [("writer", 300), ("short", 60), ("long", 300)])
async def test_a_token_lives_as_the_server_says_but_no_longer_than_300_seconds(
    client_id: str, life: float, clock: Clock, connect: Connect, keys: Keys
) -> None:
    token = await connect(client_id, keys.ec).tokens.token(WRITE, exact=True)
    assert token.expires == life
    clock.seconds = life - 30
    assert token.alive()
    clock.seconds = life - 29.9
    assert not token.alive()


async def test_a_used_up_token_is_renewed_with_a_new_proof(
    server: StrictServer, clock: Clock, connect: Connect, keys: Keys
) -> None:
    before = server.seen()
    parts = connect("short", keys.ec)
    first = await parts.tokens.token(WRITE)
    clock.seconds = 30.0
    assert await parts.tokens.token(WRITE) is first
    clock.seconds = 30.1
    second = await parts.tokens.token(WRITE)
    assert second.value != first.value
    proofs = [form["client_assertion"] for form in parts.recorder.forms]
    assert len(set(proofs)) == 2
    assert server.seen().since(before).granted == 2


async def test_a_token_that_is_born_too_old_is_not_taken(connect: Connect, keys: Keys) -> None:
    with pytest.raises(Refused, match="less than 30 s"):
        await connect("hasty", keys.ec).tokens.token(WRITE)


@pytest.mark.parametrize("seconds", [-200.0, -30.0, 25.0])
async def test_a_clock_that_is_somewhat_off_still_earns_a_token(
    seconds: float, clock: Clock, connect: Connect, keys: Keys
) -> None:
    clock.seconds = seconds
    assert (await connect("writer", keys.ec).tokens.token(WRITE)).alive()


async def test_control_without_backdating_a_fast_clock_is_refused(
    server: StrictServer,
    clock: Clock,
    connect: Connect,
    keys: Keys,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(assertion_module, "BACKDATED", 0)
    before = server.seen()
    clock.seconds = 25.0
    with pytest.raises(Refused):
        await connect("writer", keys.ec).tokens.token(WRITE)
    assert server.seen().since(before).refused[0]["why"] == "jwt not active yet"
