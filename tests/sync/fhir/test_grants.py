"""The token of a write: exactly its scope, only to its own server, never replaced midway."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import Refused
from core.ports import Grant, NotSent, Request
from sync.fhir import FhirClient
from tests.sync.fhir.servers import BASE, Clock, Issuer, Tracing, answer, patient

UPDATE = Request("PUT", "Patient", "p1", {"If-Match": 'W/"3"'}, b"{}")


def nothing() -> None:
    """Let the write go."""


async def test_the_token_goes_with_the_write_and_nowhere_else(
    issuer: Issuer, clock: Clock, ec: dict[str, Any]
) -> None:
    transport = Tracing(lambda request: answer(b"", 307, Location="https://evil.example/x"))
    source = issuer.source(ec, clock)
    async with FhirClient("north-ehr", BASE, source, source, transport=transport) as ehr:
        grant = await ehr.grant("system/Patient.u")
        response = await ehr.send(UPDATE, grant, nothing)
    assert (response.status, response.location) == (307, None)
    (sent,) = transport.requests
    assert sent.url.host == "ehr.example"
    assert sent.headers["authorization"] == "Bearer secret-token-1"
    assert issuer.forms[0]["scope"] == "system/Patient.u"


async def test_a_rejected_write_token_is_forgotten_and_nothing_is_sent_again(
    issuer: Issuer, clock: Clock, ec: dict[str, Any]
) -> None:
    transport = Tracing(lambda request: answer(b"", 401))
    source = issuer.source(ec, clock)
    async with FhirClient("north-ehr", BASE, source, source, transport=transport) as ehr:
        grant = await ehr.grant("system/Patient.u")
        response = await ehr.send(UPDATE, grant, nothing)
        assert response.status == 401
        assert len(transport.requests) == len(issuer.forms) == 1
        await ehr.grant("system/Patient.u")
    assert len(issuer.forms) == 2


async def test_a_token_near_its_end_is_not_sent_with(
    issuer: Issuer, clock: Clock, ec: dict[str, Any]
) -> None:
    transport = Tracing(lambda request: answer(patient()))
    source = issuer.source(ec, clock)
    ran: list[int] = []
    async with FhirClient("north-ehr", BASE, source, source, transport=transport) as ehr:
        grant = await ehr.grant("system/Patient.u")
        clock.seconds = 271
        with pytest.raises(NotSent):
            await ehr.send(UPDATE, grant, lambda: ran.append(1))
    assert transport.requests == []
    assert ran == []


async def test_a_grant_of_another_server_is_not_sent(
    issuer: Issuer, clock: Clock, ec: dict[str, Any]
) -> None:
    class Forged:
        scope = "system/Patient.u"

        def alive(self) -> bool:
            return True

    other: Grant = await issuer.source(ec, clock).token("system/Patient.u")
    transport = Tracing(lambda request: answer(patient()))
    source = issuer.source(ec, clock)
    async with FhirClient("north-ehr", BASE, source, source, transport=transport) as ehr:
        for grant in (other, Forged()):
            with pytest.raises(TypeError):
                await ehr.send(UPDATE, grant, nothing)
    assert transport.requests == []


async def test_without_a_write_key_nothing_is_granted(
    issuer: Issuer, clock: Clock, ec: dict[str, Any]
) -> None:
    async with FhirClient("north-ehr", BASE, issuer.source(ec, clock), None) as ehr:
        with pytest.raises(Refused, match="write key"):
            await ehr.grant("system/Patient.u")
    assert issuer.forms == []


async def test_a_write_token_of_a_narrower_scope_is_refused(
    issuer: Issuer, clock: Clock, ec: dict[str, Any]
) -> None:
    issuer.grant = lambda form: issuer.granted({**form, "scope": "system/Patient.c"})
    source = issuer.source(ec, clock)
    async with FhirClient("north-ehr", BASE, source, source) as ehr:
        with pytest.raises(Refused, match="scope"):
            await ehr.grant("system/Patient.cu")
