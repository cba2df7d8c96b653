"""Every error is an OperationOutcome, and none repeats what was sent or shows the inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sync.sandbox import Sandbox, app

Send = Callable[..., dict[str, Any]]
PATIENT = {"resourceType": "Patient", "name": [{"family": "Secretovich"}]}


def _code(answer: httpx.Response) -> str:
    assert answer.headers["Content-Type"] == "application/fhir+json"
    found = answer.json()
    assert found["resourceType"] == "OperationOutcome"
    return str(found["issue"][0]["code"])


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 405, "not-supported"),
        ("GET", "/Patient/1/x", 404, "not-found"),
        ("GET", "/Nonsense", 404, "not-supported"),
        ("GET", "/Parameters/1", 404, "not-supported"),
        ("GET", "/Patient/", 404, "not-found"),
        ("POST", "/Patient/1", 405, "not-supported"),
        ("DELETE", "/Patient/1/_history", 405, "not-supported"),
        ("DELETE", "/Patient", 405, "not-supported"),
        ("PATCH", "/Patient", 405, "not-supported"),
        ("DELETE", "/metadata", 405, "not-supported"),
    ],
)
async def test_what_is_not_served(
    http: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await http.request(method, path)
    assert (answer.status_code, _code(answer)) == (status, code)
    assert ("Allow" in answer.headers) == (status == 405)
    assert answer.next_request is None


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/fhir+json", 200),
        ("application/json;q=0.5, text/html", 200),
        ("application/fhir+json; fhirVersion=4.0", 200),
        ("*/*", 200),
        ("", 200),
        ("application/fhir+json; fhirVersion=5.0", 406),
        ("application/fhir+xml", 406),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("application/json;q=x", 406),
    ],
)
async def test_only_json_is_served(http: httpx.AsyncClient, accept: str, status: int) -> None:
    for path in ("/Patient", "/metadata"):
        answer = await http.get(path, headers={"Accept": accept})
        assert answer.status_code == status
    assert (status == 200) or _code(answer) == "not-supported"


@pytest.mark.parametrize(("wanted", "status"), [("json", 200), ("xml", 406)])
async def test_format_wins_over_accept(http: httpx.AsyncClient, wanted: str, status: int) -> None:
    answer = await http.get(f"/Patient?_format={wanted}", headers={"Accept": "text/html"})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("declared", "status"),
    [
        ("application/fhir+json", 201),
        ("application/json; charset=UTF-8", 201),
        ("application/fhir+json; fhirVersion=4.0", 201),
        ("application/fhir+json; fhirVersion=3.0", 415),
        ("application/json; charset=latin-1", 415),
        ("application/fhir+xml", 415),
        ("text/plain", 415),
        ("", 415),
    ],
)
async def test_only_json_is_taken(
    http: httpx.AsyncClient, send: Send, declared: str, status: int
) -> None:
    answer = await http.post("/Patient", **send(PATIENT, Content_Type=declared))
    assert answer.status_code == status
    assert (await http.get("/Patient")).json()["total"] == (1 if status == 201 else 0)


async def test_too_large_a_body_is_refused(
    http: httpx.AsyncClient, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = send(PATIENT)
    monkeypatch.setattr(app, "MAX_BODY", len(request["content"]))
    assert (await http.post("/Patient", **request)).status_code == 201
    answer = await http.post("/Patient", **send({**PATIENT, "active": True}))
    assert (answer.status_code, _code(answer)) == (413, "too-long")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("localhost:8080", 200),
        ("[::1]:8080", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("localhost:8080@evil.example", 400),
    ],
)
async def test_only_loopback_names_reach_it(
    http: httpx.AsyncClient, host: str, status: int
) -> None:
    answer = await http.get("/Patient", headers={"Host": host})
    assert answer.status_code == status
    assert "evil" not in answer.text
    if status == 200:
        assert answer.json()["link"][0]["url"] == f"http://{host}/fhir/Patient"


async def test_a_failure_inside_shows_nothing(
    sandbox: Sandbox,
    http: httpx.AsyncClient,
    send: Send,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("Secretovich is in this message")

    monkeypatch.setattr(type(sandbox.store), "put", fail)
    answer = await http.post("/Patient", **send(PATIENT))
    assert (answer.status_code, _code(answer)) == (500, "exception")
    assert "RuntimeError" in caplog.text
    for text in (answer.text, caplog.text):
        assert "Secretovich" not in text
        assert "Traceback" not in text


async def test_a_failed_write_leaves_nothing_behind(
    sandbox: Sandbox, http: httpx.AsyncClient, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sync.sandbox import store

    def fail(_resource: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(store, "entries", fail)
        assert (await http.post("/Patient", **send(PATIENT))).status_code == 500
    assert (await http.get("/Patient")).json()["total"] == 0
    assert (await http.post("/Patient", **send(PATIENT))).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {**PATIENT, "birthDate": "Secretovich"},
        {**PATIENT, "Secretovich son": 1},
        {**PATIENT, "resourceType": "Secretovich"},
    ],
)
async def test_a_refused_body_is_not_repeated(
    http: httpx.AsyncClient, send: Send, body: Any
) -> None:
    answer = await http.post("/Patient", **send(body))
    assert answer.status_code in (400, 422)
    assert "Secretovich" not in answer.text
