"""Forms: values in, valid FHIR out; what is wrong is refused by the name of its field."""

from __future__ import annotations

import base64
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from core.canonical import Number, c14n
from core.errors import BadInput
from core.fhir import problems
from core.forms import FORMS
from core.forms.vital_sign import VITALS
from core.hub_schema import SCHEMAS
from tests.core.forms.samples import CREATES, GOOD, formed, made, parsed

KINDS = [(kind, unit) for kind, vital in VITALS.items() for unit in vital.limits]


def vital(kind: str, unit: str, value: Any = 42, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "unit": unit, "value": value, "effective": "2026-11-20T10:05:00Z",
            "status": "final", **more}  # fmt: skip


def refused(name: str, values: Any, text: str | None = None, **more: Any) -> BadInput:
    with pytest.raises(BadInput) as caught:
        parsed(formed(name, values), text, **more)
    return caught.value


def test_every_form_has_a_sample() -> None:
    assert set(GOOD) == set(FORMS)


@pytest.mark.parametrize("name", CREATES)
def test_what_a_form_makes_is_valid_r4_and_about_the_patient(name: str) -> None:
    resource = made(name, GOOD[name], encounter="Encounter/e1")
    assert problems(resource) == []
    assert resource["resourceType"] == FORMS[name].makes
    assert b"Patient/example" in c14n(resource)
    where = b"Encounter/e1" in c14n(resource)
    # An appointment is of no encounter: it may lead to one.
    assert where == (name != "appointment@1")


@pytest.mark.parametrize("name", GOOD)
def test_the_published_schema_takes_the_sample_and_no_other_key(name: str) -> None:
    for schema, value in (
        (SCHEMAS[name](), GOOD[name]),
        (SCHEMAS["forms"](), {"form": name, "values": GOOD[name]}),
    ):
        checker = Draft202012Validator(schema)
        assert [error.message for error in checker.iter_errors(value)] == []
        assert list(checker.iter_errors({**value, "resourceType": "Patient"}))


@pytest.mark.parametrize("name", GOOD)
def test_another_key_is_refused_by_its_name_and_never_quoted(name: str) -> None:
    error = refused(name, {**GOOD[name], "status2": "secret words"})
    assert error.field == "changes[0].values.status2"
    assert "secret" not in str(error)


@pytest.mark.parametrize("name", ["vital-sign@2", "vital-sign", "vitals@1", "Patient"])
def test_a_version_that_is_not_known_is_answered_with_those_there_are(name: str) -> None:
    error = refused(name, {})
    assert error.field == "changes[0].form"
    assert all(known in str(error.remedy) for known in FORMS)


@pytest.mark.parametrize(("kind", "unit"), KINDS)
def test_the_limits_are_taken_and_what_lies_beyond_is_impossible(kind: str, unit: str) -> None:
    if kind == "blood-pressure":
        return
    low, high = VITALS[kind].limits[unit]
    for good in (low, high):
        quantity = made("vital-sign@1", vital(kind, unit), good)["valueQuantity"]
        assert quantity["value"] == Number(good)
        assert (quantity["code"], quantity["system"]) == (unit, "http://unitsofmeasure.org")
    for bad in (str(Decimal(low) - Decimal("0.01")), str(Decimal(high) + Decimal("0.01"))):
        error = refused("vital-sign@1", vital(kind, unit), bad)
        assert error.field == "changes[0].values.value" and "impossible" in error.problem


def test_control_without_limits_a_slipped_digit_would_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wide = replace(VITALS["body-temperature"], limits={"Cel": ("-1000", "1000")})
    monkeypatch.setitem(VITALS, "body-temperature", wide)  # type: ignore[arg-type]
    made("vital-sign@1", vital("body-temperature", "Cel"), "371")


CODES = {
    "heart-rate": {"8867-4"},
    "respiratory-rate": {"9279-1"},
    "body-temperature": {"8310-5"},
    "oxygen-saturation": {"59408-5", "2708-6"},
    "blood-pressure": {"85354-9"},
    "body-weight": {"29463-7"},
    "body-height": {"8302-2"},
    "head-circumference": {"9843-4"},
    "body-mass-index": {"39156-5"},
}
"""From the vital signs profiles of FHIR R4, and US Core's pulse oximetry."""


def test_each_kind_carries_the_codes_of_its_profile() -> None:
    assert {kind: set(vital.codes) for kind, vital in VITALS.items()} == CODES


def test_a_blood_pressure_has_two_components_and_no_value() -> None:
    found = made("vital-sign@1", GOOD["vital-sign@1"])
    assert "valueQuantity" not in found
    assert [
        (item["code"]["coding"][0]["code"], item["valueQuantity"]["value"].text)
        for item in found["component"]
    ] == [("8480-6", "128"), ("8462-4", "82")]


@pytest.mark.parametrize("text", ["37.10", "37", "3.71e1", "37.0000"])
def test_a_measurement_keeps_its_digits(text: str) -> None:
    found = made("vital-sign@1", vital("body-temperature", "Cel"), text)
    assert found["valueQuantity"]["value"] == Number(text)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (vital("body-temperature", "kg"), "unit"),
        (vital("body-temperature", "C"), "unit"),
        (vital("body-temperature", "Cel", "37"), "value"),
        (vital("body-temperature", "Cel", None), "value"),
        (vital("heart-rate", "/min", 60, systolic=120), "systolic"),
        ({**GOOD["vital-sign@1"], "value": 1}, "value"),
        ({**GOOD["vital-sign@1"], "diastolic": None}, "diastolic"),
        ({**GOOD["vital-sign@1"], "diastolic": 128}, "diastolic"),
        ({**GOOD["vital-sign@1"], "systolic": 1280}, "systolic"),
        (vital("heart-rate", "/min", 60, effective="2026-11-20"), "effective"),
        (vital("heart-rate", "/min", 60, effective="2026-02-30T10:00:00Z"), "effective"),
        (vital("heart-rate", "/min", 60, status="entered-in-error"), "status"),
    ],
)
def test_a_measurement_that_cannot_be_is_refused(values: Any, field: str) -> None:
    assert refused("vital-sign@1", values).field == f"changes[0].values.{field}"


@pytest.mark.parametrize(
    ("name", "other", "field"),
    [
        ("problem@1", {"abatement": "2026"}, "abatement"),
        ("problem@1", {"clinical_status": "resolved", "abatement": "2025"}, "abatement"),
        ("problem@1", {"onset": "2026-13"}, "onset"),
        ("problem@1", {"verification_status": "entered-in-error"}, "verification_status"),
        ("problem@1", {"category": "encounter-diagnosis"}, "category"),
        ("problem@1", {"code": "59621000 "}, "code"),
        ("problem@1", {"code_system": "http://snomed.info/sct"}, "code_system"),
        ("note@1", {"kind": "letter"}, "kind"),
        ("note@1", {"text": ""}, "text"),
        ("note@1", {"doc_status": "amended"}, "doc_status"),
        ("appointment@1", {"end": "2026-12-01T09:00:00Z"}, "end"),
        ("appointment@1", {"end": "2026-12-01T10:00:00+01:00"}, "end"),
        ("appointment@1", {"actors": []}, "actors"),
        ("appointment@1", {"actors": ["Patient/other"]}, "actors[0]"),
        ("appointment@1", {"actors": ["Practitioner/p1", "Practitioner/p1"]}, "actors"),
        ("task@1", {"owner": "Location/l1"}, "owner"),
        ("task@1", {"due": "tomorrow"}, "due"),
        ("contact-details@1", {"telecom": [], "address": None}, "address"),
        ("contact-details@1", {"telecom": [
            {"system": "phone", "use": "home", "value": "none"}]}, "telecom[0].value"),
        ("contact-details@1", {"telecom": [
            {"system": "email", "use": "home", "value": "ada at example"}]}, "telecom[0].value"),
        ("contact-details@1", {"telecom": [
            {"system": "phone", "use": "old", "value": "555 0100"}]}, "telecom[0].use"),
        ("contact-details@1", {"address": {
            "use": "home", "line": [], "city": "X"}}, "address.line"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_are_refused(name: str, other: dict[str, Any], field: str) -> None:
    error = refused(name, {**GOOD[name], **other})
    assert error.field == f"changes[0].values.{field}" and error.remedy


def test_a_note_carries_its_text_exactly() -> None:
    text = "Größe 1.80 m\n\tNo known allergies.\n"
    found = made("note@1", {**GOOD["note@1"], "text": text})
    data = found["content"][0]["attachment"]["data"]
    assert base64.b64decode(data).decode("utf-8") == text


def test_a_form_goes_with_its_values_and_with_nothing_else() -> None:
    resource = {"resourceType": "Observation"}
    for change, field in (
        ({"op": "create", "form": "note@1"}, "changes[0].resource"),
        ({"op": "create", "values": {}}, "changes[0].resource"),
        (formed("note@1", GOOD["note@1"], resource=resource), "changes[0].resource"),
        (formed("contact-details@1", GOOD["contact-details@1"], patch=[{}]), "changes[0]"),
        (formed("contact-details@1", GOOD["contact-details@1"], target="Group/1"),
         "changes[0].target"),
        (formed("contact-details@1", GOOD["contact-details@1"], form="note@1"), "changes[0].form"),
        ({"op": "create", "form": "contact-details@1", "values": {}}, "changes[0].form"),
    ):  # fmt: skip
        with pytest.raises(BadInput) as caught:
            parsed(change)
        assert caught.value.field == field
