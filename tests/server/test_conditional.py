"""Conditional read, create, update and delete. Source: FHIR R4 http.html §3.1.0.1.7 ff."""

from __future__ import annotations

from email.utils import format_datetime, parsedate_to_datetime

import pytest

from tests.server.contract import (
    Server,
    etag,
    expect,
    fresh,
    ids,
    of_group,
    path_of,
    person,
    place,
    refused,
)

UPDATES = "conditionalUpdate"
READS = ("not-match", "full-support")


def test_a_read_of_the_known_version_is_304(server: Server) -> None:
    server.needs_flag("Patient", "conditionalRead", *READS)
    server.needs("Patient", "update")
    made = server.create(person(fresh()))
    path = path_of(made)
    answer = expect(server.get(path, If_None_Match=etag(made)), 304)
    assert answer.content == b""
    expect(server.get(path, If_None_Match=f'W/"other", {etag(made)}'), 304)
    expect(server.get(path, If_None_Match='W/"other"'), 200)
    expect(server.put(path, {**made, "active": True}), 200)
    assert expect(server.get(path, If_None_Match=etag(made)), 200).json()["active"] is True


def test_a_read_since_the_last_change_is_304(server: Server) -> None:
    claimed = server.claims.of("Patient").get("conditionalRead")
    made = server.create(person(fresh()))
    last = expect(server.get(path_of(made)), 200).headers["Last-Modified"]
    answer = server.get(path_of(made), If_Modified_Since=last)
    expect(answer, 304 if claimed in ("modified-since", "full-support") else 200)
    earlier = parsedate_to_datetime(last).replace(year=2000)
    expect(server.get(path_of(made), If_Modified_Since=format_datetime(earlier, usegmt=True)), 200)


def test_if_none_exist_creates_where_nothing_matches(server: Server) -> None:
    server.needs_flag("Patient", "conditionalCreate", True)
    group = fresh()
    condition = f"identifier={of_group(group)}"
    first = expect(server.post("Patient", person(group), If_None_Exist=condition), 201)
    again = expect(server.post("Patient", person(group, active=True), If_None_Exist=condition), 200)
    assert place(again)[0] == place(first)[0]
    assert again.headers["ETag"] == first.headers["ETag"]
    assert len(server.find("Patient", {"identifier": of_group(group)})) == 1
    assert "active" not in server.read(place(first)[0])


def test_if_none_exist_with_several_matches_is_412(server: Server) -> None:
    server.needs_flag("Patient", "conditionalCreate", True)
    group = fresh()
    for _ in range(2):
        server.create(person(group))
    refused(
        server.post("Patient", person(group), If_None_Exist=f"identifier={of_group(group)}"), 412
    )
    assert len(server.find("Patient", {"identifier": of_group(group)})) == 2


@pytest.mark.parametrize("condition", ["", "nonsense=x", "identifier", "?", "birthdate=yesterday"])
def test_a_bad_if_none_exist_creates_nothing(server: Server, condition: str) -> None:
    server.needs_flag("Patient", "conditionalCreate", True)
    group = fresh()
    refused(server.post("Patient", person(group), If_None_Exist=condition), 400, 412)
    assert server.find("Patient", {"identifier": of_group(group)}) == []


def test_a_conditional_update_without_a_match_creates(server: Server) -> None:
    server.needs_flag("Patient", UPDATES, True)
    group = fresh()
    answer = expect(server.put(f"Patient?identifier={of_group(group)}", person(group)), 201)
    made = server.find("Patient", {"identifier": of_group(group)})
    assert [path_of(one) for one in made] == [place(answer)[0]]


def test_a_conditional_update_without_a_match_takes_the_id_that_is_given(server: Server) -> None:
    server.needs_flag("Patient", UPDATES, True)
    server.needs_flag("Patient", "updateCreate", True)
    group = fresh()
    sent = {**person(group), "id": group}
    answer = expect(server.put(f"Patient?identifier={of_group(group)}", sent), 201)
    assert place(answer)[0] == f"Patient/{group}"


def test_a_conditional_update_without_a_match_leaves_another_ones_id_alone(server: Server) -> None:
    """The id is taken by a resource that does not match: it must not be overwritten."""
    server.needs_flag("Patient", UPDATES, True)
    group = fresh()
    other = server.create(person(fresh()))
    refused(
        server.put(f"Patient?identifier={of_group(group)}", {**person(group), "id": other["id"]})
    )
    assert server.read(path_of(other)) == other


@pytest.mark.parametrize("with_id", [False, True])
def test_a_conditional_update_with_one_match_updates_it(server: Server, with_id: bool) -> None:
    server.needs_flag("Patient", UPDATES, True)
    group = fresh()
    made = server.create(person(group))
    sent = person(group, active=True)
    if with_id:
        sent["id"] = made["id"]
    answer = expect(server.put(f"Patient?identifier={of_group(group)}", sent), 200)
    found = server.find("Patient", {"identifier": of_group(group)})
    assert ids(found) == [made["id"]]
    assert found[0]["active"] is True
    assert answer.headers["ETag"] == etag(found[0]) != etag(made)


def test_a_conditional_update_of_a_match_with_another_id_is_400(server: Server) -> None:
    server.needs_flag("Patient", UPDATES, True)
    group = fresh()
    made = server.create(person(group))
    sent = {**person(group, active=True), "id": fresh()}
    refused(server.put(f"Patient?identifier={of_group(group)}", sent), 400)
    assert server.read(path_of(made)) == made
    expect(server.get(f"Patient/{sent['id']}"), 404)


def test_a_conditional_update_with_several_matches_is_412(server: Server) -> None:
    server.needs_flag("Patient", UPDATES, True)
    group = fresh()
    made = [server.create(person(group)) for _ in range(2)]
    url = f"Patient?identifier={of_group(group)}"
    refused(server.put(url, person(group, active=True)), 412)
    assert [server.read(path_of(one)) for one in made] == made


def test_a_conditional_update_honours_if_match(server: Server) -> None:
    server.needs_flag("Patient", UPDATES, True)
    group = fresh()
    first = server.create(person(group))
    url = f"Patient?identifier={of_group(group)}"
    expect(server.put(url, person(group, active=True), If_Match=etag(first)), 200)
    refused(server.put(url, person(group, active=False), If_Match=etag(first)), 412)
    assert server.read(path_of(first))["active"] is True


@pytest.mark.parametrize("query", ["", "?", "?nonsense=x", "?identifier=", "?_count=1"])
def test_a_conditional_update_without_a_fit_condition_changes_nothing(
    server: Server, query: str
) -> None:
    server.needs_flag("Patient", UPDATES, True)
    group = fresh()
    refused(server.put(f"Patient{query}", person(group)))
    assert server.find("Patient", {"identifier": of_group(group)}) == []


def test_conditional_delete_does_what_is_claimed(server: Server) -> None:
    claimed = server.claims.of("Patient").get("conditionalDelete", "not-supported")
    group = fresh()
    url = f"Patient?identifier={of_group(group)}"
    made = [server.create(person(group))]
    if claimed == "not-supported":
        refused(server.delete(url))
        assert len(server.find("Patient", {"identifier": of_group(group)})) == 1
        return
    expect(server.delete(url), 200, 202, 204)
    assert server.find("Patient", {"identifier": of_group(group)}) == []
    made = [server.create(person(group)) for _ in range(2)]
    answer = server.delete(url)
    if claimed == "multiple":
        expect(answer, 200, 202, 204)
    else:
        refused(answer, 412)
    left = server.find("Patient", {"identifier": of_group(group)})
    assert len(left) == (0 if claimed == "multiple" else len(made))
