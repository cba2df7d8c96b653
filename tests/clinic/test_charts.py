"""The clinic's charts: valid, labelled as test data, whole, and the same every time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from core.canonical import Json, JsonObject, encode
from core.fhir import problems
from core.policy import parse_policy
from sync.clinic import AGENTS, CASES, STAFF, chart, clinic_policy
from sync.clinic.building import TEST_LABEL
from sync.clinic.live import MOST, first_cases, later_cases, stream

RESOURCES = list(chart())


def test_a_dozen_patients_with_real_looking_charts() -> None:
    counts = Counter(one["resourceType"] for one in RESOURCES)
    assert counts["Patient"] == 12
    assert set(counts) >= {
        "DocumentReference", "Condition", "MedicationRequest", "AllergyIntolerance",
        "Observation", "Encounter", "Appointment", "Coverage", "Consent", "Practitioner",
    }  # fmt: skip


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: str(one["id"]))
def test_every_resource_is_valid_and_labelled(resource: JsonObject) -> None:
    assert problems(resource) == []
    assert resource["meta"]["security"] == [TEST_LABEL]


def test_every_name_says_that_it_is_synthetic() -> None:
    named = [one for one in RESOURCES if "name" in one]
    assert len(named) == 14
    assert all("Synthetic" in name["family"] for one in named for name in one["name"])


def test_every_reference_resolves() -> None:
    known = {f"{one['resourceType']}/{one['id']}" for one in RESOURCES}
    assert {found for one in RESOURCES for found in references(one)} <= known
    targets = {str(change["target"]) for one in CASES for change in one.document["changes"]
               if "target" in change}  # fmt: skip
    assert targets <= known


def references(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "reference":
                yield str(item)
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_what_the_screens_must_stand_is_there() -> None:
    text = encode(RESOURCES).decode("utf-8")
    assert "נועה" in text and "試験" in text and "e\u0308" in text and "[bold]" in text
    notes = [one for one in RESOURCES if one["resourceType"] == "DocumentReference"]
    longest = max(len(str(one["content"][0]["attachment"]["data"])) for one in notes)
    assert longest * 3 // 4 >= 3_500


def test_the_policy_is_valid_and_every_case_speaks_for_a_known_agent() -> None:
    parse_policy(clinic_policy("sandbox"))
    assert {one.agent for one in CASES} <= set(AGENTS)
    assert {"physician", "nurse", "coordinator", "supervisor", "on-call"} <= {
        role for roles in STAFF.values() for role in roles
    }


def test_names_are_unique_and_enough_is_there_at_the_first_paint() -> None:
    names = [one.name for one in CASES]
    assert len(set(names)) == len(names) and len(first_cases()) >= 6
    assert [one.at for one in later_cases()] == sorted(one.at for one in later_cases())


def test_the_same_seed_proposes_the_same_and_it_ends_by_itself() -> None:
    one, same, other = (list(stream(seed)) for seed in (1, 1, 2))
    assert one == same != other
    assert len(one) == MOST
    assert len({encode(document) for _, document in one}) == MOST
