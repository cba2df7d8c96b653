"""Two writes as one transaction: the Bundle, what its answer tells, and the sandbox's own word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from core.canonical import encode
from core.errors import BadInput
from core.ports import OutcomeUnknown, Request, Response
from sync.fhir import FhirClient, NoAuth
from sync.sandbox import Sandbox
from tests.sync.fhir.servers import Tracing, answer, client
from tests.sync.fhir.test_sandbox import NOW, _client

BODY = b'{"resourceType":"Patient","id":"p1","multipleBirthInteger":1.10}'
RECORD = b'{"resourceType":"Provenance","target":[{"reference":"Patient/p1"}]}'
PAIR = Request(
    "PUT", "Patient", "p1", {"If-Match": 'W/"3"'}, BODY,
    beside=Request("POST", "Provenance", None, {}, RECORD),
)  # fmt: skip
SCOPE = "system/Patient.u system/Provenance.c"


def told(*statuses: str, **more: Any) -> dict[str, Any]:
    entries = [{"response": {"status": status, **more}} for status in statuses]
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}


async def sent(response: Any, request: Request = PAIR) -> Response:
    async with client(lambda _: response) as ehr:
        return await ehr.send(request, await ehr.grant(SCOPE), lambda: None)


async def test_both_stand_in_one_bundle_byte_for_byte() -> None:
    transport = Tracing(lambda _: answer(told("200 OK", "201 Created")))
    ehr = FhirClient(
        "north-ehr", "http://127.0.0.1:8/fhir", NoAuth(), NoAuth(), transport=transport
    )
    async with ehr:
        await ehr.send(PAIR, await ehr.grant(SCOPE), lambda: None)
    [one] = transport.requests
    assert (one.method, one.url.path) == ("POST", "/fhir")
    assert one.headers["content-type"] == "application/fhir+json"
    assert BODY in one.content and RECORD in one.content
    bundle = json.loads(one.content)
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "transaction")
    assert [entry["request"] for entry in bundle["entry"]] == [
        {"method": "PUT", "url": "Patient/p1", "ifMatch": 'W/"3"'},
        {"method": "POST", "url": "Provenance"},
    ]
    assert "if-match" not in one.headers


async def test_the_answer_is_about_the_write_and_says_what_became_of_the_other() -> None:
    entries = [
        {"response": {"status": "200 OK", "etag": 'W/"4"',
                      "location": "http://127.0.0.1:8/fhir/Patient/p1/_history/4"}},
        {"response": {"status": "201 Created"}},
    ]  # fmt: skip
    found = await sent(answer({**told(), "entry": entries}))
    assert (found.status, found.version, found.location, found.beside) == (
        200, "4", "Patient/p1", 201
    )  # fmt: skip


async def test_without_a_location_an_update_is_where_it_was_sent_to() -> None:
    found = await sent(answer(told("200", "201")))
    assert (found.location, found.version) == ("Patient/p1", None)


async def test_a_half_that_was_refused_is_no_success_of_the_whole() -> None:
    outcome = {"resourceType": "OperationOutcome",
               "issue": [{"severity": "error", "code": "conflict"}]}  # fmt: skip
    found = await sent(answer(told("412 Precondition Failed", "201 Created", outcome=outcome)))
    assert (found.status, found.location, found.beside) == (412, None, 201)
    assert found.issues == ("conflict",) and found.failing
    found = await sent(answer(told("200 OK", "422 Unprocessable")))
    assert (found.status, found.location, found.beside) == (200, "Patient/p1", 422)


async def test_a_refusal_of_the_whole_is_told_as_of_any_write() -> None:
    outcome = {"resourceType": "OperationOutcome",
               "issue": [{"severity": "error", "code": "conflict"}]}  # fmt: skip
    found = await sent(answer(outcome, 412))
    assert (found.status, found.issues, found.beside) == (412, ("conflict",), None)


@pytest.mark.parametrize(
    "said",
    [
        {"resourceType": "Patient", "id": "p1"},
        {"resourceType": "Bundle", "type": "batch-response", "entry": told("200", "201")["entry"]},
        told("200 OK"),
        told("200 OK", "201 Created", "200 OK"),
        told("fine", "201 Created"),
        told("200 OK", "2010"),
        {**told(), "entry": [{"response": {"status": 200}}, {"response": {"status": "201"}}]},
        {**told(), "entry": [None, {"response": {"status": "201"}}]},
        {**told(), "entry": "none"},
    ],
)  # fmt: skip
async def test_an_answer_that_does_not_tell_leaves_it_unknown(said: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        await sent(answer(said))


async def test_an_answer_without_a_body_leaves_it_unknown() -> None:
    with pytest.raises(OutcomeUnknown):
        await sent(answer(b"", 200))


async def test_a_location_that_leaves_the_base_is_not_taken() -> None:
    said = told("200 OK", "201 Created", location="https://elsewhere.example/fhir/Patient/p2")
    assert (await sent(answer(said))).location == "Patient/p1"


async def test_what_no_write_may_ask_for_is_refused_in_either() -> None:
    bad = Request("PUT", "Patient", "p1", {"If-Match": "3"}, BODY, PAIR.beside)
    with pytest.raises(BadInput):
        await sent(answer(told("200", "201")), bad)
    worse = Request("PUT", "Patient", "p1", {"If-Match": 'W/"3"'}, BODY,
                    Request("DELETE", "Patient", "p1", {}, b""))  # fmt: skip
    with pytest.raises(BadInput):
        await sent(answer(told("200", "201")), worse)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(clock=lambda: NOW) as made:
        made.seed([{"resourceType": "Patient", "id": "p1", "active": True}])
        yield made


async def test_the_sandbox_stores_both_or_neither(sandbox: Sandbox) -> None:
    record = {"resourceType": "Provenance", "recorded": "2026-11-23T09:00:00Z",
              "target": [{"reference": "Patient/p1"}],
              "agent": [{"who": {"identifier": {"value": "a"}}}]}  # fmt: skip
    body = encode({"resourceType": "Patient", "id": "p1", "active": False})
    beside = Request("POST", "Provenance", None, {}, encode(record))
    pair = Request("PUT", "Patient", "p1", {"If-Match": 'W/"1"'}, body, beside)
    async with _client(sandbox) as ehr:
        assert (await ehr.capability("Patient")).transaction
        done = await ehr.send(pair, await ehr.grant(SCOPE), lambda: None)
        assert (done.status, done.version, done.location, done.beside) == (
            200, "2", "Patient/p1", 201
        )  # fmt: skip
        stale = await ehr.send(pair, await ehr.grant(SCOPE), lambda: None)
        assert (stale.status, stale.location) == (412, None)
        found = await ehr.search("Provenance", {"target": "Patient/p1"})
        assert len(found) == 1
        narrow = await ehr.send(pair, await ehr.grant("system/Patient.u"), lambda: None)
        assert narrow.status == 403
