"""The model server's unfairness: each personality departs from the plain one in its own way."""

from __future__ import annotations

import json
from typing import Any

from core.ports import Request
from tests.builders import CONDITION, PATIENT, exact_object
from tests.sim.server import PERSONALITIES, Moved, Server


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def server(name: str) -> tuple[Server, Time]:
    time = Time()
    made = Server(time, PERSONALITIES[name])
    made.put(exact_object(PATIENT))
    return made, time


def put(version: str | None = None, method: str = "PUT", **elements: Any) -> Request:
    headers = {} if version is None else {"If-Match": f'W/"{version}"'}
    body = json.dumps({**PATIENT, **elements}).encode()
    return Request(method, "Patient", "example", headers, body)


def create(code: str = "o-1") -> Request:
    own = {"identifier": [{"system": "urn:countersign:operation", "value": code}]}
    condition = {"If-None-Exist": f"identifier=urn:countersign:operation|{code}"}
    return Request("POST", "Condition", None, condition, json.dumps({**CONDITION, **own}).encode())


def versions(found: Server) -> list[str]:
    return [stored.version for stored in found.chains["Patient/example"]]


def test_a_plain_server_refuses_a_stale_version_and_a_second_create() -> None:
    found, _ = server("plain")
    found.store(put("1", active=False))
    stale = found.judge(put("1", active=True))
    assert stale is not None and stale.status == 412
    assert found.judge(create()) is None
    found.store(create())
    again = found.judge(create())
    assert again is not None and (again.status, again.location) == (200, "Condition/made-1")


def test_a_racy_server_judges_before_it_stores() -> None:
    found, _ = server("racy")
    both = [put("1", active=False), put("1", active=True)]
    assert [found.judge(one) for one in both] == [None, None]
    for one in both:
        found.store(one)
    assert versions(found) == ["1", "2", "3"]


def test_a_young_version_cannot_be_read_by_its_number_where_history_is_stale() -> None:
    found, time = server("stale-history")
    time.now = 100
    found.store(put("1", active=False))
    current = found.read("Patient/example")
    assert current is not None and current.version == "2"
    assert found.read("Patient/example", "2") is None
    time.now = 161
    assert found.read("Patient/example", "2") is not None


def test_a_cached_search_is_sixty_seconds_old() -> None:
    found, time = server("search-cache")
    asked = {"identifier": "urn:countersign:operation|o-1"}
    assert found.search("Condition", asked) == []
    found.store(create())
    assert found.search("Condition", asked) == []
    time.now = 61
    assert len(found.search("Condition", asked)) == 1


def test_a_normaliser_stores_something_else_than_was_sent() -> None:
    found, _ = server("normaliser")
    found.store(put("1", active=False))
    assert "source" in found.chains["Patient/example"][-1].resource["meta"]


def test_patch_without_regard_to_the_version() -> None:
    for name, status in (("plain", 412), ("patch-unconditional", None)):
        found, _ = server(name)
        found.store(put("1", active=False))
        answer = found.judge(put("1", "PATCH", active=True))
        assert (answer and answer.status) == status


def test_half_a_transaction_says_that_all_is_well() -> None:
    both = [put("1", active=False), put("7", active=True)]
    for name, status, kept in (("plain", 412, ["1"]), ("half-transaction", 200, ["1", "2"])):
        found, _ = server(name)
        assert found.transact(both)[0] == status
        assert versions(found) == kept


def test_half_a_transaction_goes_on_after_what_it_refuses() -> None:
    both = [put("7", active=True), put("1", active=False)]
    found, _ = server("half-transaction")
    status, answers = found.transact(both)
    assert (status, [one.status for one in answers]) == (200, [412, 200])
    assert versions(found) == ["1", "2"]


def test_a_put_that_changes_nothing_keeps_the_version() -> None:
    for name, kept in (("plain", ["1", "2"]), ("noop-keeps-version", ["1"])):
        found, _ = server(name)
        found.store(put("1"))
        assert versions(found) == kept


def test_a_merged_patient_answers_with_a_redirect() -> None:
    found, _ = server("merged-patient")
    found.moved.add("Patient/example")
    answer = found.judge(put("1"))
    assert answer is not None and answer.status == 308
    try:
        found.read("Patient/example")
    except Moved:
        return
    raise AssertionError("it was read")


def test_versions_that_cannot_be_counted() -> None:
    found, _ = server("opaque-versions")
    assert not found.chains["Patient/example"][0].version.isdigit()
