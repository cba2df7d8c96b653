"""_include and _revinclude: what comes in beside the matches, and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sync.sandbox import including
from sync.sandbox.exchange import Call
from sync.sandbox.store import Store
from tests.sync.sandbox.searches import BASE, Asker, issues, names


def _observation(id_: str, subject: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "subject": {"reference": subject},
        **more,
    }


CHART: list[dict[str, Any]] = [
    {"resourceType": "Patient", "id": "p1", "link": [{"other": {"reference": "Patient/p2"}}]},
    {"resourceType": "Patient", "id": "p2"},
    {"resourceType": "Device", "id": "p1"},
    {"resourceType": "Encounter", "id": "e1"},
    _observation("o1", "Patient/p1", encounter={"reference": "Encounter/e1"}),
    _observation("o2", f"{BASE}/Patient/p1/_history/1"),
    _observation("o3", "Device/p1"),
    _observation("o4", "https://else.where/fhir/Patient/p2"),
    _observation("o5", "Patient/gone"),
    {
        "resourceType": "Provenance",
        "id": "v1",
        "target": [{"reference": "Observation/o1/_history/1"}, {"reference": "Patient/p1"}],
    },
    {"resourceType": "Provenance", "id": "v2", "target": [{"reference": f"{BASE}/Observation/o3"}]},
]


@pytest.fixture
def ask(clock: Any) -> Iterator[Asker]:
    store = Store(":memory:", clock)
    asker = Asker(store)
    asker.put(*CHART)
    yield asker
    store.close()


def _included(bundle: dict[str, Any]) -> str:
    found = [
        f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
        for entry in bundle["entry"]
        if entry["search"]["mode"] == "include"
    ]
    assert len(found) == len(set(found))
    return " ".join(sorted(found))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("_id=o1&_include=Observation:subject", "Patient/p1"),
        ("_id=o1,o2&_include=Observation:subject", "Patient/p1"),
        ("_include=Observation:subject", "Device/p1 Patient/p1"),
        ("_include=Observation:patient", "Patient/p1"),
        ("_include=Observation:subject:Device", "Device/p1"),
        ("_include=Observation:subject:Group", ""),
        ("_id=o4,o5&_include=Observation:subject", ""),
        ("_include=Observation:patient&_include=Observation:encounter", "Encounter/e1 Patient/p1"),
        ("_revinclude=Provenance:target", "Provenance/v1 Provenance/v2"),
        ("_id=o1&_revinclude=Provenance:target", "Provenance/v1"),
        ("_id=o1&_revinclude=Provenance:target:Observation", "Provenance/v1"),
        ("_id=o1&_revinclude=Provenance:target:Patient", ""),
        (
            "_id=o1&_revinclude=Provenance:target&_include=Observation:patient",
            "Patient/p1 Provenance/v1",
        ),
    ],
)
def test_what_is_included(ask: Asker, query: str, found: str) -> None:
    bundle = ask(f"Observation?{query}")
    assert _included(bundle) == found
    assert bundle["total"] == len(names(bundle))
    assert issues(bundle) == []
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(urls) == len(set(urls))


def test_a_match_is_not_included_again(ask: Asker) -> None:
    bundle = ask("Patient?_include=Patient:link")
    assert (names(bundle), _included(bundle)) == (["p1", "p2"], "")
    assert _included(ask("Patient?_id=p1&_include=Patient:link")) == "Patient/p2"


def test_only_the_page_is_included_for(ask: Asker) -> None:
    assert _included(ask("Observation?_sort=_id&_count=1&_include=Observation:encounter"))
    assert not _included(ask("Observation?_sort=-_id&_count=1&_include=Observation:encounter"))


@pytest.mark.parametrize(
    ("query", "enough", "too_little"),
    [
        ("_include=Observation:patient", "system/Patient.r", "system/Patient.cus"),
        ("_revinclude=Provenance:target", "system/Provenance.rs", "system/Provenance.r"),
        ("_revinclude=Provenance:target", "system/Provenance.rs", "system/Provenance.s"),
    ],
)
def test_who_may_not_read_a_type_gets_none_of_it(
    ask: Asker,
    monkeypatch: pytest.MonkeyPatch,
    query: str,
    enough: str,
    too_little: str,
) -> None:
    url = f"Observation?_id=o1&{query}"
    assert _included(ask(url, f"system/Observation.s {enough}"))
    bare = ask(url, f"system/Observation.s {too_little}")
    assert (names(bare), _included(bare)) == (["o1"], "")
    assert [issue["code"] for issue in issues(bare)] == ["suppressed"]
    # The control: without the guard it would come.
    monkeypatch.setattr(Call, "allows", lambda *_: True)
    assert _included(ask(url, f"system/Observation.s {too_little}"))


def test_leaving_out_does_not_tell_whether_there_was_any(ask: Asker) -> None:
    scopes = "system/Observation.s"
    some = ask("Observation?_id=o1&_revinclude=Provenance:target", scopes)
    none = ask("Observation?_id=o2&_revinclude=Provenance:target", scopes)
    assert issues(some) == issues(none)


@pytest.mark.parametrize(("name", "limit"), [("MAX_INCLUDED", 1), ("MAX_BYTES", 200)])
def test_too_much_to_include_is_said(
    ask: Asker, monkeypatch: pytest.MonkeyPatch, name: str, limit: int
) -> None:
    monkeypatch.setattr(including, name, limit)
    bundle = ask("Observation?_include=Observation:subject&_include=Observation:encounter")
    assert len(_included(bundle).split()) == 1
    assert [issue["code"] for issue in issues(bundle)] == ["incomplete"]


def test_many_references_are_all_followed(ask: Asker) -> None:
    for number in range(450):
        ask.put({"resourceType": "Patient", "id": f"m{number}"})
        ask.put(_observation(f"n{number}", f"Patient/m{number}"))
    bundle = ask("Observation?_count=1000&_include=Observation:patient")
    assert len(_included(bundle).split()) == 451
    back = ask("Patient?_count=1000&_revinclude=Observation:patient")
    assert len(_included(back).split()) == 452
