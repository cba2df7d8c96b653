"""Prefer, $everything and $validate. Source: FHIR R4 http.html §3.1.0.1.9, operations.html."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.contract import (
    Resource,
    Server,
    etag,
    expect,
    fresh,
    ids,
    in_group,
    links,
    measured,
    of_group,
    path_of,
    person,
    place,
    refused,
    resources,
)

INVALID: list[Resource] = [
    {"resourceType": "Patient", "gender": 7},
    {"resourceType": "Patient", "birthDate": "yesterday"},
    {"resourceType": "Patient", "nonsense": "x"},
    {"resourceType": "Patient", "contact": [{"gender": "female"}, "x"]},
    {"resourceType": "Patient", "name": {"family": "no list"}},
]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("wanted", ["minimal", "representation", "OperationOutcome"])
def test_a_write_answers_what_is_preferred(server: Server, method: str, wanted: str) -> None:
    header = f"return={wanted}"
    if method == "POST":
        answer = expect(server.post("Patient", person(fresh()), Prefer=header), 201)
        path = place(answer)[0]
    else:
        server.needs("Patient", "patch" if method == "PATCH" else "update")
        made = server.create(person(fresh()))
        path = path_of(made)
        patch: list[Any] = [{"op": "add", "path": "/active", "value": True}]
        body = patch if method == "PATCH" else {**made, "active": True}
        send = server.patch if method == "PATCH" else server.put
        answer = expect(send(path, body, Prefer=header), 200, 204)
    stored = server.read(path)
    assert answer.headers["ETag"] == etag(stored)
    if wanted == "minimal":
        assert answer.content == b""
    elif wanted == "representation":
        assert answer.json() == stored
    else:
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert all(one["severity"] not in ("error", "fatal") for one in answer.json()["issue"])


def _chart(server: Server) -> tuple[Resource, list[Resource], list[Resource]]:
    """Make a Patient, what belongs to it, and what belongs to another one."""
    server.demand("everything" in server.claims.operations("Patient"), "Patient/$everything")
    return server.kept(chart)  # type: ignore[no-any-return]


def chart(server: Server) -> tuple[Resource, list[Resource], list[Resource]]:
    group = fresh()
    who, other = (server.create(person(group)) for _ in range(2))
    both = []
    for one in (who, other):
        subject = {"reference": path_of(one)}
        encounter = {"status": "finished", "class": {"code": "AMB"}, "subject": subject}
        both.append(
            [
                server.create(measured(group, subject=subject)),
                server.create(in_group(group, {"resourceType": "Condition", "subject": subject})),
                server.create(in_group(group, {"resourceType": "Encounter", **encounter})),
                server.create({"resourceType": "AllergyIntolerance", "patient": subject}),
            ]
        )
    return who, both[0], [other, *both[1]]


def test_everything_is_the_patient_and_what_belongs_to_it(server: Server) -> None:
    who, inside, outside = _chart(server)
    bundles = list(server.pages(f"{path_of(who)}/$everything"))
    assert {bundle["type"] for bundle in bundles} == {"searchset"}
    found = [one for bundle in bundles for one in resources(bundle)]
    assert len(ids(found)) == len(set(map(path_of, found)))
    paths = {path_of(one) for one in found}
    assert paths >= {path_of(who), *map(path_of, inside)}
    assert not paths & set(map(path_of, outside))


def test_everything_comes_in_pages(server: Server) -> None:
    who, inside, _ = _chart(server)
    bundles = list(server.pages(f"{path_of(who)}/$everything", {"_count": "2"}))
    assert len(bundles) >= 2
    assert "next" in links(bundles[0])
    found = [path_of(one) for bundle in bundles for one in resources(bundle)]
    assert len(found) == len(set(found))
    assert set(found) >= {path_of(who), *map(path_of, inside)}


def test_everything_since_a_moment(server: Server) -> None:
    who, inside, _ = _chart(server)
    since = max(one["meta"]["lastUpdated"] for one in inside)
    wanted = {path_of(one) for one in inside if one["meta"]["lastUpdated"] >= since}
    asked = {"_since": since}
    found = [
        one
        for page in server.pages(f"{path_of(who)}/$everything", asked)
        for one in resources(page)
    ]
    clinical = {path_of(one) for one in found if one["resourceType"] != "Patient"}
    assert clinical == wanted


def test_everything_of_nobody_is_404(server: Server) -> None:
    _chart(server)
    refused(server.get(f"Patient/{fresh()}/$everything"), 404)


def _validate(server: Server, body: Any, path: str = "Patient/$validate") -> list[str]:
    """Return the severities of an answer; R4 lets invalid be 200 with errors, or 4xx."""
    server.demand("validate" in server.claims.operations("Patient"), "Patient/$validate")
    answer = expect(server.post(path, body), 200, 400, 412, 422)
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    severities = [one["severity"] for one in outcome["issue"]]
    assert answer.status_code == 200 or {"error", "fatal"} & set(severities)
    return severities


def _parameters(resource: Resource, **more: str) -> Resource:
    listed: list[Any] = [{"name": "resource", "resource": resource}]
    listed += [{"name": name, "valueCode": value} for name, value in more.items()]
    return {"resourceType": "Parameters", "parameter": listed}


@pytest.mark.parametrize("wrapped", [False, True])
def test_validate_finds_nothing_wrong_with_the_valid_and_stores_nothing(
    server: Server, wrapped: bool
) -> None:
    group = fresh()
    sent = person(group, gender="female")
    severities = _validate(server, _parameters(sent) if wrapped else sent)
    assert severities
    assert not {"error", "fatal"} & set(severities)
    assert server.find("Patient", {"identifier": of_group(group)}) == []


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("bad", INVALID, ids=str)
def test_validate_finds_what_is_wrong(server: Server, bad: Resource, wrapped: bool) -> None:
    severities = _validate(server, _parameters(bad) if wrapped else bad)
    assert {"error", "fatal"} & set(severities)


@pytest.mark.parametrize("bad", INVALID, ids=str)
def test_what_validate_refuses_create_refuses_too(server: Server, bad: Resource) -> None:
    refused(server.post("Patient", bad), 400, 422)


def test_validate_of_another_type_is_an_error(server: Server) -> None:
    assert {"error", "fatal"} & set(_validate(server, measured(fresh())))


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"resourceType":"Parameters"}'], ids=str)
def test_validate_of_nothing_is_refused(server: Server, body: bytes) -> None:
    assert {"error", "fatal"} & set(_validate(server, body))
