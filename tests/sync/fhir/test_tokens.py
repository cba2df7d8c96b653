"""Backend Services tokens: assertions, reuse, single flight, refusals, secrecy."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import import_key

import sync.fhir.tokens as tokens_module
from core.errors import BadInput, Refused, Unreachable
from sync.fhir import NoAuth, Redirected, Throttled, Unreadable
from sync.fhir.tokens import elapsed
from sync.wire import httpx
from tests.sync.fhir.servers import TOKEN_URL, Clock, Issuer, answer

WRITE = "system/Condition.c"


def _oauth(document: Any, status: int = 200) -> httpx.Response:
    return answer(document, status, media="application/json")


def _token(**more: Any) -> httpx.Response:
    base = {"access_token": "secret-x", "token_type": "bearer", "expires_in": 300, "scope": WRITE}
    document = {**base, **more}
    return _oauth({name: value for name, value in document.items() if value is not None})


@pytest.mark.parametrize("kind", ["rsa", "ec"])
async def test_the_assertion_proves_the_client(
    kind: str, request: pytest.FixtureRequest, issuer: Issuer, clock: Clock
) -> None:
    jwk = request.getfixturevalue(kind)
    await issuer.source(jwk, clock).token(WRITE)
    form = issuer.forms[0]
    algorithm = {"rsa": "RS384", "ec": "ES384"}[kind]
    proof = jwt.decode(form["client_assertion"], import_key(jwk), algorithms=[algorithm])
    assert proof.header["kid"] == jwk["kid"]
    assert proof.claims == {
        "iss": "gateway-1",
        "sub": "gateway-1",
        "aud": TOKEN_URL,
        "exp": int(clock.now().timestamp()) + 240,
        "jti": "jti-0",
    }
    assert form["grant_type"] == "client_credentials"
    assert form["scope"] == WRITE
    assert form["client_assertion_type"].endswith("jwt-bearer")


async def test_each_assertion_has_its_own_jti(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    source = issuer.source(ec, clock)
    await source.token("system/Condition.c")
    await source.token("system/Condition.u")
    first, second = (
        jwt.decode(form["client_assertion"], import_key(ec), algorithms=["ES384"]).claims["jti"]
        for form in issuer.forms
    )
    assert first != second


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


async def test_an_exact_grant_never_comes_from_a_narrower_one(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    issuer.grant = lambda form: _token(scope="system/Patient.rs")
    source = issuer.source(ec, clock)
    await source.token("system/*.rs")
    with pytest.raises(Refused):
        await source.token("system/*.rs", exact=True)


@pytest.mark.parametrize(
    "scope", [None, "", "system/*.c", "system/Condition.cu", f"{WRITE} system/Condition.u", 7]
)
async def test_a_write_scope_that_is_not_exactly_granted_is_refused(
    scope: object, ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    issuer.grant = lambda form: _token(scope=scope)
    with pytest.raises(Refused) as caught:
        await issuer.source(ec, clock).token(WRITE, exact=True)
    assert "secret-x" not in str(caught.value)


async def test_a_read_token_that_can_write_is_refused(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    issuer.grant = lambda form: _token(scope="system/*.cruds")
    with pytest.raises(Refused):
        await issuer.source(ec, clock).token("system/*.rs")


@pytest.mark.parametrize(
    ("response", "error", "words"),
    [
        (_oauth({"error": "invalid_client", "error_description": "secret-y"}, 401), Refused,
         "invalid_client"),
        (_oauth({"error": "invalid_scope"}, 400), Refused, "invalid_scope"),
        (_oauth({"error": "[@click=app.quit]\n"}, 400), Refused, "no error code"),
        (answer(b"<html>secret-y</html>", 403, "text/html"), Refused, "no error code"),
        (answer(b"", 302, Location="https://evil.example/secret-y"), Redirected, "302"),
        (answer(b"", 429, Retry_After="7"), Throttled, "429"),
        (answer(b"", 500), Unreachable, "500"),
        (answer(b"secret-y", 200, "application/json"), Unreadable, "JSON"),
        (answer({"access_token": "secret-y"}, 200, "text/plain"), Unreadable, "content type"),
        (_token(expires_in=None), Unreadable, "how long"),
        (_token(expires_in=0), Unreadable, "how long"),
        (_token(expires_in="300"), Unreadable, "how long"),
        (_token(expires_in=29), Refused, "less than 30"),
        (_token(token_type="mac"), Unreadable, "bearer"),
        (_token(access_token=None), Unreadable, "no usable"),
        (_token(access_token="a\r\nX: secret-y"), Unreadable, "no usable"),
        (_token(filler="x" * 70_000), Unreadable, "bytes"),
    ],
)  # fmt: skip
async def test_an_answer_without_a_token(
    response: httpx.Response,
    error: type[Exception],
    words: str,
    ec: dict[str, Any],
    issuer: Issuer,
    clock: Clock,
) -> None:
    issuer.grant = lambda form: response
    with pytest.raises(error, match=words) as caught:
        await issuer.source(ec, clock).token(WRITE, exact=True)
    assert type(caught.value) is error
    assert "secret" not in str(caught.value) + repr(caught.value)
    assert caught.value.__context__ is None


async def test_a_failure_is_not_remembered(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    source = issuer.source(ec, clock)
    issuer.grant = lambda form: answer(b"", 500)
    with pytest.raises(Unreachable):
        await source.token(WRITE)
    issuer.grant = issuer.granted
    assert (await source.token(WRITE)).alive()


async def test_an_endpoint_that_cannot_be_reached(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    def fail(form: dict[str, str]) -> httpx.Response:
        raise httpx.ConnectError("https://auth.example/secret")

    issuer.grant = fail
    with pytest.raises(Unreachable, match="ConnectError") as caught:
        await issuer.source(ec, clock).token(WRITE)
    assert "auth.example" not in str(caught.value)
    assert caught.value.__context__ is None


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
