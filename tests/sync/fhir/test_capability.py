"""The CapabilityStatement: read once, only what it states counts."""

from __future__ import annotations

from typing import Any

import pytest

from core.ports import Capability
from sync.fhir import FhirClient, Unreadable, WrongAnswer, discover
from sync.wire import httpx
from tests.sync.fhir.servers import BASE, Clock, Issuer, Tracing, answer, client, patient


def statement(*resources: Any, mode: str = "server") -> dict[str, Any]:
    return {
        "resourceType": "CapabilityStatement",
        "rest": [{"mode": mode, "resource": list(resources)}],
    }


FULL = {
    "type": "Patient",
    "interaction": [{"code": "create"}, {"code": "update"}],
    "versioning": "versioned-update",
    "updateCreate": True,
    "conditionalCreate": True,
}
NOTHING = Capability(False, False, False, False, False)


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (FULL, Capability(True, True, True, True, True)),
        ({**FULL, "versioning": "versioned"}, Capability(True, True, True, True, True)),
        ({**FULL, "versioning": "no-version"}, Capability(True, True, True, True, False)),
        ({**FULL, "interaction": [{"code": "read"}]}, Capability(False, False, True, True, True)),
        ({**FULL, "updateCreate": "true", "conditionalCreate": 1},
         Capability(True, True, False, False, True)),
        ({"type": "Patient"}, NOTHING),
        ({**FULL, "type": "Person"}, NOTHING),
        ("Patient", NOTHING),
    ],
)  # fmt: skip
async def test_what_is_offered(resource: Any, expected: Capability) -> None:
    async with client(lambda request: answer(statement(resource))) as ehr:
        assert await ehr.capability("Patient") == expected


async def test_what_the_client_mode_says_does_not_count() -> None:
    async with client(lambda request: answer(statement(FULL, mode="client"))) as ehr:
        assert await ehr.capability("Patient") == NOTHING


async def test_it_is_read_once_until_refreshed() -> None:
    paths: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return answer(statement(FULL))

    async with client(handle) as ehr:
        await ehr.capability("Patient")
        await ehr.capability("Task")
        assert paths == ["/fhir/metadata"]
        ehr.refresh()
        await ehr.capability("Patient")
    assert len(paths) == 2


async def test_a_server_that_wants_a_token_for_it_gets_one(
    issuer: Issuer, clock: Clock, ec: dict[str, Any]
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        known = "authorization" in request.headers
        return answer(statement(FULL)) if known else answer(b"", 401)

    source = issuer.source(ec, clock)
    async with FhirClient("north-ehr", BASE, source, None, transport=Tracing(handle)) as ehr:
        assert (await ehr.capability("Patient")).create


async def test_another_document_is_no_statement() -> None:
    async with client(lambda request: answer(patient())) as ehr:
        with pytest.raises(WrongAnswer):
            await ehr.capability("Patient")


async def test_the_token_endpoint_is_discovered() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        document = {
            "token_endpoint": "https://auth.example/token",
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
            "scopes_supported": ["system/*.rs", 7],
            "capabilities": "permission-v2",
        }
        return answer(document, media="application/json")

    found = await discover(f"{BASE}/", transport=httpx.MockTransport(handle))
    assert str(seen[0].url) == f"{BASE}/.well-known/smart-configuration"
    assert found.token_endpoint == "https://auth.example/token"
    assert found.auth_methods == ("private_key_jwt",)
    assert found.algorithms == ("RS384", "ES384")
    assert found.scopes == ("system/*.rs",)
    assert found.capabilities == ()


@pytest.mark.parametrize(
    "endpoint",
    [None, 7, "", "http://auth.example/token", "https://127.0.0.1/token", "http://localhost/token",
     "https://me@auth.example/token"],
)  # fmt: skip
async def test_an_endpoint_that_cannot_be_used(endpoint: object) -> None:
    response = answer({"token_endpoint": endpoint}, media="application/json")
    with pytest.raises(Unreadable) as caught:
        await discover(BASE, transport=httpx.MockTransport(lambda request: response))
    assert "auth.example" not in str(caught.value)
