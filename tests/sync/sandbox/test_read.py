"""Read, vread and history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

Send = Callable[..., dict[str, Any]]


@pytest.fixture
async def three(http: httpx.AsyncClient, send: Send, clock: Any) -> httpx.AsyncClient:
    """Return a client of a sandbox that holds three versions of Patient/made-1."""
    await http.post("/Patient", **send({"resourceType": "Patient", "gender": "other"}))
    for gender in ("male", "female"):
        clock.advance(seconds=1)
        patient = {"resourceType": "Patient", "id": "made-1", "gender": gender}
        await http.put("/Patient/made-1", **send(patient))
    return http


async def test_read_answers_the_current_version(three: httpx.AsyncClient) -> None:
    answer = await three.get("/Patient/made-1")
    assert answer.status_code == 200
    assert answer.json()["gender"] == "female"
    assert answer.headers["ETag"] == 'W/"3"'
    assert answer.headers["Last-Modified"] == "Mon, 23 Nov 2026 09:00:02 GMT"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_vread_answers_each_version(three: httpx.AsyncClient) -> None:
    for version, gender in ((1, "other"), (2, "male"), (3, "female")):
        answer = await three.get(f"/Patient/made-1/_history/{version}")
        assert answer.json()["gender"] == gender
        assert answer.json()["meta"]["versionId"] == str(version)
        assert answer.headers["ETag"] == f'W/"{version}"'


async def test_head_answers_as_read_without_a_body(three: httpx.AsyncClient) -> None:
    answer = await three.head("/Patient/made-1")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["ETag"] == 'W/"3"'


@pytest.mark.parametrize(
    ("known", "status"), [('W/"3"', 304), ('W/"1", W/"3"', 304), ("*", 304), ('W/"2"', 200)]
)
async def test_a_known_version_is_not_sent_again(
    three: httpx.AsyncClient, known: str, status: int
) -> None:
    answer = await three.get("/Patient/made-1", headers={"If-None-Match": known})
    assert answer.status_code == status
    assert bool(answer.content) == (status == 200)


@pytest.mark.parametrize(
    "path",
    [
        "/Patient/none",
        "/Patient/none/_history",
        "/Patient/none/_history/1",
        "/Patient/made-1/_history/4",
        "/Patient/made-1/_history/0",
        "/Patient/made-1/_history/x",
        "/Patient/made-1/_history/99999999999999999999",
        "/Patient/$everything",
        "/Observation/made-1",
    ],
)
async def test_what_is_not_there_is_404(three: httpx.AsyncClient, path: str) -> None:
    answer = await three.get(path)
    assert answer.status_code == 404
    assert answer.json()["issue"][0]["code"] == "not-found"


async def test_history_is_newest_first_and_complete(three: httpx.AsyncClient) -> None:
    bundle = (await three.get("/Patient/made-1/_history")).json()
    assert (bundle["type"], bundle["total"]) == ("history", 3)
    assert [entry["resource"]["gender"] for entry in bundle["entry"]] == ["female", "male", "other"]
    assert {entry["fullUrl"] for entry in bundle["entry"]} == {
        "http://127.0.0.1/fhir/Patient/made-1"
    }
    newest, oldest = bundle["entry"][0], bundle["entry"][-1]
    assert newest["request"] == {"method": "PUT", "url": "Patient/made-1"}
    assert newest["response"] == {
        "status": "200 OK",
        "etag": 'W/"3"',
        "lastModified": "2026-11-23T09:00:02.123Z",
    }
    assert oldest["request"] == {"method": "POST", "url": "Patient"}
    assert oldest["response"]["status"] == "201 Created"


async def test_history_pages_to_the_first_version(three: httpx.AsyncClient) -> None:
    url: str | None = "/Patient/made-1/_history?_count=2"
    seen: list[str] = []
    pages = 0
    while url:
        bundle = (await three.get(url)).json()
        seen += [entry["resource"]["meta"]["versionId"] for entry in bundle["entry"]]
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
        pages += 1
    assert (seen, pages) == (["3", "2", "1"], 2)


@pytest.mark.parametrize(
    "path",
    [
        "/Patient/made-1?x=1",
        "/Patient/made-1/_history/1?x=1",
        "/Patient/made-1/_history?_since=2020",
        "/Patient/made-1/_history?_count=1&_count=2",
        "/Patient/made-1/_history?_count=-1",
    ],
)
async def test_parameters_that_are_not_honoured_are_refused(
    three: httpx.AsyncClient, path: str
) -> None:
    assert (await three.get(path)).status_code == 400
