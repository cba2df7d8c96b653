"""Patient/$everything: the compartment, its paging, and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sync.sandbox.exchange import Call
from sync.sandbox.parameters import known, patient_compartment
from sync.sandbox.store import Page, Store
from tests.sync.sandbox.searches import BASE, Asker, issues, links

P1 = {"reference": "Patient/p1"}
INSIDE: list[dict[str, Any]] = [
    {
        "resourceType": "Patient",
        "id": "p1",
        "managingOrganization": {"reference": "Organization/g"},
    },
    {"resourceType": "Appointment", "id": "a1", "participant": [{"actor": P1}]},
    {"resourceType": "AuditEvent", "id": "u1", "entity": [{"what": P1}]},
    {"resourceType": "Condition", "id": "c1", "subject": {"reference": f"{BASE}/Patient/p1"}},
    {"resourceType": "Condition", "id": "c2", "subject": {"reference": "Patient/p1/_history/7"}},
    {"resourceType": "Coverage", "id": "k1", "beneficiary": P1},
    {"resourceType": "Observation", "id": "o1", "performer": [P1]},
    {"resourceType": "Provenance", "id": "v1", "target": [{"reference": "Task/t"}, P1]},
]
OUTSIDE: list[dict[str, Any]] = [
    {"resourceType": "Patient", "id": "p2"},
    {"resourceType": "Organization", "id": "g"},
    {"resourceType": "Task", "id": "t", "for": P1},
    {"resourceType": "Condition", "id": "c3", "subject": {"reference": "Group/p1"}},
    {"resourceType": "Condition", "id": "c4", "subject": {"reference": "Patient/p2"}},
    {"resourceType": "Condition", "id": "c5", "subject": {"reference": "https://x.y/Patient/p1"}},
    {"resourceType": "Observation", "id": "o2", "focus": [P1]},
]
URL = "Patient/p1/$everything"
ALL = (
    "Patient/p1 Appointment/a1 AuditEvent/u1 Condition/c1 Condition/c2 Coverage/k1"
    " Observation/o1 Provenance/v1"
)


@pytest.fixture
def ask(clock: Any) -> Iterator[Asker]:
    store = Store(":memory:", clock)
    asker = Asker(store)
    for resource in [*OUTSIDE, *INSIDE]:
        asker.put(resource)
        clock.advance(seconds=1)
    yield asker
    store.close()


def _found(bundle: dict[str, Any]) -> str:
    return " ".join(
        f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
        for entry in bundle.get("entry", [])
        if entry["search"]["mode"] == "match"
    )


def test_everything_is_the_patient_and_its_compartment(ask: Asker) -> None:
    bundle = ask(URL)
    assert (bundle["type"], bundle["total"]) == ("searchset", 8)
    assert _found(bundle) == ALL
    assert links(bundle) == {"self": f"{BASE}/{URL}"}
    assert issues(bundle) == []


def test_the_compartment_is_made_of_parameters_that_there_are() -> None:
    memberships = [(kind, name) for kind, names in patient_compartment().items() for name in names]
    assert len(memberships) > 90
    assert all(known(kind)[name].type == "reference" for kind, name in memberships)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("_type=Condition", "Condition/c1 Condition/c2"),
        ("_type=Patient,Coverage", "Patient/p1 Coverage/k1"),
        ("_type=Goal", ""),
        ("_since=2026-11-23T09:00:13Z", "Observation/o1 Provenance/v1"),
        ("_since=2026-11-23T09:00:13.123Z", "Observation/o1 Provenance/v1"),
        ("_since=2026-11-23T09:00:13.124Z", "Provenance/v1"),
        ("_since=2026-11-23T09:00:13Z&_type=Observation&_format=json", "Observation/o1"),
    ],
)
def test_everything_can_be_narrowed(ask: Asker, query: str, found: str) -> None:
    bundle = ask(f"{URL}?{query}")
    assert (_found(bundle), bundle["total"]) == (found, len(found.split()))


@pytest.mark.parametrize("count", [1, 3, 7, 8])
def test_everything_comes_in_pages(ask: Asker, clock: Any, count: int) -> None:
    url: str | None = f"{URL}?_count={count}"
    seen: list[str] = []
    while url:
        bundle = ask(url)
        assert bundle["total"] >= 8
        seen += _found(bundle).split()
        url = links(bundle).get("next")
        clock.advance(seconds=1)
        ask.put({"resourceType": "Account", "id": f"new-{len(seen)}", "subject": [P1]})
        ask.put(INSIDE[0])
    assert [name for name in seen if not name.startswith("Account")] == ALL.split()


def test_counting_everything(ask: Asker) -> None:
    bundle = ask(f"{URL}?_count=0")
    assert (bundle["total"], "entry" in bundle) == (8, False)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("start=2026", "$everything"),
        ("_include=x", "$everything"),
        ("_type=Practitioner", "_type"),
        ("_type=", "_type"),
        ("_since=2026", "_since"),
        ("_since=ge2026-11-23T09:00:00Z", "_since"),
        ("_count=x", "_count"),
        ("_cursor=Practitioner~a~1", "_cursor"),
        ("_type=Goal&_cursor=Patient~p1~1", "_cursor"),
    ],
)
def test_what_everything_does_not_take_is_refused(ask: Asker, query: str, named: str) -> None:
    refused = ask.refused(f"{URL}?{query}")
    assert refused.status == 400
    assert named in refused.issues[0].diagnostics


def test_only_a_patient_that_is_there_has_everything(
    ask: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask.refused("Patient/zz/$everything").status == 404
    assert ask.refused("Encounter/p1/$everything").status == 404
    # A deleted resource has versions and no current one.
    monkeypatch.setattr(Store, "read", lambda *_: None)
    monkeypatch.setattr(Store, "history", lambda *_: Page([], 2, more=False))
    assert ask.refused(URL).status == 410


def test_a_type_that_may_not_be_read_is_left_out(
    ask: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    scopes = "system/Patient.r system/Condition.rs system/Coverage.s"
    bundle = ask(URL, scopes)
    assert _found(bundle) == "Patient/p1 Condition/c1 Condition/c2"
    assert bundle["total"] == 3
    assert [issue["code"] for issue in issues(bundle)] == ["suppressed"]
    assert issues(ask(URL, "system/*.r")) == []
    assert ask.refused(f"{URL}?_type=Coverage", scopes).status == 403
    assert ask.refused(URL, "system/Condition.r").status == 403
    # The control: without the guard everything comes.
    monkeypatch.setattr(Call, "allows", lambda *_: True)
    assert _found(ask(URL, scopes)) == ALL
