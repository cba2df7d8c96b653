"""The token check and the faulty wire themselves, before a sandbox that asks nobody for a token."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from sync.fhir.assertion import ClientKey
from sync.sandbox import Sandbox, serving
from sync.sandbox.tokens import JWT_BEARER
from tests.hapi.facts import Facts, base_name, read
from tests.hapi.faults import MIX, Fault, Faults
from tests.hapi.front import FHIR, Asked, Front, fronting, needed

PERSON = {"resourceType": "Patient"}


@pytest.fixture
def front() -> Iterator[Front]:
    with (
        Sandbox(no_auth=True) as sandbox,
        serving(sandbox.app) as place,
        fronting(Front(place.base_url)) as found,
    ):
        yield found


def token(front: Front, plane: str, scope: str) -> dict[str, str]:
    client = next(one for one in front.issue_clients() if one.plane == plane)
    key, now = ClientKey(client.private_jwk), datetime.now(UTC)
    form = {
        "grant_type": "client_credentials",
        "scope": scope,
        "client_assertion_type": JWT_BEARER,
        "client_assertion": key.assertion(client.client_id, front.token_url, now, scope),
    }
    answer = httpx.post(front.token_url, data=form, trust_env=False).raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def send(front: Front, method: str, path: str, **sent: object) -> httpx.Response:
    return httpx.request(method, f"{front.base}/{path}", trust_env=False, **sent)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "target", "wanted"),
    [
        ("GET", "Patient/1", ("Patient", "r")),
        ("GET", "Patient/1/_history/2", ("Patient", "r")),
        ("GET", "Patient?name=x", ("Patient", "s")),
        ("POST", "Patient/_search", ("Patient", "s")),
        ("POST", "Patient", ("Patient", "c")),
        ("PUT", "Patient/1", ("Patient", "u")),
        ("PATCH", "Patient/1", ("Patient", "u")),
        ("DELETE", "Patient/1", ("Patient", "d")),
        ("GET", "_history", ("*", "r")),
        ("POST", "", ("*", "cu")),
        ("GET", "?_getpages=x", ("", "")),
        ("OPTIONS", "Patient/1", ("Patient", "cruds")),
    ],
)
def test_the_scope_that_a_request_needs(method: str, target: str, wanted: tuple[str, str]) -> None:
    assert needed(Asked(method, f"{FHIR}/{target}", {}, b"")) == wanted


def test_a_token_opens_what_its_scope_says_and_nothing_else(front: Front) -> None:
    assert send(front, "GET", "metadata").status_code == 200
    assert send(front, "POST", "Patient", json=PERSON).status_code == 401
    held = token(front, "write", "system/Patient.c")
    made = send(front, "POST", "Patient", json=PERSON, headers=held)
    assert made.status_code == 201 and made.headers["Location"].startswith(front.base)
    assert send(front, "POST", "Observation", json={}, headers=held).status_code == 403
    assert send(front, "PUT", "Patient/1", json=PERSON, headers=held).status_code == 403
    assert send(front, "GET", "Patient?_summary=count", headers=held).status_code == 403


@pytest.mark.parametrize(
    ("fault", "status", "effects"),
    [
        (Fault.LOST_REQUEST, None, 0),
        (Fault.LOST_RESPONSE, None, 1),
        (Fault.DUPLICATE, 201, 2),
        (Fault.LATE_503, 503, 1),
    ],
)
def test_each_fault_does_what_it_is_called(
    front: Front, fault: Fault, status: int | None, effects: int
) -> None:
    held = token(front, "write", "system/Patient.c")
    reads = token(front, "read", "system/Patient.s")
    front.faults = Faults(1, {fault: 1.0}, {})
    if status is None:
        with pytest.raises(httpx.TransportError):
            send(front, "POST", "Patient", json=PERSON, headers=held)
    else:
        assert send(front, "POST", "Patient", json=PERSON, headers=held).status_code == status
    found = send(front, "GET", "Patient?_summary=count", headers=reads)
    assert found.json()["total"] == effects
    assert front.faults.struck == {f"write:{fault}": 1}


def test_a_seed_draws_the_same_faults_again_in_their_shares() -> None:
    drawn = [Faults(7).draw(write=True)] + [one.draw(write=True) for one in [Faults(7)]]
    assert drawn[0] == drawn[1]
    faults = Faults(3)
    found = [faults.draw(write=True) for _ in range(4000)]
    for fault, share in MIX.items():
        assert abs(found.count(fault) / len(found) - share) < 0.02, fault


def test_facts_are_of_tests_that_there_are() -> None:
    for name, fact in read().items():
        file, _, test = name.partition("::")
        text = (Path(__file__).parents[1] / "server" / file).read_text(encoding="utf-8")
        assert f"def {test}(" in text, name
        assert fact["fails"] > 0 and fact["why"]


def test_a_fact_that_changed_is_said() -> None:
    facts = Facts({"a.py::t": {"fails": 2, "why": "x"}, "b.py::t": {"fails": 1, "why": "x"}})
    facts.collected.add("a.py::t")
    facts.failed["a.py::t"] = 1
    assert facts.wrong() == ["a.py::t: 1 failed, 2 are on record"]
    facts.failed["a.py::t"] = 2
    assert facts.wrong() == []
    assert base_name("tests/server/a.py::t[x-1]") == "a.py::t"
