"""Every invariant has resources that keep and break it, and agrees with HL7's own expression."""

from __future__ import annotations

from typing import Any

import pytest

from core.canonical import JsonObject, exact
from core.fhir import invariants, problems
from core.fhir.invariants import PLACED_CHECKS, VALUE_CHECKS
from core.fhir.periods import can_precede
from core.fhir.structure import Walk
from core.fhir.tables import table
from tests.core.fhir.cases import CASES, HTML, MG5, holding, narrative, patient
from tests.core.fhir.oracle import NOT_COMPARED, attached, verdict


def made(resource: dict[str, Any]) -> JsonObject:
    found = exact(resource)
    assert isinstance(found, dict)
    return found


def broken(resource: JsonObject) -> set[str]:
    """Return the keys that `problems` reports; the structure must be sound."""
    found = problems(resource)
    assert {one.code for one in found} <= {"invariant"}, found
    return {one.message.partition(":")[0] for one in found}


@pytest.mark.parametrize(("key", "good", "bad"), CASES)
def test_invariant(key: str, good: dict[str, Any], bad: dict[str, Any]) -> None:
    assert broken(made(good)) == set()
    assert key in broken(made(bad))


@pytest.mark.parametrize(
    ("key", "good", "bad"), [case for case in CASES if case[0] not in NOT_COMPARED]
)
def test_agrees_with_fhirpath(key: str, good: dict[str, Any], bad: dict[str, Any]) -> None:
    for resource, expected in ((made(good), True), (made(bad), False)):
        answers = [verdict(key, one) for one in Walk(resource).subjects if key in one.keys]
        assert answers or expected
        assert all(answer is not False for answer in answers) == expected


def test_every_invariant_of_the_table_is_implemented_and_has_a_case() -> None:
    keys = {key for _, key in attached()}
    assert keys == set(table()["invariants"])
    assert keys == set(VALUE_CHECKS) | set(PLACED_CHECKS)
    assert keys == {key for key, _, _ in CASES}
    assert len(keys) > 40


def test_warnings_are_not_errors() -> None:
    # con-3 and dom-6 have the severity warning in R4.
    assert not {"con-3", "dom-6"} & set(table()["invariants"])


def test_without_its_check_a_broken_resource_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = made(patient(contact=[{"gender": "female"}]))
    assert broken(bad) == {"pat-1"}
    monkeypatch.setitem(invariants.VALUE_CHECKS, "pat-1", lambda value: True)
    assert broken(bad) == set()


def test_the_problem_names_the_place_and_hl7s_sentence() -> None:
    (found,) = problems(made(patient(contact=[{"gender": "female"}])))
    assert found.path == "Patient.contact[0]"
    assert found.message.startswith("pat-1: SHALL at least contain a contact's details")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2020-02-03T10:00:00Z", "2020-02-03", True),
        ("2020-01-01T10:00:00Z", "2020-01-01T11:00:00+01:00", True),
        ("2020-01-01T10:00:01Z", "2020-01-01T11:00:00+01:00", False),
        ("2020-03", "2020", True),
        ("2021", "2020-12-31", False),
        ("2020-01-01T10:00:00.500Z", "2020-01-01T10:00:00Z", True),
        ("2020-01-01T10:00:00.501Z", "2020-01-01T10:00:00.500Z", False),
        ("2020-01-02T10:00:00+14:00", "2020-01-01", True),
        ("2020-01-02T13:00:00Z", "2020-01-01", False),
        ("2020-01-02", "2020-01-01T11:00:00Z", True),
        ("2020-01-02", "2020-01-01T09:59:59Z", False),
        ("9999-12", "9999", True),
        ("0001", "0001-01-01T00:00:00+14:00", True),
    ],
)
def test_periods_of_different_precision(start: str, end: str, expected: bool) -> None:
    assert can_precede(start, end) is expected


def test_ranges_in_different_units_are_not_judged() -> None:
    high = {**MG5, "value": 1, "unit": "g", "code": "g"}
    assert broken(made(holding("Range", {"low": MG5, "high": high}))) == set()


def test_an_entity_bomb_is_refused_unexpanded() -> None:
    layers = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE div [<!ENTITY e0 "x">{layers}]>{HTML}&e11;</div>'
    assert broken(made(patient(text={"status": "generated", "div": bomb}))) == {"txt-1"}


def test_deep_and_long_narratives_are_read() -> None:
    assert broken(made(narrative("<b>" * 500 + "x" + "</b>" * 500))) == set()


def test_a_contained_resource_without_id_cannot_be_referred_to() -> None:
    inner = {"resourceType": "Organization", "name": "A"}
    anywhere = [{"url": "http://example.org/x", "valueUri": one} for one in ("#None", "#")]
    assert "dom-3" in broken(made(patient(contained=[inner], extension=anywhere)))
