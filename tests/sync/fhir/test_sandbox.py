"""A whole road against the sandbox, with real Backend Services tokens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from core.canonical import encode
from core.errors import Refused
from core.ports import Request
from core.stamps import carries, identify, search_for
from sync.fhir import FhirClient, TokenSource, discover
from sync.sandbox import BASE_URL, TOKEN_URL, InProcessTransport, Sandbox

OPERATION = "5f0c3c52-6b5e-4d4f-9a0e-1f7a5f3a8c11"
NOW = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)


class Fixed:
    def now(self) -> datetime:
        return NOW


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(clock=lambda: NOW) as made:
        yield made


def _client(sandbox: Sandbox) -> FhirClient:
    issued = {one.plane: one for one in sandbox.issue_clients()}
    numbers = iter(range(1000))

    def source(plane: str) -> TokenSource:
        return TokenSource(
            issued[plane].client_id,
            issued[plane].private_jwk,
            TOKEN_URL,
            clock=Fixed(),
            new_id=lambda: f"jti-{next(numbers)}",
            transport=InProcessTransport(sandbox.app),
        )

    transport = InProcessTransport(sandbox.app)
    return FhirClient("sandbox", BASE_URL, source("read"), source("write"), transport=transport)


async def test_create_read_search_update_and_conflict(sandbox: Sandbox) -> None:
    ran: list[str] = []
    async with _client(sandbox) as ehr:
        assert (await ehr.capability("Patient")).versioned
        resource = identify({"resourceType": "Patient", "active": True}, OPERATION)
        condition = "&".join(f"{k}={v}" for k, v in search_for("Patient", OPERATION).items())
        headers = {"If-None-Exist": condition}
        create = Request("POST", "Patient", None, headers, encode(resource))
        made = await ehr.send(create, await ehr.grant("system/Patient.c"), lambda: ran.append("c"))
        assert (made.status, made.version) == (201, "1")
        assert made.location is not None

        read = await ehr.read(made.location)
        assert read is not None
        assert carries(read.resource, OPERATION)
        found = await ehr.search("Patient", search_for("Patient", OPERATION))
        assert [item.reference for item in found] == [made.location]
        again = await ehr.send(create, await ehr.grant("system/Patient.c"), lambda: None)
        assert (again.status, again.location) == (200, made.location)

        id_ = made.location.partition("/")[2]
        body = encode({**read.resource, "active": False})
        update = Request("PUT", "Patient", id_, {"If-Match": 'W/"1"'}, body)
        grant = await ehr.grant("system/Patient.u")
        changed = await ehr.send(update, grant, lambda: ran.append("u"))
        assert (changed.status, changed.version) == (200, "2")
        stale = await ehr.send(update, grant, lambda: ran.append("s"))
        assert (stale.status, stale.location) == (412, None)
        assert stale.issues != ()
        before = await ehr.read(made.location, "1")
        assert before is not None
        assert before.resource["active"] is True
        assert await ehr.read("Patient/none") is None
    assert ran == ["c", "u", "s"]


async def test_a_search_of_a_patients_chart_goes_by_form(sandbox: Sandbox) -> None:
    async with _client(sandbox) as ehr:
        found = await ehr.search("Condition", {"patient": "Patient/p1", "_count": "10"})
    assert list(found) == []


async def test_a_scope_beyond_the_clients_is_refused(sandbox: Sandbox) -> None:
    async with _client(sandbox) as ehr:
        with pytest.raises(Refused):
            await ehr.grant("system/Patient.d")


async def test_the_token_endpoint_is_found(sandbox: Sandbox) -> None:
    found = await discover(BASE_URL, transport=InProcessTransport(sandbox.app))
    assert found.token_endpoint == TOKEN_URL
    assert "ES384" in found.algorithms
