"""What cannot be carried out is a clean 4xx with an OperationOutcome, and changes nothing.

Source: FHIR R4 http.html §3.1.0.1, json.html §2.6.2.
"""

from __future__ import annotations

import json

import pytest

from tests.server.contract import Server, expect, fresh, of_group, path_of, person, refused

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "blank": b"   ",
    "cut": b'{"resourceType":"Patient"',
    "two": b'{"resourceType":"Patient"}{"resourceType":"Patient"}',
    "array": b'[{"resourceType":"Patient"}]',
    "string": b'"Patient"',
    "null": b"null",
    "number": b"1",
    "no type": b'{"active":true}',
    "type is no string": b'{"resourceType":1}',
    "duplicate names": b'{"resourceType":"Patient","active":true,"active":false}',
    "no utf-8": b'{"resourceType":"Patient","language":"\xff"}',
    "utf-16": '{"resourceType":"Patient"}'.encode("utf-16"),
    "not a number": b'{"resourceType":"Patient","multipleBirthInteger":NaN}',
    "comment": b'{"resourceType":"Patient"/* c */}',
    "trailing comma": b'{"resourceType":"Patient",}',
    "single quotes": b"{'resourceType':'Patient'}",
    "too deep": b'{"resourceType":"Patient","extension":' + b"[" * 5000 + b"]" * 5000 + b"}",
}
INVALID: dict[str, bytes] = {
    "unknown element": b'{"resourceType":"Patient","nonsense":"x"}',
    "unknown inner element": b'{"resourceType":"Patient","name":[{"nonsense":"x"}]}',
    "wrong type": b'{"resourceType":"Patient","active":"true"}',
    "wrong inner type": b'{"resourceType":"Patient","name":[{"given":"no list"}]}',
    "list of one": b'{"resourceType":"Patient","gender":["male"]}',
    "bad date": b'{"resourceType":"Patient","birthDate":"1980-02-30"}',
    "bad date form": b'{"resourceType":"Patient","birthDate":"1.2.1980"}',
    "two of a choice": b'{"resourceType":"Patient",'
    b'"deceasedBoolean":true,"deceasedDateTime":"2020"}',
    "null": b'{"resourceType":"Patient","gender":null}',
    "empty object": b'{"resourceType":"Patient","name":[{}]}',
    "empty list": b'{"resourceType":"Patient","name":[]}',
    "empty string": b'{"resourceType":"Patient","language":""}',
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_resource_is_400(server: Server, name: str) -> None:
    refused(server.post("Patient", BODIES[name]), 400)


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_resource_is_refused(server: Server, name: str) -> None:
    """400 where it cannot be parsed as the type, 422 where rules are broken: R4 allows both."""
    group = fresh()
    identifier = json.dumps(person(group)["identifier"]).encode()
    body = INVALID[name][:-1] + b',"identifier":' + identifier + b"}"
    refused(server.post("Patient", body), 400, 422)
    assert server.find("Patient", {"identifier": of_group(group)}) == []


def test_a_required_element_that_is_missing_is_refused(server: Server) -> None:
    refused(
        server.post("Observation", {"resourceType": "Observation", "status": "final"}), 400, 422
    )
    refused(server.post("Observation", {"resourceType": "Observation", "code": {}}), 400, 422)


def test_an_invalid_update_changes_nothing(server: Server) -> None:
    server.needs("Patient", "update")
    made = server.create(person(fresh()))
    refused(server.put(path_of(made), {**made, "nonsense": 1}), 400, 422)
    refused(server.put(path_of(made), b"{"), 400)
    assert server.read(path_of(made)) == made


@pytest.mark.parametrize(
    "media", ["text/plain", "text/html", "application/x-www-form-urlencoded", "image/png", "x"]
)
def test_another_content_type_is_415(server: Server, media: str) -> None:
    group = fresh()
    refused(server.post("Patient", person(group), Content_Type=media), 415)
    assert server.find("Patient", {"identifier": of_group(group)}) == []


@pytest.mark.parametrize("media", ["application/json", "application/fhir+json; charset=UTF-8"])
def test_json_goes_by_either_name(server: Server, media: str) -> None:
    expect(server.post("Patient", person(fresh()), Content_Type=media), 201)


@pytest.mark.parametrize("accept", ["image/png", "application/pdf"])
def test_what_cannot_be_answered_is_406(server: Server, accept: str) -> None:
    made = server.create(person(fresh()))
    refused(server.get(path_of(made), Accept=accept), 406)


def test_a_type_or_path_that_is_none_is_refused(server: Server) -> None:
    # R4: 404 where a type is not supported; 400 where it is no type at all.
    for path in ("Nonsense", "Nonsense/1", "patient", "Patient/1/x/y", "Nonsense/1/_history"):
        refused(server.get(path), 400, 404)
    refused(server.post("Nonsense", {"resourceType": "Nonsense"}), 400, 404)
    refused(server.put("Nonsense/1", {"resourceType": "Nonsense", "id": "1"}), 400, 404)


@pytest.mark.parametrize("path", ["$nonsense", "Patient/$nonsense", "Patient/{id}/$nonsense"])
def test_an_unknown_operation_is_refused(server: Server, path: str) -> None:
    made = server.create(person(fresh()))
    url = path.format(id=made["id"])
    refused(server.get(url))
    refused(server.post(url, {"resourceType": "Parameters"}))
    assert server.read(path_of(made)) == made


def test_a_resource_of_another_type_is_refused(server: Server) -> None:
    made = server.create(person(fresh()))
    group = {"resourceType": "Group", "type": "person", "actual": True}
    refused(server.post("Patient", group), 400, 422)
    refused(server.put(path_of(made), {**group, "id": made["id"]}), 400, 422)
    assert server.read(path_of(made)) == made


def test_an_id_that_is_missing_or_another_is_400(server: Server) -> None:
    """§3.1.0.4: no id, or one that disagrees with the URL, SHALL be 400."""
    server.needs("Patient", "update")
    made = server.create(person(fresh()))
    refused(server.put(path_of(made), {**made, "id": fresh()}), 400)
    refused(server.put(path_of(made), {k: v for k, v in made.items() if k != "id"}), 400)
    assert server.read(path_of(made)) == made


@pytest.mark.parametrize("id_", ["a_b", "x" * 65, "a%20b", "%C3%A9", "a%3Cb"])
def test_an_id_that_r4_does_not_allow_is_refused(server: Server, id_: str) -> None:
    refused(server.get(f"Patient/{id_}"), 400, 404)
    refused(server.put(f"Patient/{id_}", {"resourceType": "Patient", "id": id_}))


@pytest.mark.parametrize(("method", "path"), [("PUT", ""), ("DELETE", ""), ("PATCH", "metadata")])
def test_a_method_that_does_not_fit_is_refused(server: Server, method: str, path: str) -> None:
    refused(server.send(method, path, {"resourceType": "Patient"}))


@pytest.mark.parametrize("header", ["If_None_Match", "If_Match"])
def test_a_precondition_that_is_not_understood_changes_nothing(server: Server, header: str) -> None:
    server.needs("Patient", "update")
    made = server.create(person(fresh()))
    refused(server.put(path_of(made), {**made, "active": True}, **{header: "nonsense"}))
    assert server.read(path_of(made)) == made
