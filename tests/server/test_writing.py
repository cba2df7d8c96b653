"""Create, read, vread, update and delete. Source: FHIR R4 http.html §3.1.0.2 to §3.1.0.8."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest

from tests.server.contract import (
    Server,
    content,
    etag,
    expect,
    fresh,
    path_of,
    person,
    place,
    refused,
)

DELETED = (200, 202, 204)


def test_create_answers_where_and_which_version(server: Server) -> None:
    sent = person(fresh(), birthDate="1980-02-03", name=[{"family": "Créate", "given": ["É"]}])
    answer = expect(server.post("Patient", sent), 201)
    path, version = place(answer)
    assert path.startswith("Patient/")
    found = server.read(path)
    assert content(found) == sent
    assert found["id"] == path.partition("/")[2]
    assert version in (None, found["meta"]["versionId"])
    assert answer.headers["ETag"] == etag(found)
    assert parsedate_to_datetime(answer.headers["Last-Modified"]).tzinfo is not None
    assert found["meta"]["lastUpdated"]


def test_create_ignores_the_id_and_the_version_that_were_sent(server: Server) -> None:
    first = server.create(person(fresh(), active=True))
    sent = {**person(fresh(), active=False), "id": first["id"]}
    sent["meta"] = {"versionId": "77", "lastUpdated": "1999-01-01T00:00:00Z"}
    made = server.create(sent)
    assert made["id"] != first["id"]
    assert made["meta"]["versionId"] != "77"
    assert not made["meta"]["lastUpdated"].startswith("1999")
    assert server.read(path_of(first)) == first


def test_read_bears_the_version(server: Server) -> None:
    made = server.create(person(fresh()))
    answer = expect(server.get(path_of(made)), 200)
    assert answer.headers["Content-Type"].partition(";")[0] == "application/fhir+json"
    assert answer.headers["ETag"] == etag(made)
    assert parsedate_to_datetime(answer.headers["Last-Modified"])


def test_read_of_what_never_was_is_404(server: Server) -> None:
    refused(server.get(f"Patient/{fresh()}"), 404)
    refused(server.get(f"Patient/{fresh()}/_history/1"), 404)
    made = server.create(person(fresh()))
    refused(server.get(f"{path_of(made)}/_history/999999"), 404)


def test_update_makes_a_version_and_keeps_the_old_one(server: Server) -> None:
    server.needs("Patient", "update", "vread")
    first = server.create(person(fresh(), gender="female"))
    path = path_of(first)
    answer = expect(server.put(path, {**first, "gender": "other"}), 200)
    second = server.read(path)
    assert second["gender"] == "other"
    assert second["meta"]["versionId"] != first["meta"]["versionId"]
    assert second["meta"]["lastUpdated"] >= first["meta"]["lastUpdated"]
    assert answer.headers["ETag"] == etag(second)
    for version in (first, second):
        found = expect(server.get(f"{path}/_history/{version['meta']['versionId']}"), 200)
        assert found.json() == version
        assert found.headers["ETag"] == etag(version)


def test_update_replaces_the_whole_resource(server: Server) -> None:
    server.needs("Patient", "update")
    made = server.create(person(fresh(), gender="female", birthDate="1990"))
    left = {name: value for name, value in made.items() if name != "birthDate"}
    expect(server.put(path_of(made), left), 200)
    assert "birthDate" not in server.read(path_of(made))


def test_update_with_the_current_version_succeeds_and_with_a_stale_one_is_412(
    server: Server,
) -> None:
    server.needs("Patient", "update")
    first = server.create(person(fresh()))
    path = path_of(first)
    expect(server.put(path, {**first, "active": True}, If_Match=etag(first)), 200)
    second = server.read(path)
    refused(server.put(path, {**second, "active": False}, If_Match=etag(first)), 412)
    assert server.read(path) == second


@pytest.mark.parametrize("bad", ["{}", "bogus", 'W/"', '"', "W/{}", 'W/"" x', ""])
def test_an_if_match_that_is_no_entity_tag_is_refused_never_ignored(
    server: Server, bad: str
) -> None:
    server.needs("Patient", "update")
    made = server.create(person(fresh()))
    tag = bad.format(made["meta"]["versionId"])
    refused(server.put(path_of(made), {**made, "active": True}, If_Match=tag))
    assert server.read(path_of(made)) == made


def test_if_match_on_what_does_not_exist_creates_nothing(server: Server) -> None:
    server.needs("Patient", "update")
    id_ = fresh()
    # R4 leaves open which: 404 and 405 where no update creates, 412 as RFC 9110 has it.
    refused(server.put(f"Patient/{id_}", {**person(id_), "id": id_}, If_Match='W/"1"'))
    expect(server.get(f"Patient/{id_}"), 404)


def test_put_with_a_client_id_creates(server: Server) -> None:
    server.needs_flag("Patient", "updateCreate", True)
    id_ = fresh()
    answer = expect(server.put(f"Patient/{id_}", {**person(id_), "id": id_}), 201)
    assert place(answer)[0] == f"Patient/{id_}"
    assert answer.headers["ETag"] == etag(server.read(f"Patient/{id_}"))


def test_put_if_none_match_any_creates_once(server: Server) -> None:
    server.needs_flag("Patient", "updateCreate", True)
    id_ = fresh()
    sent = {**person(id_), "id": id_}
    expect(server.put(f"Patient/{id_}", sent, If_None_Match="*"), 201)
    made = server.read(f"Patient/{id_}")
    refused(server.put(f"Patient/{id_}", {**sent, "active": True}, If_None_Match="*"), 412)
    assert server.read(f"Patient/{id_}") == made


def test_deleted_is_gone_and_its_history_is_kept(server: Server) -> None:
    server.needs("Patient", "delete", "vread", "history-instance")
    made = server.create(person(fresh()))
    path = path_of(made)
    expect(server.delete(path), *DELETED)
    # Only servers that do not track deletions may answer 404; this one has a history.
    refused(server.get(path), 410)
    assert expect(server.get(f"{path}/_history/{made['meta']['versionId']}"), 200).json() == made
    entries = expect(server.get(f"{path}/_history"), 200).json()["entry"]
    assert [entry["request"]["method"] for entry in entries] == ["DELETE", "POST"]
    assert "resource" not in entries[0]


def test_the_version_of_a_deletion_is_gone(server: Server) -> None:
    server.needs("Patient", "delete", "vread", "history-instance")
    made = server.create(person(fresh()))
    path = path_of(made)
    tag = expect(server.delete(path), *DELETED).headers.get("ETag", "")
    version = tag.removeprefix("W/").strip('"')
    if version:
        # R4: "should be 410"; a version that is no version is 404.
        refused(server.get(f"{path}/_history/{version}"), 404, 410)


def test_delete_is_idempotent(server: Server) -> None:
    server.needs("Patient", "delete", "history-instance")
    made = server.create(person(fresh()))
    for _ in range(2):
        expect(server.delete(path_of(made)), *DELETED)
    history = expect(server.get(f"{path_of(made)}/_history"), 200).json()
    assert len(history["entry"]) == 2
    expect(server.delete(f"Patient/{fresh()}"), *DELETED)


def test_the_deleted_are_not_found(server: Server) -> None:
    server.needs("Patient", "delete")
    group = fresh()
    made = server.create(person(group))
    expect(server.delete(path_of(made)), *DELETED)
    assert server.find("Patient", {"_id": made["id"]}) == []
    assert server.find("Patient", {"identifier": f"urn:countersign:test:group|{group}"}) == []


def test_delete_honours_if_match(server: Server) -> None:
    server.needs("Patient", "delete", "update")
    first = server.create(person(fresh()))
    path = path_of(first)
    expect(server.put(path, {**first, "active": True}), 200)
    # R4 defines If-Match for updates alone: a server may refuse it here, but not overlook it.
    refused(server.delete(path, If_Match=etag(first)))
    assert server.read(path)["active"] is True


def test_an_update_brings_back_the_deleted(server: Server) -> None:
    server.needs("Patient", "delete", "update", "history-instance")
    server.needs_flag("Patient", "updateCreate", True)
    made = server.create(person(fresh()))
    path = path_of(made)
    expect(server.delete(path), *DELETED)
    expect(server.put(path, made), 200, 201)
    back = server.read(path)
    versions = expect(server.get(f"{path}/_history"), 200).json()["entry"]
    assert len(versions) == 3
    assert back["meta"]["versionId"] != made["meta"]["versionId"]


@pytest.mark.parametrize(
    "text", ["1.10", "0.000000100", "100.00", "12345678901234567.8900", "-0.0", "1.0E+2"]
)
def test_numbers_keep_their_text(server: Server, text: str) -> None:
    """FHIR R4 json.html: the precision of decimals is significant; datatypes.html#decimal."""
    body = (
        '{"resourceType":"Observation","status":"final","code":{"text":"x"},'
        f'"identifier":[{{"system":"urn:countersign:test","value":"{fresh()}"}}],'
        f'"valueQuantity":{{"value":{text},"unit":"mg"}}}}'
    ).encode()
    answer = expect(server.post("Observation", body), 201)
    path, _ = place(answer)
    for where in (path, f"Observation?_id={path.partition('/')[2]}", f"{path}/_history"):
        found = expect(server.get(where), 200).text.replace(" ", "")
        assert f'"value":{text},' in found or f'"value":{text}}}' in found, found
