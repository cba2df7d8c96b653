"""Codes on required bindings."""

from __future__ import annotations

from typing import Any

import pytest

from core.canonical import JsonObject, exact
from core.fhir import problems, structure_problems, validation
from core.fhir.problem import Problem
from tests.core.fhir.cases import CLINICAL, concept, condition, holding, patient


def found(resource: dict[str, Any]) -> list[Problem]:
    value: JsonObject = exact(resource)  # type: ignore[assignment]
    return problems(value)


@pytest.mark.parametrize("gender", ["male", "female", "other", "unknown"])
def test_known_codes(gender: str) -> None:
    assert found(patient(gender=gender)) == []


def test_unknown_code_is_named() -> None:
    assert found(patient(gender="f")) == [
        Problem(
            "Patient.gender",
            "code-invalid",
            "'f' is not a code of the value set administrative-gender",
        )
    ]


def test_a_named_code_is_cut_and_escaped() -> None:
    (one,) = found(patient(gender="\u202e" + "x" * 60))
    assert one.message.startswith("'\\u202e" + "x" * 39 + "' is not")


def test_a_wrong_code_is_not_a_structure_problem() -> None:
    value = exact(patient(gender="f"))
    assert isinstance(value, dict)
    assert structure_problems(value) == []


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (concept(CLINICAL, "active"), None),
        (concept(CLINICAL, "relapse"), None),
        (
            {
                "coding": [
                    {"system": "http://x", "code": "1"},
                    *concept(CLINICAL, "active")["coding"],
                ]
            },
            None,
        ),
        (concept(CLINICAL, "actve"), "'actve' is not a code of the value set condition-clinical"),
        (
            concept("http://x", "active"),
            "'active' is not a code of the value set condition-clinical",
        ),
        ({"text": "active"}, "needs a code of the value set condition-clinical"),
    ],
)
def test_concepts_need_one_code_of_the_value_set(status: dict[str, Any], code: str | None) -> None:
    messages = [one.message for one in found(condition(clinicalStatus=status))]
    assert messages == ([] if code is None else [code])


def test_types_without_invariants_have_their_codes_checked() -> None:
    wrong = {"resourceType": "Slot", "status": "bizy", "schedule": {"display": "a"}}
    times = {"start": "2020-01-01T10:00:00Z", "end": "2020-01-01T11:00:00Z"}
    assert [one.path for one in found({**wrong, **times})] == ["Slot.status"]


def test_open_code_systems_are_not_enumerated() -> None:
    assert found(holding("Attachment", {"contentType": "application/x-own; a=1"})) == []
    assert found(patient(language="tlh")) == []


def test_codes_are_checked_even_where_the_structure_is_wrong() -> None:
    assert {one.code for one in found(patient(gender="f", colour="red"))} == {
        "code-invalid",
        "structure",
    }


def test_without_the_binding_check_a_wrong_code_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "binding_problems", lambda bound: [])
    assert found(patient(gender="f")) == []


@pytest.mark.parametrize("status", ["active", [], None, {"coding": None}, {"coding": {"code": 1}}])
def test_a_misshapen_concept_is_a_structure_problem_only(status: Any) -> None:
    assert {one.code for one in found(condition(clinicalStatus=status))} == {"structure"}


@pytest.mark.parametrize("coding", [["active"], [None], [{"code": ["active"]}], [{"code": 5}]])
def test_misshapen_codings_are_no_codes(coding: Any) -> None:
    codes = {one.code for one in found(condition(clinicalStatus={"coding": coding}))}
    assert codes == {"structure", "code-invalid"}
