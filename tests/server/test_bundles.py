"""Batch and transaction. Source: FHIR R4 http.html §3.1.0.11."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.server.contract import (
    JSON_PATCH,
    Resource,
    Server,
    etag,
    expect,
    fresh,
    ids,
    measured,
    of_group,
    path_of,
    person,
    refused,
)

Entry = dict[str, Any]


def _entry(method: str, url: str, resource: Resource | None = None, **more: Any) -> Entry:
    """Return an entry; `fullUrl` is the entry's, all else the request's."""
    found: Entry = {"request": {"method": method, "url": url, **more}}
    if resource is not None:
        found["resource"] = resource
    if "fullUrl" in more:
        found["fullUrl"] = found["request"].pop("fullUrl")
    return found


def _sent(server: Server, kind: str, *entries: Entry) -> Any:
    server.needs_system(kind)
    return server.post("", {"resourceType": "Bundle", "type": kind, "entry": list(entries)})


def _done(server: Server, kind: str, *entries: Entry) -> list[Entry]:
    """Send a bundle that succeeds as such; return its entries' responses."""
    bundle = expect(_sent(server, kind, *entries), 200).json()
    assert bundle["type"] == f"{kind}-response"
    assert len(bundle["entry"]) == len(entries)
    return [entry["response"] for entry in bundle["entry"]]


def _status(response: Entry) -> int:
    return int(response["status"][:3])


def _count(server: Server, group: str, kind: str = "Patient") -> int:
    return len(server.find(kind, {"identifier": of_group(group)}))


def test_the_entries_of_a_batch_stand_for_themselves(server: Server) -> None:
    group = fresh()
    made = server.create(person(fresh()))
    invalid = {"resourceType": "Patient", "gender": 7}
    found = _done(
        server,
        "batch",
        _entry("POST", "Patient", person(group)),
        _entry("POST", "Patient", invalid),
        _entry("GET", f"Patient/{fresh()}"),
        _entry("PUT", path_of(made), {**made, "active": True}, ifMatch=etag(made)),
        _entry("PUT", path_of(made), {**made, "active": False}, ifMatch=etag(made)),
        _entry("GET", path_of(made)),
        _entry("GET", f"Patient?identifier={of_group(fresh())}"),
    )
    statuses = [_status(one) for one in found]
    assert statuses[0] == 201
    assert statuses[1] in (400, 422)
    assert statuses[2:] == [404, 200, 412, 200, 200]
    assert found[0]["location"]
    assert found[0]["etag"]
    for one in (found[1], found[2], found[4]):
        assert one["outcome"]["resourceType"] == "OperationOutcome"
    assert _count(server, group) == 1
    assert server.read(path_of(made))["active"] is True


def test_a_batch_takes_every_interaction(server: Server) -> None:
    server.needs("Patient", "delete", "vread", "history-instance")
    made = server.create(person(fresh(), active=True))
    path = path_of(made)
    found = _done(
        server,
        "batch",
        _entry("GET", f"{path}/_history/{made['meta']['versionId']}"),
        _entry("GET", f"{path}/_history"),
        _entry("GET", "metadata"),
    )
    assert [_status(one) for one in found] == [200, 200, 200]
    assert _status(_done(server, "batch", _entry("DELETE", path))[0]) in (200, 202, 204)
    refused(server.get(path), 410)


def test_a_transaction_answers_each_entry_in_its_order(server: Server) -> None:
    group = fresh()
    made = server.create(person(fresh()))
    gone = server.create(person(fresh()))
    server.needs("Patient", "delete", "update")
    found = _done(
        server,
        "transaction",
        _entry("GET", path_of(made)),
        _entry("PUT", path_of(made), {**made, "active": True}, ifMatch=etag(made)),
        _entry("POST", "Patient", person(group)),
        _entry("DELETE", path_of(gone)),
    )
    assert [_status(one) for one in found[:3]] == [200, 200, 201]
    assert _status(found[3]) in (200, 202, 204)
    assert found[1]["etag"] == etag(server.read(path_of(made)))
    created = server.find("Patient", {"identifier": of_group(group)})[0]
    assert path_of(created) in found[2]["location"]
    assert found[2]["etag"] == etag(created)
    assert found[2]["lastModified"] == created["meta"]["lastUpdated"]
    refused(server.get(path_of(gone)), 410)


def test_a_transaction_reads_after_it_writes(server: Server) -> None:
    """Order: DELETE, POST, PUT and PATCH, GET, however the entries stand."""
    group = fresh()
    answer = _sent(
        server,
        "transaction",
        _entry("GET", f"Patient?identifier={of_group(group)}"),
        _entry("POST", "Patient", person(group)),
    )
    entry = expect(answer, 200).json()["entry"][0]
    assert entry["resource"]["total"] == 1


def test_a_transaction_rewrites_references_to_its_own_entries(server: Server) -> None:
    group = fresh()
    who, what = f"urn:uuid:{fresh()}", f"urn:uuid:{fresh()}"
    note = {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": who},
        "content": [{"attachment": {"url": what}}],
        "context": {"related": [{"reference": what}]},
    }
    found = _done(
        server,
        "transaction",
        _entry("POST", "DocumentReference", note, fullUrl=f"urn:uuid:{fresh()}"),
        _entry("POST", "Observation", measured(group, subject={"reference": who}), fullUrl=what),
        _entry("POST", "Patient", person(group), fullUrl=who),
    )
    assert [_status(one) for one in found] == [201, 201, 201]
    patient = server.find("Patient", {"identifier": of_group(group)})[0]
    observation = server.find("Observation", {"identifier": of_group(group)})[0]
    assert observation["subject"]["reference"] in _references(server, patient)
    id_ = found[0]["location"].partition("DocumentReference/")[2].partition("/")[0]
    document = server.read(f"DocumentReference/{id_}")
    assert document["subject"]["reference"] in _references(server, patient)
    assert document["context"]["related"][0]["reference"] in _references(server, observation)
    assert document["content"][0]["attachment"]["url"] in _references(server, observation)
    assert "urn:uuid" not in json.dumps(document)


def _references(server: Server, to: Resource) -> tuple[str, str]:
    return path_of(to), f"{server.base}/{path_of(to)}"


def test_a_conditional_reference_finds_its_one_match_or_all_fails(server: Server) -> None:
    group, again = fresh(), fresh()
    who = server.create(person(group))
    subject = {"reference": f"Patient?identifier={of_group(group)}"}
    found = _done(
        server, "transaction", _entry("POST", "Observation", measured(again, subject=subject))
    )
    assert _status(found[0]) == 201
    made = server.find("Observation", {"identifier": of_group(again)})[0]
    assert made["subject"]["reference"] in _references(server, who)
    server.create(person(group))
    refused(
        _sent(
            server, "transaction", _entry("POST", "Observation", measured(again, subject=subject))
        )
    )
    assert _count(server, again, "Observation") == 1


BAD: dict[str, Entry] = {
    "invalid": _entry("POST", "Patient", {"resourceType": "Patient", "gender": 7}),
    "unknown element": _entry("POST", "Patient", {"resourceType": "Patient", "nonsense": 7}),
    "unknown type": _entry("POST", "Nonsense", {"resourceType": "Nonsense"}),
    "mismatch": _entry("POST", "Observation", {"resourceType": "Patient"}),
    "no such resource": _entry("GET", "Patient/nobody-at-all"),
    "stale": _entry("PUT", "{path}", {"resourceType": "Patient", "id": "{id}"}, ifMatch='W/"no"'),
    "no resource": _entry("POST", "Patient"),
    "no request": {"resource": {"resourceType": "Patient"}},
    "bad search": _entry("GET", "Patient?birthdate=yesterday"),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("first", [True, False])
def test_one_failing_entry_undoes_the_whole_transaction(
    server: Server, bad: str, first: bool
) -> None:
    group = fresh()
    made = server.create(person(fresh(), active=True))
    other = server.create(person(fresh(), active=True))
    text = json.dumps(BAD[bad]).replace("{path}", path_of(other)).replace("{id}", other["id"])
    failing = json.loads(text)
    good = [
        _entry("POST", "Patient", person(group)),
        _entry("PUT", path_of(made), {**made, "active": False}),
    ]
    refused(_sent(server, "transaction", *([failing, *good] if first else [*good, failing])))
    assert _count(server, group) == 0
    assert server.read(path_of(made)) == made
    assert server.read(path_of(other)) == other


def test_a_failed_transaction_leaves_no_trace_in_a_history(server: Server) -> None:
    server.needs("Patient", "history-instance", "delete")
    made = server.create(person(fresh()))
    path = path_of(made)
    refused(_sent(server, "transaction", _entry("DELETE", path), BAD["invalid"]))
    history = expect(server.get(f"{path}/_history"), 200).json()["entry"]
    assert [entry.get("resource") for entry in history] == [made]


def test_a_stale_version_fails_a_transaction_with_412(server: Server) -> None:
    made = server.create(person(fresh()))
    stale = _entry("PUT", path_of(made), made, ifMatch='W/"999"')
    refused(_sent(server, "transaction", stale), 412)


def test_a_transaction_that_writes_one_resource_twice_fails(server: Server) -> None:
    made = server.create(person(fresh()))
    twice = [_entry("PUT", path_of(made), {**made, "active": one}) for one in (True, False)]
    refused(_sent(server, "transaction", *twice))
    assert server.read(path_of(made)) == made


def test_a_conditional_create_within_a_transaction(server: Server) -> None:
    group = fresh()
    who = f"urn:uuid:{fresh()}"
    condition = f"identifier={of_group(group)}"
    for status in (201, 200):
        found = _done(
            server,
            "transaction",
            _entry("POST", "Patient", person(group), fullUrl=who, ifNoneExist=condition),
            _entry("POST", "Observation", measured(group, subject={"reference": who})),
        )
        assert [_status(one) for one in found] == [status, 201]
    patients = server.find("Patient", {"identifier": of_group(group)})
    assert len(patients) == 1
    for one in server.find("Observation", {"identifier": of_group(group)}):
        assert one["subject"]["reference"] in _references(server, patients[0])
    server.create(person(group))
    again = _entry("POST", "Patient", person(group), ifNoneExist=condition)
    refused(_sent(server, "transaction", again), 412)
    assert _count(server, group) == 2


def test_a_conditional_update_within_a_transaction(server: Server) -> None:
    server.needs_flag("Patient", "conditionalUpdate", True)
    group = fresh()
    url = f"Patient?identifier={of_group(group)}"
    for active, status in ((True, 201), (False, 200)):
        found = _done(server, "transaction", _entry("PUT", url, person(group, active=active)))
        assert _status(found[0]) == status
    assert [one["active"] for one in server.find("Patient", {"identifier": of_group(group)})] == [
        False
    ]


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_a_patch_within_a_bundle_works_or_is_refused(server: Server, kind: str) -> None:
    server.needs("Patient", "patch")
    made = server.create(person(fresh(), gender="female"))
    operations = [{"op": "replace", "path": "/gender", "value": "male"}]
    data = base64.b64encode(json.dumps(operations).encode()).decode()
    binary = {"resourceType": "Binary", "contentType": JSON_PATCH, "data": data}
    answer = _sent(server, kind, _entry("PATCH", path_of(made), binary))
    worked = answer.status_code == 200 and _status(answer.json()["entry"][0]["response"]) == 200
    if not worked and answer.status_code != 200:
        refused(answer)
    assert server.read(path_of(made))["gender"] == ("male" if worked else "female")


@pytest.mark.parametrize("body", [{"type": "searchset"}, {"type": "collection"}, {}])
def test_another_kind_of_bundle_is_not_carried_out(server: Server, body: dict[str, str]) -> None:
    server.needs_system("transaction")
    group = fresh()
    sent = {"resourceType": "Bundle", **body, "entry": [_entry("POST", "Patient", person(group))]}
    refused(server.post("", sent), 400, 422)
    refused(server.post("", person(group)), 400, 422)
    assert _count(server, group) == 0


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_an_empty_bundle_is_answered_with_an_empty_one(server: Server, kind: str) -> None:
    server.needs_system(kind)
    answer = expect(server.post("", {"resourceType": "Bundle", "type": kind}), 200).json()
    assert (answer["type"], answer.get("entry", [])) == (f"{kind}-response", [])


def test_numbers_within_a_transaction_keep_their_text(server: Server) -> None:
    server.needs_system("transaction")
    group = fresh()
    resource = json.dumps(measured(group, valueQuantity={"value": "?"})).replace('"?"', "1.10")
    entry = f'{{"resource":{resource},"request":{{"method":"POST","url":"Observation"}}}}'
    body = f'{{"resourceType":"Bundle","type":"transaction","entry":[{entry}]}}'
    expect(server.post("", body.encode()), 200)
    text = expect(server.get("Observation", {"identifier": of_group(group)}), 200).text
    assert "1.10}" in text.replace(" ", "")
    assert len(ids(server.find("Observation", {"identifier": of_group(group)}))) == 1
