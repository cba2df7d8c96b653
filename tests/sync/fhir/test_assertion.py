"""Client assertions: what they say, and that no two are alike."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import import_key

from core.errors import BadInput
from sync.fhir.assertion import ClientKey
from sync.keys.clients import loaded
from tests.sync.fhir.servers import TOKEN_URL, Clock, Issuer

WRITE = "system/Condition.c"


@pytest.mark.parametrize("kind", ["rsa", "ec"])
async def test_the_assertion_proves_the_client(
    kind: str, request: pytest.FixtureRequest, issuer: Issuer, clock: Clock
) -> None:
    jwk = request.getfixturevalue(kind)
    await issuer.source(jwk, clock).token(WRITE)
    form = issuer.forms[0]
    algorithm = {"rsa": "RS384", "ec": "ES384"}[kind]
    proof = jwt.decode(form["client_assertion"], import_key(jwk), algorithms=[algorithm])
    assert proof.header == {"typ": "JWT", "alg": algorithm, "kid": jwk["kid"]}
    now = int(clock.now().timestamp())
    assert proof.claims == {
        "iss": "gateway-1",
        "sub": "gateway-1",
        "aud": TOKEN_URL,
        "iat": now - 30,
        "nbf": now - 30,
        "exp": now + 240,
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


async def test_a_clock_within_half_a_minute_ahead_makes_no_assertion_of_the_future(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    server = int(clock.now().timestamp())
    clock.seconds = 30.0
    await issuer.source(ec, clock).token(WRITE)
    proof = issuer.forms[0]["client_assertion"]
    claims = jwt.decode(proof, import_key(ec), algorithms=["ES384"]).claims
    assert claims["iat"] <= server
    assert claims["nbf"] <= server
    assert claims["exp"] - server <= 300
    assert claims["exp"] - claims["iat"] <= 300


def test_a_key_is_loaded_once_and_only_to_sign(
    rsa: dict[str, Any], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 0

    def counted(*given: Any) -> Any:
        nonlocal count
        count += 1
        return loaded(*given)

    monkeypatch.setattr("sync.fhir.assertion.loaded", counted)
    key = ClientKey(rsa)
    assert count == 0
    for number in range(3):
        key.assertion("gateway-1", TOKEN_URL, clock.now(), str(number))
    assert count == 1


def test_a_key_that_is_damaged_signs_nothing(rsa: dict[str, Any], clock: Clock) -> None:
    key = ClientKey({**rsa, "p": rsa["q"]})
    with pytest.raises(BadInput):
        key.assertion("gateway-1", TOKEN_URL, clock.now(), "1")
