"""The CapabilityStatement claims exactly what works: each claim is tried, and what is not claimed.

Source: FHIR R4 capabilitystatement.html.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.scale import in_ci
from tests.server.contract import (
    JSON_PATCH,
    Resource,
    Server,
    expect,
    fresh,
    measured,
    path_of,
    person,
    place,
    refused,
    resources,
)
from tests.server.samples import CLINICAL, all_types, minimal

pytestmark = in_ci

KINDS = all_types()
OK = (200, 201, 202, 204)
SYSTEM = ("transaction", "batch", "history-system", "search-system")
Try = Callable[[Server, str, str], httpx.Response]


def _version(server: Server, path: str) -> str:
    return str(server.read(path)["meta"]["versionId"])


INSTANCE: dict[str, Try] = {
    "read": lambda server, kind, path: server.get(path),
    "vread": lambda server, kind, path: server.get(f"{path}/_history/{_version(server, path)}"),
    "update": lambda server, kind, path: server.put(path, {**server.read(path), "language": "de"}),
    "patch": lambda server, kind, path: server.patch(
        path, [{"op": "add", "path": "/implicitRules", "value": "urn:x"}]
    ),
    "history-instance": lambda server, kind, path: server.get(f"{path}/_history"),
    "history-type": lambda server, kind, path: server.get(f"{kind}/_history", {"_count": "1"}),
    "search-type": lambda server, kind, path: server.get(kind, {"_id": path.partition("/")[2]}),
    "delete": lambda server, kind, path: server.delete(path),
}
"""Interaction → a request for it on a resource that exists; the deletion stands last."""


def _made(server: Server, kind: str) -> str | None:
    """Return a new resource's path; None where the suite does not write that type there."""
    claimed = server.claims.interactions(kind)
    if not claimed & {"create", "update"} or not (server.own or kind in CLINICAL):
        return None
    if "create" in claimed:
        return place(expect(server.post(kind, minimal(kind)), 201))[0]
    path = f"{kind}/{fresh()}"
    expect(server.put(path, {**minimal(kind), "id": path.partition("/")[2]}), 201)
    return path


def test_the_statement_is_of_r4(server: Server) -> None:
    statement = server.claims.statement
    assert statement["resourceType"] == "CapabilityStatement"
    assert statement["fhirVersion"].startswith("4.0")
    assert statement["kind"] == "instance"
    assert {"json", "application/fhir+json"} & set(statement["format"])
    assert statement["date"]
    kinds = [one["type"] for one in server.claims.rest["resource"]]
    assert len(kinds) == len(set(kinds))
    assert not server.own or set(KINDS) == set(kinds)


@pytest.mark.parametrize("kind", KINDS)
def test_each_interaction_works_if_it_is_claimed_and_only_then(server: Server, kind: str) -> None:
    claimed = server.claims.interactions(kind)
    if "create" not in claimed:
        refused(server.post(kind, minimal(kind)))
    if "search-type" in claimed:
        assert expect(server.get(kind, {"_count": "1"}), 200).json()["type"] == "searchset"
    if "read" in claimed:
        refused(server.get(f"{kind}/{fresh()}"), 404)
    path = _made(server, kind)
    for name, request in INSTANCE.items():
        if name not in claimed:
            refused(request(server, kind, path or f"{kind}/none"))
        elif path:
            expect(request(server, kind, path), *OK)


def test_what_an_interaction_did_shows(server: Server) -> None:
    """The requests of the test before this one are no empty words."""
    server.needs("Patient", *INSTANCE)
    path = _made(server, "Patient")
    assert path
    for name in ("update", "patch"):
        expect(INSTANCE[name](server, "Patient", path), *OK)
    found = server.read(path)
    assert (found["language"], found["implicitRules"]) == ("de", "urn:x")
    assert len(INSTANCE["history-instance"](server, "Patient", path).json()["entry"]) == 3
    assert resources(INSTANCE["search-type"](server, "Patient", path).json()) == [found]


@pytest.mark.parametrize("kind", KINDS)
def test_each_flag_says_what_is_done(server: Server, kind: str) -> None:
    claims = server.claims.of(kind)
    path = _made(server, kind)
    if not path:
        server.demand(False, f"writing {kind} here")
    stored = server.read(path)
    same = f"_id={stored['id']}"
    create = server.post(kind, minimal(kind), If_None_Exist=same)
    # A server that ignores If-None-Exist creates, and must not claim otherwise.
    expect(create, 200 if claims.get("conditionalCreate") else 201, *_refusals(claims, "Create"))
    update = server.put(f"{kind}?{same}", stored)
    expect(update, *((200,) if claims.get("conditionalUpdate") else range(400, 500)))
    id_ = fresh()
    born = server.put(f"{kind}/{id_}", {**minimal(kind), "id": id_})
    expect(born, *((201,) if claims.get("updateCreate") else range(400, 500)))
    known = server.get(path, If_None_Match=expect(server.get(path), 200).headers["ETag"])
    matched = claims.get("conditionalRead") in ("not-match", "full-support")
    expect(known, 304 if matched else 200)
    versioned = claims.get("versioning") in ("versioned", "versioned-update")
    assert not versioned or stored["meta"]["versionId"]
    gone = server.delete(f"{kind}?{same}")
    deletes = claims.get("conditionalDelete", "not-supported") != "not-supported"
    expect(gone, *(OK if deletes else range(400, 500)))


def _refusals(claims: Resource, what: str) -> tuple[int, ...]:
    return () if claims.get(f"conditional{what}") else (400, 412, 501)


@pytest.mark.parametrize("name", SYSTEM)
def test_each_system_interaction_works_if_it_is_claimed_and_only_then(
    server: Server, name: str
) -> None:
    made = server.create(person(fresh()))
    entry = {"request": {"method": "GET", "url": path_of(made)}}
    bundle = {"resourceType": "Bundle", "type": name, "entry": [entry]}
    answer = {
        "history-system": lambda: server.get("_history", {"_count": "1"}),
        "search-system": lambda: server.get("", {"_id": made["id"], "_type": "Patient"}),
    }.get(name, lambda: server.post("", bundle))()
    if name not in server.claims.system:
        refused(answer)
        return
    entries = expect(answer, 200).json()["entry"]
    assert len(entries) == 1
    assert name == "history-system" or entries[0]["resource"] == made


def test_each_patch_format_works_if_it_is_claimed_and_only_then(server: Server) -> None:
    value = [{"name": "type", "valueCode": "add"}, {"name": "path", "valueString": "Patient"}]
    value += [{"name": "name", "valueString": "active"}, {"name": "value", "valueBoolean": "?"}]
    value[-1] = {"name": "value", "valueBoolean": True}  # type: ignore[dict-item]
    bodies: dict[str, bytes | Resource | list[Resource]] = {
        JSON_PATCH: [{"op": "add", "path": "/active", "value": True}],
        "application/fhir+json": {
            "resourceType": "Parameters",
            "parameter": [{"name": "operation", "part": value}],
        },
        "application/xml-patch+xml": b'<diff><add sel="Patient"><active value="1"/></add></diff>',
    }
    for media, body in bodies.items():
        made = server.create(person(fresh()))
        answer = server.patch(path_of(made), body, Content_Type=media)
        names = {media, media.removeprefix("application/").partition("-patch")[0]}
        if names & server.claims.patch_formats:
            expect(answer, 200)
        else:
            refused(answer)
        assert ("active" in server.read(path_of(made))) is (answer.status_code == 200)


OPERATIONS = tuple(
    "meta meta-add expunge export lookup expand translate document match lastn stats docref graphql"
    " convert versions everything validate validate-code process-message apply subsumes".split()
)


@pytest.mark.parametrize("kind", KINDS)
def test_each_operation_works_if_it_is_claimed_and_only_then(server: Server, kind: str) -> None:
    claimed = server.claims.operations(kind)
    if kind in server.claims.kinds:
        assert not server.own or claimed <= {"validate", "everything"}, "a claim that nothing tries"
    answer = server.post(f"{kind}/$validate", minimal(kind))
    if "validate" in claimed:
        severities = {one["severity"] for one in expect(answer, 200).json()["issue"]}
        assert not {"error", "fatal"} & severities
    else:
        refused(answer)
    tried = OPERATIONS if kind in ("Patient", "Encounter", "Observation") else OPERATIONS[:3]
    path = _made(server, kind) or f"{kind}/none"
    for name in {*tried, "everything"} - claimed - {"validate"}:
        for at in (kind, path):
            refused(server.get(f"{at}/${name}"))
    if "everything" in claimed:
        expect(server.get(f"{path}/$everything"), *((200,) if path[-5:] != "/none" else (404,)))


def test_operations_of_the_system(server: Server) -> None:
    claimed = {one["name"].removeprefix("$") for one in server.claims.rest.get("operation", [])}
    for name in sorted(set(OPERATIONS) - claimed):
        refused(server.get(f"${name}"))
    if "validate" in claimed:
        expect(server.post("$validate", measured(fresh())), 200)
