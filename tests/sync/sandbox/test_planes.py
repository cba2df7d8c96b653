"""Four credentials, each refused outside its plane: every interaction on every type, tried."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import import_key

from sync.sandbox import TOKEN_URL, Sandbox
from sync.sandbox.capability import capability_statement
from sync.sandbox.clients import PLANES, IssuedClient
from sync.sandbox.scopes import parse_scopes
from sync.sandbox.tokens import JWT_BEARER
from tests.scale import sampled, scaled

JSON = {"Content-Type": "application/fhir+json"}
PATCH = {"Content-Type": "application/json-patch+json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
KINDS = [item["type"] for item in capability_statement("", None, "")["rest"][0]["resource"]]
TRIED = sampled(KINDS, 30)

# Method, path, headers, and the scopes that it takes.
ROUTES: list[tuple[str, str, dict[str, str], str]] = [
    ("GET", "/{type}/x", {}, "r"),
    ("GET", "/{type}/x/_history/1", {}, "r"),
    ("GET", "/{type}/x/_history", {}, "r"),
    ("GET", "/{type}/_history", {}, "r"),
    ("GET", "/{type}", {}, "s"),
    ("POST", "/{type}/_search", FORM, "s"),
    ("POST", "/{type}", JSON, "c"),
    ("PUT", "/{type}/x", JSON, "u"),
    ("PUT", "/{type}?_id=x", JSON, "us"),
    ("PATCH", "/{type}/x", PATCH, "u"),
    ("DELETE", "/{type}/x", {}, "d"),
]


@pytest.fixture(scope="module")
def guarded() -> Iterator[tuple[Sandbox, list[IssuedClient]]]:
    with Sandbox() as sandbox:
        yield sandbox, sandbox.issue_clients()


@pytest.fixture
async def http(guarded: Any, client: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with client(guarded[0]) as made:
        yield made


async def bearer(http: httpx.AsyncClient, issued: IssuedClient) -> dict[str, str]:
    """Return the Authorization header of all that this client may ever have."""
    claims = {
        "iss": issued.client_id, "sub": issued.client_id, "aud": TOKEN_URL,
        "jti": str(uuid.uuid4()), "exp": int(time.time()) + 60,
    }  # fmt: skip
    key = import_key(dict(issued.private_jwk))
    head = {"alg": issued.algorithm, "kid": issued.client_id}
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": JWT_BEARER,
        "client_assertion": jwt.encode(head, claims, key, algorithms=[issued.algorithm]),
        "scope": f"system/*.cruds {issued.scopes}",
    }
    answer = await http.post(TOKEN_URL, data=form)
    assert answer.status_code == 200, answer.text
    assert parse_scopes(answer.json()["scope"]) == parse_scopes(issued.scopes)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_the_planes_are_four_and_only_one_may_write_a_chart() -> None:
    assert set(PLANES) == {"read", "propose", "approve", "write"}
    writers = [
        plane
        for plane, (scopes, _) in PLANES.items()
        if any(parse_scopes(scopes).allows("Patient", letter) for letter in "cud")
    ]
    assert writers == ["write"]


@pytest.mark.parametrize("plane", PLANES)
async def test_each_credential_is_refused_outside_its_plane(
    guarded: Any, http: httpx.AsyncClient, plane: str
) -> None:
    issued = next(item for item in guarded[1] if item.plane == plane)
    allowed = parse_scopes(issued.scopes)
    headers = await bearer(http, issued)
    tried = 0
    for method, path, more, letters in ROUTES:
        for kind in TRIED:
            url = path.format(type=kind)
            answer = await http.request(method, url, headers={**headers, **more})
            inside = all(allowed.allows(kind, letter) for letter in letters)
            assert (answer.status_code == 403) is not inside, (plane, method, url)
            tried += 1
    assert tried == len(ROUTES) * len(TRIED) > scaled(300, 1500)


@pytest.mark.parametrize("plane", PLANES)
async def test_a_bundle_is_no_way_round(guarded: Any, http: httpx.AsyncClient, plane: str) -> None:
    issued = next(item for item in guarded[1] if item.plane == plane)
    allowed = parse_scopes(issued.scopes)
    headers = {**await bearer(http, issued), **JSON}
    for method, path, more, letters in ROUTES:
        for kind in ("Patient", "Task", "Provenance", "Library", "Condition"):
            if more is FORM:
                continue
            entry: dict[str, Any] = {
                "request": {"method": method, "url": path.format(type=kind).lstrip("/")}
            }
            if method in ("POST", "PUT", "PATCH"):
                entry["resource"] = {"resourceType": kind, "id": "x"}
            if method == "PATCH":
                media = PATCH["Content-Type"]
                binary = {"resourceType": "Binary", "contentType": media, "data": "W10="}
                entry["resource"] = binary
            inside = all(allowed.allows(kind, letter) for letter in letters)
            for bundle in ("batch", "transaction"):
                body = {"resourceType": "Bundle", "type": bundle, "entry": [entry]}
                answer = await http.post("/", json=body, headers=headers)
                status = answer.status_code
                if status == 200:
                    status = int(answer.json()["entry"][0]["response"]["status"][:3])
                assert (status == 403) is not inside, (plane, bundle, method, path, kind)


async def test_the_system_s_history_shows_what_may_be_read(
    guarded: Any, http: httpx.AsyncClient
) -> None:
    sandbox, clients = guarded
    sandbox.seed([{"resourceType": "Patient", "id": "p"}, {"resourceType": "Task", "id": "t"}])
    wanted = {
        "read": {"Patient", "Task"}, "propose": {"Task"}, "approve": {"Task"}, "write": None,
    }  # fmt: skip
    for issued in clients:
        answer = await http.get("/_history", headers=await bearer(http, issued))
        kinds = wanted[issued.plane]
        if kinds is None:
            assert answer.status_code == 403
            continue
        found = {entry["resource"]["resourceType"] for entry in answer.json()["entry"]}
        assert found == kinds


@pytest.mark.parametrize("path", ["/Patient", "/Patient/x", "/_history", "/Task", "/"])
async def test_without_a_credential_nothing_is_answered(http: httpx.AsyncClient, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        answer = await http.request(method, path, headers=JSON)
        assert answer.status_code in (401, 405)
