"""Searches: no PHI in URLs, every page within the base, all matches or an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

import sync.fhir.urls as urls_module
from core.errors import BadInput, Refused, Unreachable
from sync.fhir import Bounds, Unreadable, WrongAnswer
from sync.wire import httpx
from tests.sync.fhir.servers import answer, client, patient

BASE = "http://127.0.0.1:8/fhir"
OURS = {"identifier": "urn:countersign:operation|8c1f"}


def page(*resources: dict[str, Any], next_: str | None = None, **more: Any) -> httpx.Response:
    links = [] if next_ is None else [{"relation": "next", "url": next_}]
    entries = [{"resource": resource, "search": {"mode": "match"}} for resource in resources]
    bundle = {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}
    return answer({**bundle, **more})


class Pages:
    """Answers with one page after the other."""

    def __init__(self, *pages: httpx.Response) -> None:
        self.pages = list(pages)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.pages.pop(0)


@pytest.mark.parametrize(
    ("type_", "parameters"),
    [
        ("Condition", OURS),
        ("Task", {"code": "urn:countersign:task|proposal", "_count": "100",
                  "_sort": "_lastUpdated", "_lastUpdated": "ge2026-01-01T00:00:00Z"}),
        ("Encounter", {"_tag": "urn:countersign:operation|8c1f"}),
        ("Provenance", {"target": "Condition/c1"}),
    ],
)  # fmt: skip
async def test_what_is_ours_goes_by_url(type_: str, parameters: Mapping[str, str]) -> None:
    pages = Pages(page())
    async with client(pages) as ehr:
        assert list(await ehr.search(type_, parameters)) == []
    request = pages.requests[0]
    assert (request.method, request.url.path) == ("GET", f"/fhir/{type_}")
    assert dict(request.url.params) == dict(parameters)
    assert request.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "parameters",
    [{"family": "DoeCanary"}, {"identifier": "http://mrn|DoeCanary"},
     {"patient": "Patient/DoeCanary"},
     {**OURS, "name": "DoeCanary"}, {"code": "http://snomed.info/sct|DoeCanary"}],
)  # fmt: skip
async def test_what_may_tell_of_a_patient_stays_out_of_urls(parameters: dict[str, str]) -> None:
    type_ = "Patient"
    following = f"{BASE}/Patient?name=DoeCanary&_cursor=2"
    pages = Pages(page(patient("p1"), next_=following), page(patient("p2")))
    async with client(pages) as ehr:
        found = await ehr.search(type_, parameters)
    assert [item.reference for item in found] == ["Patient/p1", "Patient/p2"]
    for request in pages.requests:
        assert request.method == "POST"
        assert "DoeCanary" not in str(request.url)
        assert b"DoeCanary" in request.content
    assert pages.requests[1].url.path == "/fhir/Patient/_search"


async def test_a_provenance_target_is_a_reference() -> None:
    async with client(Pages()) as ehr:
        with pytest.raises(BadInput):
            await ehr.search("Provenance", {"target": "Jane Doe"})


async def test_all_pages_are_read_and_each_resource_counts_once() -> None:
    pages = Pages(
        page(patient("p1"), patient("p2"), next_=f"{BASE}?_getpages=a&_offset=2"),
        page(patient("p2"), patient("p3"), next_="Patient?_offset=4"),
        page(patient("p4")),
    )
    async with client(pages) as ehr:
        found = await ehr.search("Patient", OURS)
    assert [item.reference for item in found] == [f"Patient/p{n}" for n in range(1, 5)]
    assert [item.version for item in found] == ["3"] * 4


async def test_included_resources_and_outcomes_are_no_matches() -> None:
    entries = [
        {"resource": patient("p1"), "search": {"mode": "match"}},
        {"resource": patient("p2")},
        {"resource": patient("p3"), "search": {"mode": "include"}},
        {"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}},
        {"resource": {"resourceType": "OperationOutcome"}},
        {"fullUrl": "urn:uuid:1"},
    ]
    async with client(Pages(page(entry=entries))) as ehr:
        found = await ehr.search("Patient", OURS)
    assert [item.reference for item in found] == ["Patient/p1", "Patient/p2"]


LEAVING = [
    "https://evil.example/fhir/Patient?_offset=2",
    "http://127.0.0.1:9/fhir/Patient?_offset=2",
    "http://127.0.0.1:8/other?_offset=2",
    "http://127.0.0.1:8/fhirx/Patient",
    "//evil.example/fhir",
]


@pytest.mark.parametrize("link", LEAVING)
async def test_a_next_link_that_leaves_the_base_stops_with_an_error(link: str) -> None:
    pages = Pages(page(patient("p1"), next_=link), page())
    async with client(pages) as ehr:
        with pytest.raises(Unreadable, match="outside") as caught:
            await ehr.search("Patient", OURS)
    assert len(pages.requests) == 1
    assert "evil" not in str(caught.value)


async def test_control_without_the_check_the_link_is_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(urls_module.Base, "within", lambda self, link: httpx.URL(link))
    pages = Pages(page(patient("p1"), next_=LEAVING[0]), page())
    async with client(pages) as ehr:
        await ehr.search("Patient", OURS)
    assert pages.requests[1].url.host == "evil.example"


async def test_a_page_that_comes_again_is_an_error() -> None:
    pages = Pages(*(page(next_=f"{BASE}/Patient?_offset={n}") for n in (1, 2, 1)))
    async with client(pages) as ehr:
        with pytest.raises(Unreadable, match="follows itself"):
            await ehr.search("Patient", OURS)
    assert len(pages.requests) == 3


async def test_pages_are_counted() -> None:
    pages = Pages(*(page(next_=f"{BASE}/Patient?_offset={n}") for n in range(60)))
    async with client(pages) as ehr:
        with pytest.raises(Unreadable, match="more than 50 pages"):
            await ehr.search("Patient", OURS)
    assert len(pages.requests) == 50


async def test_the_bytes_of_all_pages_are_counted() -> None:
    filler = {"filler": "x" * 700}
    pages = Pages(*(page(next_=f"{BASE}/Patient?_offset={n}", **filler) for n in range(9)))
    async with client(pages, bounds=Bounds(max_bytes=1000)) as ehr:
        with pytest.raises(Unreadable, match="too many bytes"):
            await ehr.search("Patient", OURS)


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (answer(patient()), Unreadable),
        (page(type="history"), Unreadable),
        (page(entry={}), Unreadable),
        (page(entry=["x"]), Unreadable),
        (page(link={}), Unreadable),
        (page(link=[{"relation": "next"}]), Unreadable),
        (page(link=[{"relation": "next", "url": f"{BASE}/Patient?a"}] * 2), Unreadable),
        (page({**patient(), "resourceType": "Person"}), WrongAnswer),
        (page({"resourceType": "Patient"}), WrongAnswer),
        (answer({"resourceType": "OperationOutcome"}, 400), Unreachable),
        (answer(b"", 404), Unreachable),
        (answer(b"", 403), Refused),
    ],
)
async def test_what_is_no_search_result(response: httpx.Response, error: type[Exception]) -> None:
    async with client(Pages(response)) as ehr:
        with pytest.raises(error) as caught:
            await ehr.search("Patient", OURS)
    assert type(caught.value) is error


async def test_part_of_the_matches_is_no_answer() -> None:
    pages = Pages(page(patient("p1"), next_=f"{BASE}/Patient?_offset=1"), answer(b"", 500))
    async with client(pages) as ehr:
        with pytest.raises(Unreachable):
            await ehr.search("Patient", OURS)
