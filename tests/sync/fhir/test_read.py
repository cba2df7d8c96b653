"""Reading one resource: what counts as it, as none, and as no sensible answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import sync.fhir.client as client_module
from core.errors import BadInput, CountersignError, Refused, Unreachable
from core.ports import Fetched
from sync.fhir import (
    Bounds,
    FhirClient,
    NoAuth,
    Redirected,
    Throttled,
    Unreadable,
    WrongAnswer,
)
from sync.wire import httpx
from tests.sync.fhir.servers import BASE, Clock, Issuer, Tracing, answer, client, patient


async def test_a_read_asks_for_a_fresh_copy_and_keeps_number_texts() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer(b'{"resourceType":"Patient","id":"p1","meta":{"versionId":"3"},"x":1.10}')

    async with client(handle) as ehr:
        found = await ehr.read("Patient/p1")
    assert found is not None
    assert (found.reference, found.version, found.redacted) == ("Patient/p1", "3", False)
    assert found.resource["x"].text == "1.10"
    assert seen[0].method == "GET"
    assert seen[0].url.path == "/fhir/Patient/p1"
    assert seen[0].headers["cache-control"] == "no-cache"
    assert seen[0].headers["accept-encoding"] == "identity"
    assert "authorization" not in seen[0].headers


async def test_a_version_is_read_from_history() -> None:
    paths: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return answer(patient(version=None))

    async with client(handle) as ehr:
        found = await ehr.read("Patient/p1", "2")
    assert paths == ["/fhir/Patient/p1/_history/2"]
    assert found is not None
    assert found.version == "2"


@pytest.mark.parametrize(
    ("version", "etag", "expected"),
    [("3", 'W/"9"', "3"), (None, 'W/"9"', "9"), (None, '"9"', "9"), (None, "9", ""),
     (None, 'W/"9", W/"8"', ""), ("..", 'W/"9"', "9")],
)  # fmt: skip
async def test_where_the_version_comes_from(version: str | None, etag: str, expected: str) -> None:
    async with client(lambda request: answer(patient(version=version), ETag=etag)) as ehr:
        found = await ehr.read("Patient/p1")
    assert found is not None
    assert found.version == expected


@pytest.mark.parametrize("status", [404, 410])
async def test_none_when_there_is_none(status: int) -> None:
    async with client(lambda request: answer({"resourceType": "OperationOutcome"}, status)) as ehr:
        assert await ehr.read("Patient/p1") is None


async def test_a_web_page_does_not_say_that_there_is_none() -> None:
    page = b"<html>nothing here</html>"
    async with client(lambda request: answer(page, 404, "text/html; charset=utf-8")) as ehr:
        with pytest.raises(Unreadable, match="web page"):
            await ehr.read("Patient/p1")


@pytest.mark.parametrize("place", ["security", "tag"])
@pytest.mark.parametrize(
    ("code", "redacted"), [("REDACTED", True), ("SUBSETTED", True), ("MASKED", True), ("R", False)]
)
async def test_a_redacted_resource_is_marked(place: str, code: str, redacted: bool) -> None:
    meta = {"versionId": "3", place: [{"system": "http://x", "code": code}]}
    async with client(lambda request: answer({**patient(), "meta": meta})) as ehr:
        found = await ehr.read("Patient/p1")
    assert found is not None
    assert found.redacted is redacted


OTHERS = [
    answer(patient("p2")),
    answer({**patient(), "resourceType": "Person"}),
    answer({"resourceType": "Patient", "meta": {"versionId": "3"}}),
    answer({"resourceType": "OperationOutcome", "id": "p1"}),
]


@pytest.mark.parametrize("other", OTHERS)
async def test_another_resource_is_no_answer(other: httpx.Response) -> None:
    async with client(lambda request: other) as ehr:
        with pytest.raises(WrongAnswer) as caught:
            await ehr.read("Patient/p1")
    assert "p2" not in str(caught.value)


async def test_control_without_the_check_the_other_resource_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unchecked(name: str, resource: dict[str, Any], *_asked: object) -> Fetched:
        return Fetched(resource, "3")

    monkeypatch.setattr(client_module, "fetched", unchecked)
    async with client(lambda request: answer(patient("p2"))) as ehr:
        found = await ehr.read("Patient/p1")
    assert found is not None
    assert found.reference == "Patient/p2"


async def test_another_version_is_no_answer() -> None:
    async with client(lambda request: answer(patient(version="3"))) as ehr:
        with pytest.raises(WrongAnswer, match="another version"):
            await ehr.read("Patient/p1", "2")


SECRET = "Jane-Canary"


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (answer(SECRET.encode(), 200), Unreadable),
        (answer(f'{{"{SECRET}":1,"{SECRET}":2}}'.encode()), Unreadable),
        (answer(f'["{SECRET}"]'.encode()), Unreadable),
        (answer(patient(name=SECRET), media="text/html"), Unreadable),
        (answer(patient(), media="application/fhir+xml"), Unreadable),
        (answer(patient(), media="application/fhir+json; charset=latin-1"), Unreadable),
        (answer(patient(), media="application/fhir+json, text/html"), Unreadable),
        (httpx.Response(200, content=b"{}"), Unreadable),
        (answer(patient(text=SECRET * 200)), Unreadable),
        (answer(patient(), Content_Encoding="br"), Unreadable),
        (answer(b"", 302, Location=f"https://evil.example/{SECRET}"), Redirected),
        (answer(b"", 301, Location="http://127.0.0.1:8/fhir/Patient/p2"), Redirected),
        (answer(b"", 304), Redirected),
        (answer(patient(name=SECRET), 403), Refused),
        (answer(patient(name=SECRET), 401), Refused),
        (answer(b"", 429), Throttled),
        (answer(b"", 503, Retry_After="9"), Throttled),
        (answer(patient(name=SECRET), 500), Unreachable),
        (answer(b"", 502), Unreachable),
        (answer(b"", 400), Unreachable),
        (answer(patient(), 206), Unreachable),
    ],
)
async def test_what_is_no_sensible_answer(
    response: httpx.Response, error: type[CountersignError]
) -> None:
    calls: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.host)
        return response

    async with client(handle, bounds=Bounds(max_bytes=1000)) as ehr:
        with pytest.raises(error) as caught:
            await ehr.read("Patient/p1")
    assert type(caught.value) is error
    shown = str(caught.value) + repr(caught.value) + repr(vars(caught.value))
    for hidden in (SECRET, "p1", "p2", "127.0.0.1", "evil"):
        assert hidden not in shown
    assert caught.value.__context__ is None
    assert set(calls) == {"127.0.0.1"}


@pytest.mark.parametrize(
    "raised",
    [httpx.ConnectError("x"), httpx.ReadTimeout("x"), httpx.PoolTimeout("x"), OSError("x")],
)
async def test_a_network_failure_is_unreachable(raised: Exception) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise raised

    async with client(handle) as ehr:
        with pytest.raises(Unreachable, match=type(raised).__name__) as caught:
            await ehr.read("Patient/p1")
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "12"}, 12.0),
        ({"Retry_After": "999999"}, 86_400.0),
        ({"Retry_After": "Wed, 21 Oct 2026 07:28:30 GMT",
          "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"Retry_After": "Wed, 21 Oct 2026 07:27:00 GMT",
          "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0.0),
        ({"Retry_After": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "-5"}, None),
        ({"RateLimit": '"fhir";r=0;t=42'}, 42.0),
        ({}, None),
    ],
)  # fmt: skip
async def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    async with client(lambda request: answer(b"", 429, **headers)) as ehr:
        with pytest.raises(Throttled) as caught:
            await ehr.read("Patient/p1")
    assert caught.value.retry_after == seconds


def _served(
    issuer: Issuer, clock: Clock, jwk: dict[str, Any], handle: Callable[..., httpx.Response]
) -> tuple[FhirClient, Tracing]:
    transport = Tracing(handle)
    source = issuer.source(jwk, clock)
    return FhirClient("north-ehr", BASE, source, None, transport=transport), transport


async def test_a_rejected_token_is_replaced_once(
    issuer: Issuer, clock: Clock, ec: dict[str, Any]
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        fresh = request.headers["authorization"] == "Bearer secret-token-2"
        return answer(patient()) if fresh else answer(b"", 401)

    ehr, transport = _served(issuer, clock, ec, handle)
    async with ehr:
        assert await ehr.read("Patient/p1") is not None
        assert await ehr.read("Patient/p1") is not None
    assert len(transport.requests) == 3
    assert [form["scope"] for form in issuer.forms] == ["system/*.rs"] * 2


async def test_a_second_rejection_ends_it(issuer: Issuer, clock: Clock, ec: dict[str, Any]) -> None:
    ehr, transport = _served(issuer, clock, ec, lambda request: answer(b"", 401))
    async with ehr:
        with pytest.raises(Refused) as caught:
            await ehr.read("Patient/p1")
    assert len(transport.requests) == 2
    assert "secret" not in str(caught.value)


async def test_no_cookie_is_kept() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer(patient(), Set_Cookie="session=1; Path=/")

    async with client(handle) as ehr:
        await ehr.read("Patient/p1")
        await ehr.read("Patient/p1")
    assert "cookie" not in seen[1].headers


@pytest.mark.parametrize(
    "reference", ["Patient/..", "Patient/1/x", "https://evil.example/Patient/1"]
)
async def test_a_malformed_reference_is_never_sent(reference: str) -> None:
    transport = Tracing(lambda request: answer(patient()))
    ehr = FhirClient("north-ehr", "http://localhost/fhir", NoAuth(), None, transport=transport)
    async with ehr:
        with pytest.raises(BadInput):
            await ehr.read(reference)
    assert transport.requests == []


@pytest.mark.parametrize("url", ["https://ehr.example/fhir", "https://10.0.0.1/fhir"])
def test_a_server_without_tokens_must_be_on_loopback(
    url: str, issuer: Issuer, clock: Clock, ec: dict[str, Any]
) -> None:
    for reading, writing in ((NoAuth(), None), (issuer.source(ec, clock), NoAuth())):
        with pytest.raises(BadInput) as caught:
            FhirClient("north-ehr", url, reading, writing)
        assert url not in str(caught.value)


def test_the_client_shows_its_name_only(issuer: Issuer, clock: Clock, ec: dict[str, Any]) -> None:
    ehr = FhirClient("north-ehr", BASE, issuer.source(ec, clock), None)
    assert repr(ehr) == str(ehr) == "FhirClient('north-ehr')"
    assert ehr.base_url == BASE


async def test_a_closed_client_is_not_used_again() -> None:
    ehr = client(lambda request: answer(patient()))
    await ehr.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await ehr.read("Patient/p1")


@pytest.mark.parametrize(
    ("location", "to_record"),
    [
        ("http://127.0.0.1:8/fhir/Patient/p2", True),
        ("/fhir/Patient/p2", True),
        ("https://login.example/", False),
        ("http://127.0.0.1:8/fhir/", False),
        ("http://127.0.0.1:8/fhir/Patient/p2?x=y", False),
    ],
)
async def test_a_redirect_says_whether_it_leads_to_a_record(location: str, to_record: bool) -> None:
    async with client(lambda _: answer(b"", 302, Location=location)) as ehr:
        with pytest.raises(Redirected) as moved:
            await ehr.read("Patient/p1")
    assert moved.value.to_record is to_record


@pytest.mark.parametrize(("status", "expected"), [(410, True), (404, False), (200, False)])
async def test_what_was_deleted_is_told_from_what_never_was(status: int, expected: bool) -> None:
    async with client(lambda _: answer(patient(version="2"), status)) as ehr:
        assert await ehr.deleted("Patient/p1") is expected


async def test_a_server_that_does_not_say_is_not_believed_to_have_deleted() -> None:
    async with client(lambda _: answer(b"", 500)) as ehr:
        with pytest.raises(Unreachable):
            await ehr.deleted("Patient/p1")
