"""How long each product's tokens live, which keys it takes and which FHIR it speaks, shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, import_key

from core.canonical import exact
from core.errors import BadInput
from sync.sandbox import BASE_URL, InProcessTransport, Sandbox
from sync.sandbox.personality import play
from tests.fakes import FakeClock
from tests.personalities.deeds import CHART
from tests.personalities.registry import fact
from tests.personalities.serving import served

TOKEN_URL = "http://127.0.0.1/token"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIVES = (
    ("athenahealth", 3600, "docs.athenahealth.com/api/guides/authentication-and-url-locations"),
    (
        "eclinicalworks", 300,
        "fhir.eclinicalworks.com/ecwopendev/documentation/getting-started/backend/authentication",
    ),
    ("advancedmd", 3599, "fhir.advancedmd.com/fhir/launch-and-authorization"),
    ("oracle-health", 570, "github.com/cerner/fhir.cerner.com content/authorization.md"),
)  # fmt: skip
_ONE_ALGORITHM = (
    (
        "eclinicalworks",
        "fhir4.eclinicalworks.com/fhir/r4/{practice}/.well-known/smart-configuration",
    ),
    ("advancedmd", "fhir.advancedmd.com/fhir/launch-and-authorization"),
)
_SPEAKS = (
    ("epic", "fhir.epic.com/interconnect-fhir-oauth/api/FHIR/R4/metadata"),
    ("athenahealth", "api.platform.athenahealth.com/fhir/r4/metadata"),
    ("eclinicalworks", "fhir4.eclinicalworks.com/fhir/r4/{practice}/metadata"),
    ("advancedmd", "providerapi.advancedmd.com/v1/r4/metadata"),
    ("veradigm", "fhir.fhirpoint.open.allscripts.com/fhirroute/fhir/CP00101/metadata"),
    (
        "oracle-health",
        "docs.oracle.com/en/industries/health/millennium-platform-apis/mfrap/r4_overview.html",
    ),
)


@asynccontextmanager
async def guarded(name: str) -> AsyncIterator[tuple[Sandbox, httpx.AsyncClient, FakeClock]]:
    """Serve a personality that wants a token."""
    clock = FakeClock()
    with Sandbox(clock=clock.now, manner=play(name, clock.now)) as sandbox:
        sandbox.seed(exact(list(CHART)))
        async with httpx.AsyncClient(
            transport=InProcessTransport(sandbox.app), base_url=BASE_URL
        ) as http:
            yield sandbox, http, clock


async def _token(sandbox: Sandbox, http: httpx.AsyncClient, clock: FakeClock) -> dict[str, Any]:
    reader = next(one for one in sandbox.issue_clients() if one.plane == "read")
    now = int(clock.now().timestamp())
    claims = {"iss": reader.client_id, "sub": reader.client_id, "aud": TOKEN_URL, "exp": now + 60,
              "jti": "once"}  # fmt: skip
    signed = jwt.encode(
        {"alg": reader.algorithm}, claims, import_key(reader.private_jwk),
        algorithms=[reader.algorithm],
    )  # fmt: skip
    answer = await http.post(
        TOKEN_URL,
        data={"grant_type": "client_credentials", "client_assertion_type": JWT_BEARER,
              "client_assertion": signed, "scope": "system/Patient.r"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _lives(name: str, seconds: int) -> None:
    async with guarded(name) as (sandbox, http, clock):
        token = await _token(sandbox, http, clock)
        assert token["expires_in"] == seconds
        bearer = {"Authorization": f"Bearer {token['access_token']}"}
        clock.advance(seconds=seconds - 1)
        assert (await http.get("/Patient/example", headers=bearer)).status_code == 200
        clock.advance(seconds=1)
        assert (await http.get("/Patient/example", headers=bearer)).status_code == 401


async def _takes_one_algorithm(name: str) -> None:
    async with guarded(name) as (sandbox, http, _):
        stated = (await http.get("/.well-known/smart-configuration")).json()
        assert stated["token_endpoint_auth_signing_alg_values_supported"] == ["RS384"]
        assert {one.algorithm for one in sandbox.issue_clients()} == {"RS384"}
        key = ECKey.generate_key("P-384").as_dict(private=False)
        with pytest.raises(BadInput, match="ES384"):
            sandbox.add_client("ec", key, "system/*.rs")


async def _speaks_r4(name: str) -> None:
    async with served(name) as place:
        assert (await place.http.get("/metadata")).json()["fhirVersion"] == "4.0.1"


for _name, _seconds, _source in _LIVES:
    fact(_name, "token_ttl_s", _source)(partial(_lives, _name, _seconds))
for _name, _source in _ONE_ALGORITHM:
    fact(_name, "auth_algorithms", _source)(partial(_takes_one_algorithm, _name))
for _name, _source in _SPEAKS:
    fact(_name, "fhir_version", _source)(partial(_speaks_r4, _name))
