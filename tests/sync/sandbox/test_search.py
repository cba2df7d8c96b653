"""Search: parameters, order, paging and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sync.sandbox import Sandbox, store

Send = Callable[..., dict[str, Any]]
OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}


def _task(id_: str, code: str, status: str, patient: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resourceType": "Task",
        "id": id_,
        "status": status,
        "intent": "proposal",
        "code": {"coding": [{"system": "urn:countersign:task", "code": code}]},
    }
    return {**found, "for": {"reference": patient}} if patient else found


def _provenance(id_: str, *targets: str) -> dict[str, Any]:
    return {
        "resourceType": "Provenance",
        "id": id_,
        "recorded": "2026-11-23T09:05:10Z",
        "target": [{"reference": target} for target in targets],
        "agent": [{"who": {"display": "x"}}],
    }


RESOURCES: list[dict[str, Any]] = [
    {"resourceType": "Patient", "id": "p1", "identifier": [{"system": "urn:mrn", "value": "1,2"}]},
    {"resourceType": "Patient", "id": "p2", "identifier": [{"system": "urn:mrn", "value": "77"}]},
    {"resourceType": "Patient", "id": "p3", "identifier": [{"system": "urn:x", "value": "77"}]},
    {"resourceType": "Patient", "id": "p4", "identifier": [{"value": "77"}]},
    {**OBSERVATION, "id": "o1", "subject": {"reference": "Patient/p1"}},
    {**OBSERVATION, "id": "o2", "subject": {"reference": "Patient/p1/_history/3"}},
    {**OBSERVATION, "id": "o3", "subject": {"reference": "http://127.0.0.1/fhir/Patient/p1"}},
    {**OBSERVATION, "id": "o4", "subject": {"reference": "https://else.where/fhir/Patient/p1"}},
    {**OBSERVATION, "id": "o5", "subject": {"reference": "Group/p1"}},
    {**OBSERVATION, "id": "o6", "subject": {"display": "nobody"}},
    _task("t1", "proposal", "requested"),
    _task("t2", "proposal", "completed", "Patient/p1"),
    _task("t3", "other", "requested", "Patient/p2"),
    _provenance("v1", "Task/t1"),
    _provenance("v2", "Task/t1/_history/2", "Patient/p1"),
    _provenance("v3", "Task/t2"),
]


@pytest.fixture
async def chart(http: httpx.AsyncClient, send: Send, clock: Any) -> httpx.AsyncClient:
    """Return a client of a sandbox that holds RESOURCES, one made each second from 09:00:00.123."""
    for resource in RESOURCES:
        answer = await http.put(f"/{resource['resourceType']}/{resource['id']}", **send(resource))
        assert answer.status_code == 201, answer.text
        clock.advance(seconds=1)
    return http


def _ids(bundle: dict[str, Any]) -> list[str]:
    return [entry["resource"]["id"] for entry in bundle.get("entry", [])]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Patient", "p1 p2 p3 p4"),
        ("Patient?_id=p2", "p2"),
        ("Patient?_id=p2,p3,zz", "p2 p3"),
        ("Patient?_id=p2&_id=p3", ""),
        ("Patient?identifier=77", "p2 p3 p4"),
        ("Patient?identifier=urn:mrn|77", "p2"),
        ("Patient?identifier=|77", "p4"),
        ("Patient?identifier=urn:mrn|", "p1 p2"),
        ("Patient?identifier=urn:mrn|1\\,2", "p1"),
        ("Patient?identifier=urn:mrn|1,2", ""),
        ("Patient?identifier=urn:x|77,urn:mrn|77", "p2 p3"),
        ("Patient?identifier=urn:x|77&identifier=urn:mrn|77", ""),
        ("Patient?identifier=7", ""),
        ("Patient?identifier=77&_format=json", "p2 p3 p4"),
        ("Observation?patient=p1", "o1 o2 o3"),
        ("Observation?patient=Patient/p1", "o1 o2 o3"),
        ("Observation?patient=http://127.0.0.1/fhir/Patient/p1", "o1 o2 o3"),
        ("Observation?patient=https://else.where/fhir/Patient/p1", "o4"),
        ("Observation?patient=Group/p1", ""),
        ("Observation?subject=p1", "o1 o2 o3 o5"),
        ("Observation?subject=Group/p1", "o5"),
        ("Observation?subject=Patient/p1", "o1 o2 o3"),
        ("Task?code=urn:countersign:task|proposal", "t1 t2"),
        ("Task?code=proposal&status=requested", "t1"),
        ("Task?status=requested,completed", "t1 t2 t3"),
        ("Task?patient=p1", "t2"),
        ("Provenance?target=Task/t1", "v1 v2"),
        ("Provenance?target=Task/t1,Task/t2", "v1 v2 v3"),
        ("Provenance?patient=p1", "v2"),
        ("Patient?_sort=_id", "p1 p2 p3 p4"),
        ("Patient?_sort=-_id", "p4 p3 p2 p1"),
        ("Patient?_sort=-_lastUpdated", "p4 p3 p2 p1"),
        ("Patient?_sort=_lastUpdated", "p1 p2 p3 p4"),
    ],
)
async def test_search_finds_exactly(chart: httpx.AsyncClient, query: str, found: str) -> None:
    path, _, text = query.partition("?")
    answer = await chart.get(f"/{path}", params=httpx.QueryParams(text))
    assert answer.status_code == 200, answer.text
    assert _ids(answer.json()) == found.split()
    assert answer.json()["total"] == len(found.split())


@pytest.mark.parametrize(
    ("moment", "found"),
    [
        ("gt2026-11-23T09:00:01.123Z", "p3 p4"),
        ("ge2026-11-23T09:00:01.123Z", "p2 p3 p4"),
        ("ge2026-11-23T09:00:01.1231Z", "p3 p4"),
        ("lt2026-11-23T09:00:01.123Z", "p1"),
        ("le2026-11-23T09:00:01.123Z", "p1 p2"),
        ("eq2026-11-23T09:00:01.123Z", "p2"),
        ("2026-11-23T09:00:01Z", "p2"),
        ("2026-11-23T10:00:01+01:00", "p2"),
        ("ne2026-11-23T09:00:01Z", "p1 p3 p4"),
        ("gt2026-11-23T09:00:01Z", "p3 p4"),
        ("2026-11-23T09:00Z", "p1 p2 p3 p4"),
        ("2026-11-23", "p1 p2 p3 p4"),
        ("gt2026-11-23", ""),
        ("2026-11", "p1 p2 p3 p4"),
        ("2026-12", ""),
        ("le2026", "p1 p2 p3 p4"),
        ("gt2026", ""),
        ("lt2026", ""),
    ],
)
async def test_last_updated_compares_with_intervals(
    chart: httpx.AsyncClient, moment: str, found: str
) -> None:
    answer = await chart.get("/Patient", params={"_lastUpdated": moment})
    assert _ids(answer.json()) == found.split()


async def test_two_bounds_make_a_window(chart: httpx.AsyncClient) -> None:
    answer = await chart.get(
        "/Patient?_lastUpdated=ge2026-11-23T09:00:01Z&_lastUpdated=lt2026-11-23T09:00:03Z"
    )
    assert _ids(answer.json()) == ["p2", "p3"]


@pytest.mark.parametrize("sort", ["_id", "-_id", "_lastUpdated", "-_lastUpdated"])
async def test_next_links_lead_through_every_match_once(
    chart: httpx.AsyncClient, sort: str
) -> None:
    url: str | None = f"/Patient?_sort={sort}&_count=1&_lastUpdated=ge2026"
    seen: list[str] = []
    while url:
        bundle = (await chart.get(url)).json()
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        assert all(link.startswith("http://127.0.0.1/fhir/Patient?") for link in links.values())
        assert bundle["total"] == 4
        seen += _ids(bundle)
        url = links.get("next")
    expected = ["p1", "p2", "p3", "p4"]
    assert seen == (expected[::-1] if sort.startswith("-") else expected)


async def test_paging_misses_nothing_when_the_chart_moves(
    chart: httpx.AsyncClient, send: Send
) -> None:
    first = (await chart.get("/Patient?_count=2")).json()
    await chart.put("/Patient/p1", **send(RESOURCES[0]))
    url = next(link["url"] for link in first["link"] if link["relation"] == "next")
    assert _ids(first) + _ids((await chart.get(url)).json()) == ["p1", "p2", "p3", "p4"]


async def test_an_update_replaces_what_a_resource_is_found_by(
    chart: httpx.AsyncClient, send: Send
) -> None:
    await chart.put("/Task/t1", **send(_task("t1", "proposal", "completed")))
    assert _ids((await chart.get("/Task?status=requested")).json()) == ["t3"]
    assert _ids((await chart.get("/Task?status=completed")).json()) == ["t2", "t1"]


async def test_a_searchset_says_what_it_is(chart: httpx.AsyncClient) -> None:
    bundle = (await chart.get("/Patient?identifier=urn:mrn|77")).json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
    assert bundle["link"] == [
        {
            "relation": "self",
            "url": "http://127.0.0.1/fhir/Patient?identifier=urn%3Amrn%7C77",
        }
    ]
    assert bundle["entry"][0]["fullUrl"] == "http://127.0.0.1/fhir/Patient/p2"
    assert bundle["entry"][0]["search"] == {"mode": "match"}


async def test_no_matches_make_a_bundle_without_entries(chart: httpx.AsyncClient) -> None:
    bundle = (await chart.get("/Patient?_id=none")).json()
    assert bundle["total"] == 0
    assert "entry" not in bundle


async def test_count_zero_only_counts(chart: httpx.AsyncClient) -> None:
    bundle = (await chart.get("/Patient?_count=0")).json()
    assert (bundle["total"], _ids(bundle)) == (4, [])
    assert [link["relation"] for link in bundle["link"]] == ["self"]


async def test_a_form_searches_as_the_url_does(chart: httpx.AsyncClient) -> None:
    answer = await chart.post("/Patient/_search", data={"identifier": "urn:mrn|77"})
    assert _ids(answer.json()) == ["p2"]
    refused = await chart.post("/Patient/_search", json={"identifier": "77"})
    assert refused.status_code == 415
    assert (await chart.post("/Patient/_search", data={"nope": "77"})).status_code == 400


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("Patient?nope=x", "not-supported"),
        ("Patient?identifier:exact=x", "not-supported"),
        ("Patient?_sort=link", "not-supported"),
        ("Patient?_lastUpdated=ap2026", "not-supported"),
        ("Patient?patient=p1", "not-supported"),
        ("Task?target=Task/1", "not-supported"),
        ("Patient?_include=x", "not-supported"),
        ("Patient?_sort=_id&_sort=-_id", "invalid"),
        ("Patient?_count=x", "value"),
        ("Patient?_count=-1", "value"),
        ("Patient?_cursor=%00", "value"),
        ("Patient?_sort=_id&_cursor=2026~p1", "value"),
        ("Patient?identifier=", "value"),
        ("Patient?identifier=|", "value"),
        ("Patient?identifier=a,", "value"),
        ("Patient?identifier=s|a|b", "value"),
        ("Task?status=urn:x|requested", "not-supported"),
        ("Observation?patient=not a reference", "value"),
        ("Patient?_lastUpdated=yesterday", "value"),
        ("Patient?_lastUpdated=2026-02-30", "value"),
        ("Patient?_lastUpdated=2026-11-23T09:00:00", "value"),
        ("Patient?_lastUpdated=0000", "value"),
        ("Patient?_lastUpdated=9999", "value"),
        ("Patient?identifier=%ff", "invalid"),
        ("Patient?" + "&".join(["_id=a"] * 65), "invalid"),
        ("Patient?_id=" + ",".join(["a"] * 1001), "too-costly"),
    ],
)
async def test_what_is_not_understood_is_refused(
    chart: httpx.AsyncClient, query: str, code: str
) -> None:
    answer = await chart.get(f"/{query}")
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (400, code)


async def test_a_page_ends_before_it_grows_too_large(
    chart: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PAGE_BYTES", 400)
    bundle = (await chart.get("/Patient")).json()
    assert _ids(bundle) == ["p1", "p2"]
    assert bundle["link"][1]["relation"] == "next"


async def test_a_refusal_repeats_nothing_of_the_query(sandbox: Sandbox, chart: Any) -> None:
    answer = await chart.get("/Patient?SmithJohn=Secret")
    assert answer.status_code == 400
    assert "Smith" not in answer.text
    assert "Secret" not in answer.text
