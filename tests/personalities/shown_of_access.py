"""How one gets in at each product: its address, how a client proves itself, where keys stand."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import import_key

from core.probe.examine import examine
from core.profile.access import Remark, is_at, remarks
from sync.fhir.discovery import discover
from sync.sandbox import BASE_URL, InProcessTransport, Sandbox
from sync.sandbox.clients import OWN_KEYS, IssuedClient, issue
from sync.sandbox.personality import play
from tests.fakes import FakeClock
from tests.personalities.deeds import CHART
from tests.personalities.place import opened
from tests.personalities.registry import fact
from tests.personalities.shown_of_tokens import JWT_BEARER, TOKEN_URL, guarded
from tests.personalities.test_profiles import PROFILES

_A1 = "api.platform.athenahealth.com/fhir/r4/metadata"
_W1 = "fhir4.eclinicalworks.com/fhir/r4/{practice}/metadata"
_W2 = "fhir4.eclinicalworks.com/fhir/r4/{practice}/.well-known/smart-configuration"
_W3 = "fhir.eclinicalworks.com/ecwopendev/documentation/getting-started/backend/authentication"
_D1, _D2 = (
    "providerapi.advancedmd.com/v1/r4/metadata",
    ("fhir.advancedmd.com/fhir/launch-and-authorization"),
)
_V1 = "fhir.fhirpoint.open.allscripts.com/fhirroute/fhir/CP00101/metadata"
_V3 = "developer.veradigm.com/Fhir/BulkData"
_E2 = "fhir.epic.com/interconnect-fhir-oauth/api/FHIR/R4/.well-known/smart-configuration"
_E3 = "fhir.epic.com/Documentation?docId=oauth2"
_A2 = "api.platform.athenahealth.com/fhir/r4/.well-known/smart-configuration"
_O2 = "fhir-ehr-code.cerner.com/r4/{tenant}/.well-known/smart-configuration"


async def noted(name: str) -> dict[str, Remark]:
    """Return what `doctor` remarks of getting in, asked at the personality, by fact."""
    clock = FakeClock()
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder), name, play(name, clock.now), clock, CHART) as place:
            transport = InProcessTransport(place.sandbox.app)
            stated = await discover(BASE_URL, transport=transport)
            found = await examine(place.workspace, place.client, stated.auth_methods)
            return {one.fact: one for one in found.access}


async def asked(
    http: httpx.AsyncClient, clock: FakeClock, client: IssuedClient, **more: str
) -> httpx.Response:
    """Ask for a token as a client that signs with its key; `more` replaces parts of the form."""
    now = int(clock.now().timestamp())
    claims = {"iss": client.client_id, "sub": client.client_id, "aud": TOKEN_URL, "exp": now + 60,
              "jti": f"j-{now}-{len(more)}"}  # fmt: skip
    header = {"alg": client.algorithm, "kid": client.client_id}
    key = import_key(client.private_jwk)
    signed = jwt.encode(header, claims, key, algorithms=[client.algorithm])
    form = {"grant_type": "client_credentials", "client_assertion_type": JWT_BEARER,
            "client_assertion": signed, "scope": "system/Patient.r"}  # fmt: skip
    return await http.post(TOKEN_URL, data={**form, **more})


def _reader(sandbox: Sandbox) -> IssuedClient:
    return next(one for one in sandbox.issue_clients() if one.plane == "read")


async def _is_known_at(name: str, source: str) -> None:
    profile, told = PROFILES[name], (await noted(name))["base_url"]
    assert told.fits is False and "on this machine" in told.words
    assert told.basis.source == source
    template = str(profile.base_url.value)
    assert template in told.words
    (vendor,) = [
        one for one in remarks(profile, template.replace("{tenant}", "abc-12"))
        if one.fact == "base_url"
    ]  # fmt: skip
    assert vendor.fits is True and "another" not in vendor.words
    assert not is_at(template, template.replace("{tenant}", "a/b") + "/x")
    assert not is_at(template, "https://fhir.example.org/r4")


async def _proves_itself_by_a_signature(name: str, source: str) -> None:
    async with guarded(name) as (sandbox, http, clock):
        assert (await asked(http, clock, _reader(sandbox))).status_code == 200
        stated = (await http.get("/.well-known/smart-configuration")).json()
    told = (await noted(name))["auth_methods"]
    listed = "private_key_jwt" in stated["token_endpoint_auth_methods_supported"]
    assert told.fits is listed and told.basis.source == source


async def _takes_no_secret(name: str, source: str) -> None:
    await _proves_itself_by_a_signature(name, source)
    async with guarded(name) as (sandbox, http, clock):
        told = await asked(http, clock, _reader(sandbox), client_secret="s")
        assert (told.status_code, told.json()["error"]) == (401, "invalid_client")
        assert "not offered" in told.json()["error_description"]
        basic = await http.post(
            TOKEN_URL, data={"grant_type": "client_credentials"}, auth=("me", "s")
        )
        assert "client_secret_basic is not offered" in basic.json()["error_description"]


async def _offers_secrets_too(name: str, source: str) -> None:
    await _proves_itself_by_a_signature(name, source)
    async with guarded(name) as (_, http, _clock):
        stated = (await http.get("/.well-known/smart-configuration")).json()
        methods = stated["token_endpoint_auth_methods_supported"]
        assert methods == list(PROFILES[name].auth_methods.value or ())
        told = await http.post(TOKEN_URL, data={"client_secret": "s"})
        assert "not offered" not in told.json()["error_description"]


async def _does_not_list_what_it_takes(name: str, source: str) -> None:
    await _proves_itself_by_a_signature(name, source)
    told = (await noted(name))["auth_methods"]
    assert told.fits is False and "does not hold private_key_jwt" in told.words


async def _takes_one_grant(name: str, source: str) -> None:
    await _proves_itself_by_a_signature(name, source)
    async with guarded(name) as (sandbox, http, clock):
        told = await asked(http, clock, _reader(sandbox), grant_type="refresh_token")
        assert told.json()["error"] == "unsupported_grant_type"


async def _keys_stand_at_a_url(name: str, source: str) -> None:
    told = (await noted(name))["jwks_hosting"]
    assert told.basis.source == source and "URL" in told.words
    allowed_anywhere = PROFILES[name].jwks_hosting.value == "url"
    for url, taken in (
        (None, False),
        ("https://elsewhere.example/jwks.json", allowed_anywhere),
        (f"{OWN_KEYS}reader", True),
    ):
        async with guarded(name) as (sandbox, http, clock):
            client, _ = issue("read", ["RS384"])
            sandbox.add_client(client.client_id, _public(client), client.scopes, url)
            answer = await asked(http, clock, client)
            assert (answer.status_code == 200) is taken, (url, answer.text)
            assert taken or answer.json()["error"] == "invalid_client"


def _public(client: IssuedClient) -> dict[str, Any]:
    return {key: client.private_jwk[key] for key in ("kty", "n", "e", "kid", "alg", "use")}


for _name, _source in (
    ("athenahealth", _A1), ("eclinicalworks", _W1), ("advancedmd", _D1), ("veradigm", _V1),
    ("oracle-health", _O2),
):  # fmt: skip
    fact(_name, "base_url", _source)(partial(_is_known_at, _name, _source))
for _name, _source, _shows in (
    ("epic", _E2, _proves_itself_by_a_signature),
    ("athenahealth", _A2, _offers_secrets_too),
    ("eclinicalworks", _W2, _takes_no_secret),
    ("advancedmd", _D2, _takes_no_secret),
    ("veradigm", _V3, _does_not_list_what_it_takes),
    ("oracle-health", _O2, _takes_one_grant),
):
    fact(_name, "auth_methods", _source)(partial(_shows, _name, _source))
for _name, _source in (("epic", _E3), ("eclinicalworks", _W3)):
    fact(_name, "jwks_hosting", _source)(partial(_keys_stand_at_a_url, _name, _source))
