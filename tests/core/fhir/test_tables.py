"""Questions about HL7's definitions."""

from __future__ import annotations

import pytest

from core.fhir import element, element_types, is_resource_type, reference_targets
from core.fhir.tables import node, table


@pytest.mark.parametrize(
    ("path", "types", "maximum"),
    [
        ("Patient.contact.telecom.value", ("string",), "1"),
        ("Patient.contact[0].telecom[12].value", ("string",), "1"),
        ("Patient.contact", ("BackboneElement",), "*"),
        ("Patient.id", ("id",), "1"),
        ("Patient.contained", ("Resource",), "*"),
        ("Patient.birthDate", ("date",), "1"),
        ("Patient._birthDate", ("Element",), "1"),
        ("Patient._birthDate.extension", ("Extension",), "*"),
        ("Patient.birthDate.extension.url", ("uri",), "1"),
        ("Patient.deceased[x]", ("boolean", "dateTime"), "1"),
        ("Patient.deceased", ("boolean", "dateTime"), "1"),
        ("Observation.valueQuantity", ("Quantity",), "1"),
        ("Observation.valueQuantity.value", ("decimal",), "1"),
        ("Observation.component.referenceRange.low", ("Quantity",), "1"),
        ("Questionnaire.item.item.item.linkId", ("string",), "1"),
        ("Dosage.doseAndRate.doseQuantity.code", ("code",), "1"),
        ("Timing.repeat.when", ("code",), "*"),
    ],
)
def test_element(path: str, types: tuple[str, ...], maximum: str) -> None:
    found = element(path)
    assert found is not None
    assert (found.types, found.max, found.is_list) == (types, maximum, maximum == "*")
    assert element_types(path) == types


@pytest.mark.parametrize(
    "path",
    [
        "",
        "Patient",
        "Nothing.id",
        "Patient.colour",
        "Patient.deceasedString",
        "Patient._name",
        "Patient.birthDate.value",
        "Patient.contained.name",
        "Observation.value.unit",
    ],
)
def test_no_such_element(path: str) -> None:
    assert element(path) is None
    assert element_types(path) == ()


def test_element_tells_modifiers_minimum_and_binding() -> None:
    status = element("Condition.clinicalStatus")
    assert status is not None
    assert (status.is_modifier, status.min, status.value_set) == (True, 0, "condition-clinical")
    subject = element("Condition.subject")
    assert subject is not None
    assert (subject.is_modifier, subject.min, subject.targets) == (False, 1, ("Group", "Patient"))


def test_reference_targets() -> None:
    assert reference_targets("Observation.subject") == ("Device", "Group", "Location", "Patient")
    assert reference_targets("Condition.evidence.detail") == ()
    assert reference_targets("Patient.colour") == ()


def test_resource_types() -> None:
    assert is_resource_type("Patient")
    assert is_resource_type("MedicinalProduct")
    assert not any(
        map(is_resource_type, ("Resource", "DomainResource", "HumanName", "patient", ""))
    )
    assert sum(map(is_resource_type, table()["types"])) == 146


def test_every_node_of_the_table_can_be_read() -> None:
    read = 0
    for name, entry in table()["types"].items():
        backbones = [
            path
            for path in entry["elements"]
            if any(p.startswith(path + ".") for p in entry["elements"])
        ]
        for key in (name, *(f"{name}.{path}" for path in backbones)):
            for field in node(key).fields.values():
                if field.node and field.type != "Resource":
                    assert node(field.node).fields
                    read += 1
    assert read > 3000
