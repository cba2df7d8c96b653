"""JSON Patch. Source: FHIR R4 http.html §3.1.0.8, RFC 6902."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.contract import (
    FHIR_JSON,
    JSON_PATCH,
    Resource,
    Server,
    content,
    etag,
    expect,
    fresh,
    path_of,
    person,
    refused,
)


def _made(server: Server) -> Resource:
    server.needs("Patient", "patch")
    server.demand(
        bool(server.claims.patch_formats & {JSON_PATCH, "json"}), f"patchFormat {JSON_PATCH}"
    )
    return server.create(
        person(fresh(), gender="female", name=[{"family": "Old", "given": ["A", "B"]}])
    )


@pytest.mark.parametrize(
    ("operations", "wanted"),
    [
        ([{"op": "add", "path": "/birthDate", "value": "1980-01-02"}], {"birthDate": "1980-01-02"}),
        (
            [{"op": "add", "path": "/name/0/given/1", "value": "X"}],
            {"name": [{"family": "Old", "given": ["A", "X", "B"]}]},
        ),
        (
            [{"op": "add", "path": "/name/0/given/-", "value": "Z"}],
            {"name": [{"family": "Old", "given": ["A", "B", "Z"]}]},
        ),
        ([{"op": "replace", "path": "/gender", "value": "other"}], {"gender": "other"}),
        ([{"op": "remove", "path": "/gender"}], {"gender": None}),
        (
            [{"op": "remove", "path": "/name/0/given/0"}],
            {"name": [{"family": "Old", "given": ["B"]}]},
        ),
        (
            [
                {"op": "test", "path": "/gender", "value": "female"},
                {"op": "replace", "path": "/gender", "value": "male"},
            ],
            {"gender": "male"},
        ),
    ],
)
def test_a_patch_changes_what_it_says_and_no_more(
    server: Server, operations: list[Any], wanted: dict[str, Any]
) -> None:
    made = _made(server)
    answer = expect(server.patch(path_of(made), operations), 200)
    found = server.read(path_of(made))
    changed = {**content(made), **wanted}
    assert content(found) == {name: value for name, value in changed.items() if value is not None}
    assert found["meta"]["versionId"] != made["meta"]["versionId"]
    assert answer.headers["ETag"] == etag(found)


@pytest.mark.parametrize(
    "operations",
    [
        [
            {"op": "replace", "path": "/gender", "value": "male"},
            {"op": "test", "path": "/gender", "value": "female"},
        ],
        [
            {"op": "replace", "path": "/gender", "value": "male"},
            {"op": "remove", "path": "/nothing"},
        ],
        [{"op": "replace", "path": "/name/7/family", "value": "X"}],
        [{"op": "add", "path": "/nonsense", "value": "X"}],
        [{"op": "replace", "path": "/birthDate", "value": "not a date"}],
        [{"op": "add", "path": "/birthDate", "value": 7}],
        [{"op": "replace", "path": "/resourceType", "value": "Group"}],
        [{"op": "replace", "path": "/id", "value": "another"}],
        [{"op": "dance", "path": "/gender"}],
        [{"op": "add", "path": "gender", "value": "male"}],
        [{"path": "/gender", "value": "male"}],
        {"op": "remove", "path": "/gender"},
        "remove",
    ],
    ids=lambda operations: str(operations)[:60],
)
def test_a_patch_that_fails_changes_nothing(server: Server, operations: Any) -> None:
    made = _made(server)
    # R4 names no one status: 400 and 422 are usual, 409 or 412 for a failed test.
    refused(server.patch(path_of(made), operations))
    assert server.read(path_of(made)) == made


def test_a_malformed_patch_is_refused(server: Server) -> None:
    made = _made(server)
    refused(server.patch(path_of(made), b'[{"op": "remove", '), 400)
    assert server.read(path_of(made)) == made


def test_a_patch_honours_if_match(server: Server) -> None:
    first = _made(server)
    path = path_of(first)
    operations = [{"op": "replace", "path": "/gender", "value": "male"}]
    expect(server.patch(path, operations, If_Match=etag(first)), 200)
    second = server.read(path)
    other = [{"op": "replace", "path": "/gender", "value": "unknown"}]
    refused(server.patch(path, other, If_Match=etag(first)), 412)
    refused(server.patch(path, other, If_Match=second["meta"]["versionId"]))
    assert server.read(path) == second


@pytest.mark.parametrize("media", ["text/plain", "application/merge-patch+json", "text/csv"])
def test_another_content_type_is_415(server: Server, media: str) -> None:
    made = _made(server)
    operations = [{"op": "remove", "path": "/gender"}]
    refused(server.patch(path_of(made), operations, Content_Type=media), 415)
    assert server.read(path_of(made)) == made


def test_a_resource_is_no_patch(server: Server) -> None:
    made = _made(server)
    # A FHIRPath patch has this type; a Patient is none, and neither is it merged in.
    refused(server.patch(path_of(made), {**made, "gender": "male"}, Content_Type=FHIR_JSON))
    assert server.read(path_of(made)) == made


def test_patch_of_what_never_was_is_404(server: Server) -> None:
    _made(server)
    refused(server.patch(f"Patient/{fresh()}", [{"op": "remove", "path": "/gender"}]), 404)


def test_patch_of_the_deleted_is_refused(server: Server) -> None:
    server.needs("Patient", "delete")
    made = _made(server)
    expect(server.delete(path_of(made)), 200, 202, 204)
    operations = [{"op": "replace", "path": "/gender", "value": "male"}]
    refused(server.patch(path_of(made), operations), 404, 410)


def test_numbers_that_a_patch_does_not_touch_keep_their_text(server: Server) -> None:
    _made(server)
    body = (
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},'
        b'"valueQuantity":{"value":1.10}}'
    )
    path = "/".join(server.post("Observation", body).headers["Location"].split("/")[-4:-2])
    sent = b'[{"op":"add","path":"/referenceRange","value":[{"low":{"value":0.50}}]}]'
    expect(server.patch(path, sent), 200)
    text = expect(server.get(path), 200).text.replace(" ", "")
    assert '"value":1.10}' in text
    assert '"value":0.50}' in text
