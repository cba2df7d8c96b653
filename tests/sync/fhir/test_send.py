"""Sending a write over an in-memory transport: what is sent, and what its answer means."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from core.errors import BadInput
from core.ports import NotSent, OutcomeUnknown, Request, Response
from sync.fhir import Bounds, FhirClient, NoAuth
from sync.wire import FIRST_BYTE, httpx
from tests.sync.fhir.servers import (
    Tracing,
    answer,
    client,
    patient,
)

BODY = b'{"resourceType":"Patient","id":"p1","multipleBirthInteger":1.10}'
UPDATE = Request("PUT", "Patient", "p1", {"If-Match": 'W/"3"'}, BODY)
HERE = "http://127.0.0.1:8/fhir"


def nothing() -> None:
    """Let the write go."""


class Refusal(Exception):
    """What a guard raises."""


async def _send(ehr: FhirClient, request: Request = UPDATE) -> Response:
    return await ehr.send(request, await ehr.grant("system/Patient.u"), nothing)


async def _answered(response: httpx.Response, **more: Any) -> Response:
    async with client(lambda request: response, **more) as ehr:
        return await _send(ehr)


@pytest.mark.parametrize(
    ("request_", "method", "path", "headers"),
    [
        (UPDATE, "PUT", "/fhir/Patient/p1", {"if-match": 'W/"3"'}),
        (Request("PUT", "Patient", "p1", {"If-None-Match": "*"}, BODY), "PUT", "/fhir/Patient/p1",
         {"if-none-match": "*"}),
        (Request("POST", "Patient", None,
                 {"If-None-Exist": "identifier=urn:countersign:operation|8c1f"}, BODY),
         "POST", "/fhir/Patient", {"if-none-exist": "identifier=urn:countersign:operation|8c1f"}),
        (Request("POST", "Provenance", None, {"prefer": "return=minimal"}, BODY), "POST",
         "/fhir/Provenance", {"prefer": "return=minimal"}),
    ],
)  # fmt: skip
async def test_the_request_is_sent_as_given(
    request_: Request, method: str, path: str, headers: Mapping[str, str]
) -> None:
    transport = Tracing(lambda request: answer(patient()))
    ehr = FhirClient("north-ehr", HERE, NoAuth(), NoAuth(), transport=transport)
    async with ehr:
        await ehr.send(request_, await ehr.grant("system/Patient.u"), nothing)
    (sent,) = transport.requests
    assert (sent.method, sent.url.path, sent.content) == (method, path, BODY)
    expected = {"content-type": "application/fhir+json", "accept": "application/fhir+json",
                "prefer": "return=representation", **headers}  # fmt: skip
    assert {name: sent.headers.get(name) for name in expected} == expected
    assert len(sent.headers.get_list("prefer")) == 1
    assert "authorization" not in sent.headers


@pytest.mark.parametrize(
    "request_",
    [
        Request("PATCH", "Patient", "p1", {}, BODY),
        Request("DELETE", "Patient", "p1", {}, BODY),
        Request("PUT", "Patient", None, {}, BODY),
        Request("POST", "Patient", "p1", {}, BODY),
        Request("PUT", "Patient", "..", {}, BODY),
        Request("PUT", "Patient", "p1/../p2", {}, BODY),
        Request("PUT", "Patient?x", "p1", {}, BODY),
        Request("PUT", "Patient", "p1", {"If-Match": "3"}, BODY),
        Request("PUT", "Patient", "p1", {"If-Match": '"3"'}, BODY),
        Request("PUT", "Patient", "p1", {"If-Match": 'W/"3"\r\nX: y'}, BODY),
        Request("PUT", "Patient", "p1", {"If-Match": 'W/"3"', "if-match": 'W/"4"'}, BODY),
        Request("PUT", "Patient", "p1", {"If-None-Match": 'W/"3"'}, BODY),
        Request("POST", "Patient", None, {"If-None-Exist": ""}, BODY),
        Request("POST", "Patient", None, {"If-None-Exist": "a=b\nc"}, BODY),
        Request("POST", "Patient", None, {"Authorization": "Bearer x"}, BODY),
        Request("POST", "Patient", None, {"Host": "evil.example"}, BODY),
        Request("POST", "Patient", None, {"Transfer-Encoding": "chunked"}, BODY),
    ],
)
async def test_a_malformed_write_is_never_sent(request_: Request) -> None:
    ran: list[int] = []
    transport = Tracing(lambda request: answer(patient()))
    async with FhirClient("north-ehr", HERE, NoAuth(), NoAuth(), transport=transport) as ehr:
        with pytest.raises(BadInput):
            await ehr.send(request_, await ehr.grant("system/Patient.u"), lambda: ran.append(1))
    assert transport.requests == []
    assert ran == []


async def test_an_answer_to_a_create() -> None:
    headers = {"Location": f"{HERE}/Patient/p9/_history/1", "ETag": 'W/"1"'}
    response = await _answered(answer(patient("p9", "1"), 201, **headers))
    assert response == Response(201, "1", "Patient/p9", patient("p9", "1"), ())


@pytest.mark.parametrize(
    ("headers", "body", "version", "location"),
    [
        ({"ETag": 'W/"7"'}, patient(), "7", "Patient/p1"),
        ({"ETag": '"7"'}, b"", "7", None),
        ({"ETag": 'W/"7", W/"8"'}, patient(), "3", "Patient/p1"),
        ({"ETag": "7"}, b"", None, None),
        ({"Location": "Patient/p2/_history/4"}, b"", "4", "Patient/p2"),
        ({"Location": "/fhir/Patient/p2"}, patient(), "3", "Patient/p2"),
        ({"Content-Location": f"{HERE}/Patient/p2/_history/4"}, b"", "4", "Patient/p2"),
        ({"Location": "https://evil.example/fhir/Patient/p2"}, patient(), "3", "Patient/p1"),
        ({"Location": "https://evil.example/fhir/Patient/p2/_history/9"}, b"", None, None),
        ({"Location": f"{HERE}/Patient/p1, {HERE}/Patient/p2"}, b"", None, None),
        ({}, {"resourceType": "Patient", "id": "../x"}, None, None),
    ],
)
async def test_where_version_and_location_come_from(
    headers: dict[str, str], body: Any, version: str | None, location: str | None
) -> None:
    response = await _answered(answer(body, 200, **headers))
    assert (response.version, response.location) == (version, location)


async def test_duplicate_headers_are_ambiguous_and_do_not_count() -> None:
    headers = [("Content-Type", "application/fhir+json"), ("ETag", 'W/"7"'), ("ETag", 'W/"8"'),
               ("Location", "Patient/p2"), ("Location", "Patient/p3")]  # fmt: skip
    response = await _answered(httpx.Response(200, headers=headers, json=patient()))
    assert (response.version, response.location) == ("3", "Patient/p1")


@pytest.mark.parametrize(
    "body",
    [
        answer(b"not json"),
        answer(b'{"resourceType":"Patient","id":"p1","id":"p2"}'),
        answer(b"[]"),
        answer({"id": "p1"}),
        answer({**patient(), "filler": "x" * 2000}),
        answer(patient(), media="text/html"),
        answer(patient(), Content_Encoding="br"),
        answer(b""),
    ],
)
async def test_an_unreadable_body_is_no_unknown_outcome(body: httpx.Response) -> None:
    response = await _answered(body, bounds=Bounds(max_bytes=1000))
    assert response == Response(200, None, None, None, ())


@pytest.mark.parametrize("status", [202, 301, 308, 400, 401, 408, 409, 412, 429, 500, 503])
async def test_every_final_status_is_reported_and_nothing_is_retried(status: int) -> None:
    transport = Tracing(
        lambda request: answer(b"", status, Location=f"{HERE}/Patient/p2", Retry_After="0")
    )
    async with FhirClient("north-ehr", HERE, NoAuth(), NoAuth(), transport=transport) as ehr:
        response = await _send(ehr)
    assert response.status == status
    assert len(transport.requests) == 1
    assert response.location == ("Patient/p2" if status < 300 else None)


async def test_an_outcome_is_told_by_its_codes_only() -> None:
    codes: list[Any] = ["conflict", "Business Rule", "[@click]", 7, "x" * 33, None, "lock-error"]
    document = {
        "resourceType": "OperationOutcome",
        "issue": [{"code": code, "diagnostics": "Jane-Canary"} for code in codes] + ["x"],
    }
    response = await _answered(answer(document, 409))
    assert response.issues == ("conflict", "lock-error")
    assert response.resource is None
    assert "Canary" not in repr(response)


async def test_the_callback_runs_once_before_the_request() -> None:
    order: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        order.append("server")
        return answer(patient())

    events = ["connection.connect_tcp.started", "connection.start_tls.complete", FIRST_BYTE,
              "http11.send_request_headers.complete"]  # fmt: skip
    async with client(handle, tracing={"events": events}) as ehr:
        grant = await ehr.grant("system/Patient.u")
        await ehr.send(UPDATE, grant, lambda: order.append("callback"))
    assert order == ["callback", "server"]


async def test_http2_is_traced_too() -> None:
    ran: list[int] = []
    events = ["http2.send_request_headers.started"]
    async with client(lambda request: answer(patient()), tracing={"events": events}) as ehr:
        await ehr.send(UPDATE, await ehr.grant("system/Patient.u"), lambda: ran.append(1))
    assert ran == [1]


async def test_a_second_start_is_stopped_as_a_resend() -> None:
    ran: list[int] = []
    transport = Tracing(lambda request: answer(patient()), [FIRST_BYTE, FIRST_BYTE])
    async with FhirClient("north-ehr", HERE, NoAuth(), NoAuth(), transport=transport) as ehr:
        grant = await ehr.grant("system/Patient.u")
        with pytest.raises(OutcomeUnknown):
            await ehr.send(UPDATE, grant, lambda: ran.append(1))
    assert ran == [1]
    assert transport.requests == []


@pytest.mark.parametrize(
    "raised",
    [Refusal("no"), httpx.WriteError("x"), TimeoutError(), OSError(), NotSent(), OutcomeUnknown()],
)
async def test_what_the_callback_raises_comes_out_unchanged(raised: Exception) -> None:
    def stop() -> None:
        raise raised

    transport = Tracing(lambda request: answer(patient()))
    async with FhirClient("north-ehr", HERE, NoAuth(), NoAuth(), transport=transport) as ehr:
        with pytest.raises(type(raised)) as caught:
            await ehr.send(UPDATE, await ehr.grant("system/Patient.u"), stop)
    assert caught.value is raised
    assert transport.requests == []


async def test_a_callback_whose_error_is_swallowed_still_stops_it() -> None:
    class Swallowing(Tracing):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            try:
                return await super().handle_async_request(request)
            except Refusal:
                return answer(patient())

    def stop() -> None:
        raise Refusal

    transport = Swallowing(lambda request: answer(patient()))
    async with FhirClient("north-ehr", HERE, NoAuth(), NoAuth(), transport=transport) as ehr:
        with pytest.raises(Refusal):
            await ehr.send(UPDATE, await ehr.grant("system/Patient.u"), stop)


@pytest.mark.parametrize("events", [(), ("http11.send_request_body.started",)])
async def test_a_transport_that_does_not_trace_is_an_error(events: Sequence[str]) -> None:
    async with client(lambda request: answer(patient()), tracing={"events": events}) as ehr:
        with pytest.raises(RuntimeError, match="does not report"):
            await _send(ehr)


class Before(Tracing):
    """Fails before the first byte."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handler(request)


@pytest.mark.parametrize("kind", [Before, Tracing])
@pytest.mark.parametrize(
    "raised",
    [httpx.ConnectError, httpx.ReadError, httpx.PoolTimeout, httpx.ReadTimeout, TimeoutError],
)
async def test_the_first_byte_tells_not_sent_from_unknown(
    kind: type[Tracing], raised: type[Exception]
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise raised(f"{request.url} Jane-Canary")

    ehr = FhirClient("north-ehr", HERE, NoAuth(), NoAuth(), transport=kind(fail))
    async with ehr:
        with pytest.raises(NotSent if kind is Before else OutcomeUnknown) as caught:
            await _send(ehr)
    assert raised.__name__ in str(caught.value)
    for hidden in ("p1", "Canary", "127.0.0.1"):
        assert hidden not in str(caught.value) + repr(caught.value)
    assert caught.value.__context__ is None


async def test_an_unforeseen_error_after_the_first_byte_is_unknown() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise KeyError("bug")

    async with client(fail) as ehr:
        with pytest.raises(OutcomeUnknown, match="KeyError"):
            await _send(ehr)


async def test_a_status_that_is_not_final_is_unknown() -> None:
    with pytest.raises(OutcomeUnknown):
        await _answered(answer(b"", 101))


async def test_cancelling_after_the_first_byte_is_a_cancellation() -> None:
    passed = asyncio.Event()

    class Silent(Tracing):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await request.extensions["trace"](FIRST_BYTE, {})
            await asyncio.Event().wait()
            raise AssertionError

    transport = Silent(lambda request: answer(patient()))
    async with FhirClient("north-ehr", HERE, NoAuth(), NoAuth(), transport=transport) as ehr:
        grant = await ehr.grant("system/Patient.u")
        task = asyncio.create_task(ehr.send(UPDATE, grant, passed.set))
        await passed.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def outcome(*issues: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


def issue(severity: str, code: str | None, **more: Any) -> dict[str, Any]:
    coding = {"coding": [{"system": "urn:x", "code": code, "display": "Ada Synthetic"}]}
    return {"severity": severity, "code": "processing", "details": coding, **more}


@pytest.mark.parametrize(
    ("body", "status", "codes", "failing", "number"),
    [
        (outcome(issue("fatal", "59141")), 400, ("59141",), True, None),
        (outcome(issue("error", "59189"), issue("warning", "59101")), 400, ("59189",), True, None),
        (outcome(issue("warning", "59101")), 422, ("59101",), False, None),
        (outcome(issue("error", "Ada"), issue("error", None)), 422, (), True, None),
        (outcome(issue("error", "1234567")), 422, (), True, None),
        (outcome(issue("fatal", "x", diagnostics="4135")), 400, ("4135",), True, None),
        (outcome(issue("fatal", "x", diagnostics="room 4135")), 400, (), True, None),
        (outcome(issue("error", "4118")), 200, ("4118",), True, None),
        ({"status": 139, "error": "ENCOUNTER_IS_LOCKED"}, 200, (), False, "139"),
        ({"status": "202"}, 200, (), False, "202"),
        ({"status": "Ada"}, 200, (), False, None),
        ({"status": 1.5}, 200, (), False, None),
        ({"resourceType": "Observation", "id": "o", "status": "139"}, 200, (), False, None),
        ({"resourceType": "OperationOutcome", "issue": 3}, 422, (), False, None),
    ],
)
async def test_a_servers_own_numbers_are_taken_and_no_word_of_it(
    body: dict[str, Any], status: int, codes: tuple[str, ...], failing: bool, number: str | None
) -> None:
    response = await _answered(answer(body, status))
    assert (response.codes, response.failing, response.body_status) == (codes, failing, number)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("7", 7.0),
        ("Ada", None),
        ("999999", 86_400.0),
        ("Mon, 23 Nov 2026 09:00:30 GMT", 30.0),
        ("Mon, 99999999999999999999 Jan 2026 00:00:00 GMT", None),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999999999", None),
    ],
)
async def test_how_long_the_server_asks_to_wait(given: str, seconds: float | None) -> None:
    now = "Mon, 23 Nov 2026 09:00:00 GMT"
    response = await _answered(answer(b"", 429, **{"Retry-After": given, "Date": now}))
    assert response.retry_after == seconds
