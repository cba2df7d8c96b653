"""What makes a resource structurally wrong, and what does not."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest

from core.canonical import JsonObject, Number, exact, parse_object
from core.fhir import models, primitives, problems, structure_problems, validation
from core.fhir.problem import Problem
from tests.core.fhir.cases import observation, patient

NARRATIVE_FREE = {"resourceType": "Patient"}
EXTENSION = {"url": "http://example.org/x", "valueString": "a"}


def found(resource: dict[str, Any]) -> list[tuple[str, str]]:
    value = exact(resource)
    assert isinstance(value, dict)
    return [(one.path, one.code) for one in structure_problems(value)]


GOOD: list[dict[str, Any]] = [
    patient(active=False, birthDate="1970-02", deceasedBoolean=True, multipleBirthInteger=-1),
    patient(birthDate="1970-02-28", _birthDate={"extension": [EXTENSION]}),
    patient(_birthDate={"extension": [EXTENSION]}),
    patient(name=[{"given": ["A", None], "_given": [None, {"extension": [EXTENSION]}]}]),
    patient(name=[{"_given": [{"extension": [EXTENSION]}]}]),
    patient(extension=[{"url": "http://x", "_valueString": {"extension": [EXTENSION]}}]),
    patient(name=[{"text": "no\u00a0break"}], language="de"),
    observation(valueQuantity={"value": Decimal("1.10"), "unit": "mg"}),
    observation(valueInteger=-(2**31), issued="2015-02-07T13:28:17.239+02:00"),
    {"resourceType": "Observation", "_status": {"extension": [EXTENSION]}, "code": {"text": "a"}},
    patient(
        contained=[{"resourceType": "MedicinalProduct", "id": "a", "name": [{"productName": "b"}]}]
    ),
    {"resourceType": "SubstanceProtein", "numberOfSubunits": 2},
    {"resourceType": "MedicinalProduct", "name": [{"productName": "a"}]},
    {"resourceType": "Binary", "contentType": "text/plain", "data": "aGVs bG8="},
    {"resourceType": "Parameters", "parameter": [{"name": "a", "resource": NARRATIVE_FREE}]},
    {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": patient(active=True)}],
    },
]


@pytest.mark.parametrize("resource", GOOD)
def test_valid(resource: dict[str, Any]) -> None:
    assert found(resource) == []


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({}, "resourceType", "structure"),
    ({"resourceType": "Nothing"}, "resourceType", "structure"),
    ({"resourceType": "DomainResource"}, "resourceType", "structure"),
    ({"resourceType": ["Patient"]}, "resourceType", "structure"),
    (patient(colour="red"), "Patient.colour", "structure"),
    (patient(name=[{"resourceType": "HumanName"}]), "Patient.name[0].resourceType", "structure"),
    (patient(**{"a b\x1b[31m": 1}), "Patient.?", "structure"),
    (patient(animal={}), "Patient.animal", "structure"),
    (patient(name=[]), "Patient.name", "structure"),
    (patient(name={"family": "A"}), "Patient.name", "structure"),
    (patient(name=[{}]), "Patient.name[0]", "structure"),
    (patient(name=[None]), "Patient.name[0]", "structure"),
    (patient(name=["A"]), "Patient.name[0]", "structure"),
    (patient(maritalStatus=None), "Patient.maritalStatus", "structure"),
    (patient(maritalStatus=[{"text": "a"}]), "Patient.maritalStatus", "structure"),
    (patient(birthDate=["2020"]), "Patient.birthDate", "structure"),
    (patient(birthDate=None), "Patient.birthDate", "structure"),
    (patient(birthDate=""), "Patient.birthDate", "structure"),
    (patient(birthDate=2020), "Patient.birthDate", "structure"),
    (patient(active="true"), "Patient.active", "structure"),
    (patient(active=1), "Patient.active", "structure"),
    (patient(multipleBirthInteger="1"), "Patient.multipleBirthInteger", "structure"),
    (patient(birthDate="2020-13-01"), "Patient.birthDate", "value"),
    (patient(birthDate="2021-02-29"), "Patient.birthDate", "value"),
    (patient(birthDate="0000"), "Patient.birthDate", "value"),
    (patient(birthDate="2020-01-01\n"), "Patient.birthDate", "value"),
    (patient(id="a_b"), "Patient.id", "value"),
    (patient(id="a" * 65), "Patient.id", "value"),
    (patient(gender=" female"), "Patient.gender", "value"),
    (patient(language="de\u0000"), "Patient.language", "value"),
    (patient(name=[{"text": "a\u0007"}]), "Patient.name[0].text", "value"),
    (patient(implicitRules="a b"), "Patient.implicitRules", "value"),
    (patient(multipleBirthInteger=2**31), "Patient.multipleBirthInteger", "value"),
    (patient(multipleBirthInteger=Decimal("1.0")), "Patient.multipleBirthInteger", "value"),
    (patient(photo=[{"data": "AAA", "contentType": "a/b"}]), "Patient.photo[0].data", "value"),
    (patient(photo=[{"size": -1}]), "Patient.photo[0].size", "value"),
    (patient(deceasedBoolean=True, deceasedDateTime="2020"), "Patient.deceased[x]", "structure"),
    (patient(deceasedString="a"), "Patient.deceasedString", "structure"),
    (patient(_birthDate={}), "Patient._birthDate", "structure"),
    (patient(_birthDate=[{"extension": [EXTENSION]}]), "Patient._birthDate", "structure"),
    (patient(_birthDate={"value": "2020"}), "Patient._birthDate.value", "structure"),
    (patient(_name=[{"extension": [EXTENSION]}]), "Patient._name", "structure"),
    (patient(name=[{"given": ["A", None]}]), "Patient.name[0].given[1]", "structure"),
    (
        patient(name=[{"given": ["A", None], "_given": [None, None]}]),
        "Patient.name[0].given[1]",
        "structure",
    ),
    (
        patient(name=[{"given": ["A", "B"], "_given": [{"extension": [EXTENSION]}]}]),
        "Patient.name[0].given",
        "structure",
    ),
    (patient(extension=[{"valueString": "a"}]), "Patient.extension[0].url", "required"),
    (
        patient(extension=[{"_url": {"extension": [EXTENSION]}, "valueCode": "a"}]),
        "Patient.extension[0]._url",
        "structure",
    ),
    ({"resourceType": "Observation", "status": "final"}, "Observation.code", "required"),
    (
        {
            "resourceType": "MedicationRequest",
            "status": "draft",
            "intent": "plan",
            "subject": {"display": "a"},
        },
        "MedicationRequest.medication[x]",
        "required",
    ),
    (observation(issued="2015-02-07T13:28:17"), "Observation.issued", "value"),
    (observation(issued="2015-02-07"), "Observation.issued", "value"),
    (observation(effectiveDateTime="2015-02-07T13:28Z"), "Observation.effectiveDateTime", "value"),
    (observation(valueTime="24:00:00"), "Observation.valueTime", "value"),
    (observation(valueQuantity={"value": "1"}), "Observation.valueQuantity.value", "structure"),
    (
        patient(contained=[{"resourceType": "Group", "id": "a"}]),
        "Patient.contained[0].type",
        "required",
    ),
    (patient(contained=[{"id": "a"}]), "Patient.contained[0].resourceType", "structure"),
    (patient(contained=["#a"]), "Patient.contained[0]", "structure"),
]


@pytest.mark.parametrize(("resource", "path", "code"), BAD)
def test_invalid(resource: dict[str, Any], path: str, code: str) -> None:
    assert (path, code) in found(resource)
    # Everything that judges a resource must cope with a wrong one.
    assert (path, code) in [(one.path, one.code) for one in problems(exact(resource))]


def test_each_fault_is_reported_once() -> None:
    both = patient(gender=5, colour="red", name=[])
    assert found(both) == [
        ("Patient.gender", "structure"),
        ("Patient.colour", "structure"),
        ("Patient.name", "structure"),
    ]


def test_numbers_must_be_exact() -> None:
    assert structure_problems({"resourceType": "Patient", "multipleBirthInteger": 2})
    assert not structure_problems({"resourceType": "Patient", "multipleBirthInteger": Number("2")})


def test_messages_hold_no_values() -> None:
    secret = "Zz-secret"
    hostile: JsonObject = {
        "resourceType": "Patient",
        "birthDate": secret,
        "gender": Number("4711"),
        "name": secret,
        f"{secret} ": secret,
        "id": f"{secret}_",
        "telecom": [{"system": {"a": secret}, "period": {"start": secret}}],
    }
    text = repr(problems(hostile))
    assert text.count("Problem(") > 5
    assert secret not in text
    assert "4711" not in text


def test_hostile_base64_is_judged_quickly() -> None:
    data = "AAAA " * 20_000 + "!"
    assert found({"resourceType": "Binary", "contentType": "a/b", "data": data}) == [
        ("Binary.data", "value")
    ]


def test_without_the_format_check_a_bad_date_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = patient(birthDate="2021-02-29")
    assert found(bad) == [("Patient.birthDate", "value")]
    monkeypatch.setattr("core.fhir.structure.fits_format", lambda kind, value: True)
    assert found(bad) == []
    assert not primitives.fits_format("date", "2021-02-29")


def test_objections_of_the_models_count(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = Problem("Patient", "structure", "does not fit the model")
    monkeypatch.setattr(validation, "model_problems", lambda resource: [odd])
    assert structure_problems({"resourceType": "Patient", "active": True}) == [odd]


def test_the_models_object_to_what_the_table_would_not_decide() -> None:
    # Straight to the models: a data type of the wrong shape is theirs to judge too.
    wrong: JsonObject = {"resourceType": "Patient", "maritalStatus": "M"}
    (objection,) = models.model_problems(wrong)
    assert objection.path == "Patient.maritalStatus"
    assert models.model_problems({"resourceType": "MedicinalProduct"}) == []


def test_parsed_json_is_taken_as_it_comes() -> None:
    text = b'{"resourceType":"Observation","status":"final","code":{"text":"a"},"valueInteger":1}'
    assert structure_problems(parse_object(text)) == []


def test_import_reads_no_table_and_no_models() -> None:
    code = (
        "import sys, json, core.fhir, core.fhir.tables as tables;"
        "print(json.dumps([tables.table.cache_info().currsize,"
        " [name for name in sys.modules if name.startswith('fhir')]]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert json.loads(done.stdout) == [0, []]
