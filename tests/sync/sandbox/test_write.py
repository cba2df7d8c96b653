"""Create and update: versions, exactness, preconditions and races."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import anyio
import httpx
import pytest

from core.canonical import JsonObject
from core.fhir import Problem
from sync.sandbox import Sandbox, interactions

Send = Callable[..., dict[str, Any]]
PATIENT = {"resourceType": "Patient", "active": True}
TASK = {"resourceType": "Task", "status": "requested", "intent": "proposal"}
MARK = [{"system": "urn:countersign:proposal", "value": "scribe-1.7f3c"}]


async def test_create_answers_where_and_which_version(http: httpx.AsyncClient, send: Send) -> None:
    answer = await http.post("/Patient", **send({**PATIENT, "id": "mine"}))
    assert answer.status_code == 201
    assert answer.headers["Location"] == "http://127.0.0.1/fhir/Patient/made-1/_history/1"
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Last-Modified"] == "Mon, 23 Nov 2026 09:00:00 GMT"
    assert answer.headers["Content-Type"] == "application/fhir+json"
    assert answer.json() == {
        **PATIENT,
        "id": "made-1",
        "meta": {"versionId": "1", "lastUpdated": "2026-11-23T09:00:00.123Z"},
    }


async def test_what_is_stored_is_what_was_sent(http: httpx.AsyncClient, send: Send) -> None:
    sent = (
        b'{"valueQuantity":{"unit":"mg","value":1.10},"meta":{"versionId":"77",'
        b'"tag":[{"code":"t"}]},"resourceType":"Observation","status":"final",'
        b'"referenceRange":[{"low":{"value":0.000000100},"high":{"value":1E+2}}],'
        b'"code":{"text":"\xc3\xa9\\u0041"},"issued":"2026-01-01T00:00:00.100+00:00"}'
    )
    await http.post("/Observation", **send(sent))
    answer = await http.get("/Observation/made-1")
    assert answer.content == (
        b'{"valueQuantity":{"unit":"mg","value":1.10},'
        b'"meta":{"lastUpdated":"2026-11-23T09:00:00.123Z","versionId":"1","tag":[{"code":"t"}]},'
        b'"resourceType":"Observation","id":"made-1","status":"final",'
        b'"referenceRange":[{"low":{"value":0.000000100},"high":{"value":1E+2}}],'
        b'"code":{"text":"\xc3\xa9A"},"issued":"2026-01-01T00:00:00.100+00:00"}'
    )


async def test_an_id_in_use_is_never_overwritten(
    http: httpx.AsyncClient, send: Send, sandbox: Sandbox
) -> None:
    await http.put("/Patient/made-1", **send({**PATIENT, "id": "made-1", "gender": "female"}))
    answer = await http.post("/Patient", **send(PATIENT))
    assert answer.json()["id"] == "made-2"
    assert (await http.get("/Patient/made-1")).json()["gender"] == "female"


async def test_update_makes_the_next_version(
    http: httpx.AsyncClient, send: Send, clock: Any
) -> None:
    first = await http.put("/Patient/p1", **send({**PATIENT, "id": "p1"}))
    assert first.status_code == 201
    assert first.headers["Location"].endswith("/Patient/p1/_history/1")
    clock.advance(seconds=1)
    second = await http.put(
        "/Patient/p1", **send({**PATIENT, "id": "p1", "active": False}, If_Match='W/"1"')
    )
    assert (second.status_code, second.headers["ETag"]) == (200, 'W/"2"')
    assert second.json()["meta"] == {"versionId": "2", "lastUpdated": "2026-11-23T09:00:01.123Z"}
    assert "Location" not in second.headers


@pytest.mark.parametrize(
    ("header", "value", "status", "code"),
    [
        ("If_Match", 'W/"1"', 200, None),
        ("If_Match", '"1"', 200, None),
        ("If_Match", "*", 200, None),
        ("If_Match", 'W/"2"', 412, "conflict"),
        ("If_Match", 'W/"bogus"', 412, "conflict"),
        ("If_Match", "1", 400, "invalid"),
        ("If_Match", "bogus", 400, "invalid"),
        ("If_Match", 'W/"1", W/"2"', 400, "invalid"),
        ("If_None_Match", "*", 412, "conflict"),
        ("If_None_Match", 'W/"2"', 400, "not-supported"),
        ("If_None_Exist", "identifier=a", 400, "not-supported"),
        ("If_Unmodified_Since", "Mon, 23 Nov 2026 09:00:00 GMT", 400, "not-supported"),
    ],
)
async def test_preconditions_of_an_update(
    http: httpx.AsyncClient, send: Send, header: str, value: str, status: int, code: str | None
) -> None:
    await http.put("/Patient/p1", **send({**PATIENT, "id": "p1"}))
    answer = await http.put("/Patient/p1", **send({**PATIENT, "id": "p1"}, **{header: value}))
    assert answer.status_code == status
    version = (await http.get("/Patient/p1")).headers["ETag"]
    assert version == ('W/"2"' if status == 200 else 'W/"1"')
    if code:
        assert answer.json()["issue"][0]["code"] == code


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [("If_Match", 'W/"1"', 412), ("If_Match", "*", 412), ("If_None_Match", "*", 201)],
)
async def test_preconditions_where_nothing_is_stored(
    http: httpx.AsyncClient, send: Send, header: str, value: str, status: int
) -> None:
    answer = await http.put("/Patient/p1", **send({**PATIENT, "id": "p1"}, **{header: value}))
    assert answer.status_code == status
    assert (await http.get("/Patient/p1")).status_code == (200 if status == 201 else 404)


async def test_a_repeated_precondition_is_refused(http: httpx.AsyncClient, send: Send) -> None:
    request = send({**PATIENT, "id": "p1"})
    headers = [*request["headers"].items(), ("If-Match", 'W/"1"'), ("If-Match", 'W/"2"')]
    answer = await http.put("/Patient/p1", content=request["content"], headers=headers)
    assert answer.status_code == 400


async def _race(calls: Sequence[Callable[[], Any]]) -> Counter[int]:
    found: Counter[int] = Counter()

    async def one(call: Callable[[], Any]) -> None:
        found[(await call()).status_code] += 1

    async with anyio.create_task_group() as group:
        for call in calls:
            group.start_soon(one, call)
    return found


def _updates(http: httpx.AsyncClient, send: Send) -> list[Callable[[], Any]]:
    return [
        lambda n=n: http.put(
            "/Patient/p1",
            **send({**PATIENT, "id": "p1", "multipleBirthInteger": n}, If_Match='W/"1"'),
        )
        for n in range(16)
    ]


async def test_of_sixteen_updates_on_one_version_one_wins(
    http: httpx.AsyncClient, send: Send
) -> None:
    await http.put("/Patient/p1", **send({**PATIENT, "id": "p1"}))
    assert await _race(_updates(http, send)) == {200: 1, 412: 15}
    assert (await http.get("/Patient/p1")).headers["ETag"] == 'W/"2"'


async def test_without_the_check_updates_are_lost(
    http: httpx.AsyncClient, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions, "check_update", lambda condition, current: None)
    await http.put("/Patient/p1", **send({**PATIENT, "id": "p1"}))
    assert await _race(_updates(http, send)) == {200: 16}


async def test_of_sixteen_conditional_creates_one_is_stored(
    http: httpx.AsyncClient, send: Send
) -> None:
    request = send(
        {**TASK, "identifier": MARK},
        If_None_Exist="identifier=urn:countersign:proposal|scribe-1.7f3c",
    )
    assert await _race([lambda: http.post("/Task", **request)] * 16) == {201: 1, 200: 15}
    assert (await http.get("/Task?identifier=scribe-1.7f3c")).json()["total"] == 1


async def test_unconditional_creates_all_store(http: httpx.AsyncClient, send: Send) -> None:
    request = send({**TASK, "identifier": MARK})
    assert await _race([lambda: http.post("/Task", **request)] * 16) == {201: 16}


async def test_conditional_create_answers_the_one_match(
    http: httpx.AsyncClient, send: Send
) -> None:
    await http.put("/Task/t1", **send({**TASK, "id": "t1", "identifier": MARK}))
    await http.put("/Task/t1", **send({**TASK, "id": "t1", "identifier": MARK}))
    answer = await http.post("/Task", **send(TASK, If_None_Exist="identifier=scribe-1.7f3c"))
    assert (answer.status_code, answer.json()["id"]) == (200, "t1")
    assert answer.headers["Location"] == "http://127.0.0.1/fhir/Task/t1/_history/2"
    assert answer.headers["ETag"] == 'W/"2"'


async def test_conditional_create_refuses_several_matches(
    http: httpx.AsyncClient, send: Send
) -> None:
    for _ in range(2):
        await http.post("/Task", **send({**TASK, "identifier": MARK}))
    answer = await http.post("/Task", **send(TASK, If_None_Exist="identifier=scribe-1.7f3c"))
    assert answer.status_code == 412
    assert answer.json()["issue"][0]["code"] == "multiple-matches"


@pytest.mark.parametrize(
    "condition", ["", " ", "identifier", "nonsense=1", "identifier=a&_count=1", "identifier=x|a|b"]
)
async def test_a_condition_that_is_not_understood_stores_nothing(
    http: httpx.AsyncClient, send: Send, condition: str
) -> None:
    answer = await http.post("/Task", **send(TASK, If_None_Exist=condition))
    assert answer.status_code == 400
    assert (await http.get("/Task")).json()["total"] == 0


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "place"),
    [
        ("/Patient/p1", b"{", 400, "structure", None),
        ("/Patient/p1", b"[]", 400, "structure", None),
        ("/Patient/p1", b'{"id":"p1","id":"p1"}', 400, "structure", None),
        ("/Patient/p1", b"", 400, "structure", None),
        ("/Patient/p1", TASK, 400, "invalid", "resourceType"),
        ("/Patient/p1", {"id": "p1"}, 400, "invalid", "resourceType"),
        ("/Patient/p1", PATIENT, 400, "required", "Patient.id"),
        ("/Patient/p1", {**PATIENT, "id": "p2"}, 400, "invalid", "Patient.id"),
        ("/Patient/p_1", {**PATIENT, "id": "p_1"}, 400, "value", None),
        ("/Patient/p1", {**PATIENT, "id": "p1", "nope": 1}, 422, "structure", "Patient.nope"),
        (
            "/Patient/p1",
            {**PATIENT, "id": "p1", "birthDate": "z"},
            422,
            "value",
            "Patient.birthDate",
        ),
        ("/Patient/p1", {**PATIENT, "id": "p1", "meta": []}, 422, "structure", "Patient.meta"),
    ],
)
async def test_a_wrong_body_is_refused_with_its_place(
    http: httpx.AsyncClient,
    send: Send,
    path: str,
    body: Any,
    status: int,
    code: str,
    place: str | None,
) -> None:
    answer = await http.put(path, **send(body))
    issue = answer.json()["issue"][0]
    assert (answer.status_code, issue["code"]) == (status, code)
    assert issue.get("expression") == ([place] if place else None)
    assert (await http.get("/Patient")).json()["total"] == 0


async def test_the_injected_validator_decides(client: Any, send: Send) -> None:
    def validate(resource: JsonObject) -> list[Problem]:
        return (
            [Problem("Patient.active", "required", "is missing")]
            if "active" not in resource
            else []
        )

    with Sandbox(validate=validate, no_auth=True) as made:
        async with client(made) as http:
            refused = await http.post("/Patient", **send({"resourceType": "Patient"}))
            taken = await http.post("/Patient", **send({**PATIENT, "unheardOf": 1}))
    assert refused.json()["issue"] == [
        {
            "severity": "error",
            "code": "required",
            "diagnostics": "is missing",
            "expression": ["Patient.active"],
        }
    ]
    assert taken.status_code == 201


@pytest.mark.parametrize("wanted", ["return=minimal", "respond-async; return=minimal"])
async def test_prefer_minimal_answers_headers_only(
    http: httpx.AsyncClient, send: Send, wanted: str
) -> None:
    answer = await http.post("/Patient", **send(PATIENT, Prefer=wanted))
    assert (answer.status_code, answer.content) == (201, b"")
    assert answer.headers["ETag"] == 'W/"1"'
    assert "Content-Type" not in answer.headers


async def test_prefer_operation_outcome(http: httpx.AsyncClient, send: Send) -> None:
    answer = await http.post("/Patient", **send(PATIENT, Prefer="return=OperationOutcome"))
    assert answer.status_code == 201
    assert answer.json()["issue"][0]["severity"] == "information"


@pytest.mark.parametrize("wanted", ["return=representation", "return=other", "handling=lenient"])
async def test_otherwise_the_resource_is_the_answer(
    http: httpx.AsyncClient, send: Send, wanted: str
) -> None:
    answer = await http.post("/Patient", **send(PATIENT, Prefer=wanted))
    assert json.loads(answer.content)["id"] == "made-1"
