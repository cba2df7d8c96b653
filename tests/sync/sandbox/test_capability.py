"""What the sandbox claims is what it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from core.canonical import RESPONSE, parse_object
from core.fhir import structure_problems
from sync.sandbox import Sandbox

Send = Callable[..., dict[str, Any]]


async def test_the_statement_is_valid(http: httpx.AsyncClient) -> None:
    answer = await http.get("/metadata")
    assert structure_problems(parse_object(answer.content, RESPONSE)) == []
    found = answer.json()
    assert (found["fhirVersion"], found["kind"]) == ("4.0.1", "instance")
    assert found["implementation"]["url"] == "http://127.0.0.1/fhir"


async def test_each_type_claims_what_is_built(http: httpx.AsyncClient) -> None:
    rest = (await http.get("/metadata")).json()["rest"][0]
    system = [item["code"] for item in rest["interaction"]]
    assert system == ["transaction", "batch", "history-system"]
    by_type = {resource["type"]: resource for resource in rest["resource"]}
    assert len(by_type) > 140
    task = by_type["Task"]
    assert [item["code"] for item in task["interaction"]] == [
        "read",
        "vread",
        "update",
        "patch",
        "delete",
        "history-instance",
        "history-type",
        "create",
        "search-type",
    ]
    listed = ("type", "interaction", "searchParam", "searchInclude", "searchRevInclude")
    claims = {name: task[name] for name in task if name not in (*listed, "operation")}
    assert claims == {
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "not-supported",
    }


async def test_every_claimed_parameter_searches_and_no_other(http: httpx.AsyncClient) -> None:
    values = {"token": "x", "reference": "Patient/x", "date": "2026", "string": "x", "uri": "urn:x"}
    rest = (await http.get("/metadata")).json()["rest"][0]
    names = {item["name"] for resource in rest["resource"] for item in resource["searchParam"]}
    for resource in rest["resource"]:
        claimed = {item["name"]: item["type"] for item in resource["searchParam"]}
        query = {name: values[kind] for name, kind in claimed.items()}
        assert (await http.get(f"/{resource['type']}", params=query)).status_code == 200
        other = next(iter(sorted(names - claimed.keys())))
        answer = await http.get(f"/{resource['type']}", params={other: "Patient/x"})
        assert answer.status_code == 400


@pytest.mark.parametrize("no_auth", [False, True])
async def test_security_is_claimed_where_it_is_asked_for(client: Any, no_auth: bool) -> None:
    with Sandbox(no_auth=no_auth) as made:
        async with client(made) as http:
            rest = (await http.get("/metadata")).json()["rest"][0]
    if no_auth:
        assert "security" not in rest
        return
    extension = rest["security"]["extension"][0]
    assert extension["url"].endswith("/StructureDefinition/oauth-uris")
    assert extension["extension"] == [{"url": "token", "valueUri": "http://127.0.0.1/token"}]
    assert rest["security"]["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"


@pytest.mark.parametrize("origin", ["http://127.0.0.1", "http://127.0.0.1/fhir"])
async def test_smart_configuration_needs_no_token(client: Any, origin: str) -> None:
    with Sandbox() as made:
        async with client(made) as http:
            answer = await http.get(f"{origin}/.well-known/smart-configuration")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {
        "token_endpoint": "http://127.0.0.1/token",
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "grant_types_supported": ["client_credentials"],
        "scopes_supported": ["system/*.cruds", "system/*.rs"],
        "capabilities": ["client-confidential-asymmetric", "permission-v2"],
    }
