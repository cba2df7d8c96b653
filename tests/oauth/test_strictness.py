"""Control: the endpoint is strict, so that what it accepts says something."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import import_key

from sync.fhir.tokens import JWT_BEARER
from sync.wire import httpx
from tests.oauth.provider import WRITE, Keys, StrictServer

pytestmark = pytest.mark.heavy

TIMES = ("iat", "nbf", "exp")
# Changes to a good assertion, times as seconds from now, and why it is refused.
CHANGED: list[tuple[dict[str, Any], str]] = [
    ({}, ""),
    ({"iss": None}, "iss (JWT issuer) must be provided in the client_assertion JWT"),
    ({"iss": "reader"}, "iss (JWT issuer) must be the client_id"),
    ({"sub": None}, "sub (JWT subject) must be provided in the client_assertion JWT"),
    ({"aud": None}, "aud (JWT audience) must be provided in the client_assertion JWT"),
    ({"exp": None}, "expiration must be specified in the client_assertion JWT"),
    ({"exp": 400}, "exp lies more than 5 minutes ahead"),
    ({"jti": None}, "unique jti (JWT ID) must be provided in the client_assertion JWT"),
    ({"iat": None}, "iat is required"),
    ({"iat": 60}, "iat lies in the future"),
    ({"iat": -100}, "it lives for more than 5 minutes"),
    ({"nbf": 60}, "jwt not active yet"),
]


@pytest.mark.parametrize(("changes", "why"), CHANGED, ids=lambda part: str(part)[:24])
async def test_each_claim_counts(
    changes: dict[str, Any], why: str, server: StrictServer, keys: Keys
) -> None:
    before = server.seen()
    good = {"iss": "writer", "sub": "writer", "aud": server.token_url, "jti": f"strict-{why}"}
    claims = {
        name: value + before.now if name in TIMES else value
        for name, value in {**good, "iat": -30, "nbf": -30, "exp": 240, **changes}.items()
        if value is not None
    }
    header = {"typ": "JWT", "alg": "ES384", "kid": keys.ec["kid"]}
    form = {
        "grant_type": "client_credentials",
        "scope": WRITE,
        "client_assertion_type": JWT_BEARER,
        "client_assertion": jwt.encode(header, claims, import_key(keys.ec), algorithms=["ES384"]),
    }
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(server.token_url, data=form)
    reasons = [refusal["why"] for refusal in server.seen().since(before).refused]
    assert reasons == ([why] if why else [])
    assert answer.status_code == (401 if why else 200)
