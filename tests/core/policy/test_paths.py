from __future__ import annotations

import pytest

from core.policy.paths import ElementPath, element_path


def _written(text: str) -> ElementPath:
    path = element_path(text)
    assert path is not None
    return path


@pytest.mark.parametrize(
    ("written", "touched", "covered"),
    [
        ("Patient.telecom", "Patient.telecom", True),
        ("Patient.telecom", "Patient.telecom.value", True),
        ("Patient.telecom", "Patient.telecomX", False),
        ("Patient.telecom", "Patient.tele", False),
        ("Patient.telecom.value", "Patient.telecom", False),
        ("Patient.telecom", "Person.telecom", False),
        ("Condition.*", "Condition.code.text", True),
        ("Condition.*", "Condition.text", False),
        ("Condition.*", "Condition.text.div", False),
        ("Condition.*", "Condition.meta.tag", False),
        ("Condition.*", "Condition.contained.id", False),
        ("Condition.*", "Condition.extension.url", False),
        ("Condition.*", "Condition.modifierExtension.url", False),
        ("Condition.*", "Condition.code.extension.url", False),
        ("Condition.*", "ConditionX.code", False),
        ("Condition.meta", "Condition.meta.tag.code", True),
        ("Condition.text", "Condition.text.div", True),
        ("Condition.contained", "Condition.contained.id", True),
        ("Condition.code", "Condition.code.extension.url", False),
        ("Condition.code.extension", "Condition.code.extension.url", True),
        ("Condition.extension", "Condition.extension.extension.url", True),
        ("Condition.code", "Condition.code.coding.modifierExtension.url", False),
        ("Patient.*", "Patient.birthDate", True),
        ("Patient.*", "Patient.identifier.value", False),
        ("Patient.*", "Patient.link.other", False),
        ("Patient.*", "Patient.active", False),
        ("Patient.*", "Patient.deceasedBoolean", False),
        ("Patient.*", "Patient.deceasedDateTime", False),
        ("Patient.active", "Patient.active", True),
        ("Condition.*", "Condition.identifier.value", True),
        ("Patient.deceased[x]", "Patient.deceasedBoolean", True),
        ("Observation.value[x]", "Observation.valueQuantity.value", True),
        ("Observation.value[x]", "Observation.values", False),
        ("Observation.value[x]", "Observation.code", False),
    ],
)
def test_what_an_allow_path_covers(written: str, touched: str, covered: bool) -> None:
    assert _written(written).covers(tuple(touched.split("."))) is covered


@pytest.mark.parametrize(
    ("written", "touched", "met"),
    [
        ("Patient.telecom", "Patient.telecom.value", True),
        ("Patient.telecom.value", "Patient.telecom", True),
        ("Patient.telecom.value", "Patient.telecom.rank", False),
        ("Patient.telecom", "Patient.telecomX", False),
        ("Patient.*", "Patient.active", True),
        ("Patient.*", "Patient.meta.tag", True),
        ("Patient.*", "Patient.telecom.extension.url", True),
        ("Patient.*", "Person.active", False),
        ("Observation.value[x]", "Observation.valueString", True),
    ],
)
def test_what_a_forbid_path_meets(written: str, touched: str, met: bool) -> None:
    assert _written(written).meets(tuple(touched.split("."))) is met


@pytest.mark.parametrize(
    ("inner", "outer", "within"),
    [
        ("Patient.telecom.rank", "Patient.telecom", True),
        ("Patient.telecom", "Patient.telecom.rank", False),
        ("Observation.valueQuantity", "Observation.value[x]", True),
        ("Observation.value[x]", "Observation.valueQuantity", False),
        ("Observation.*", "Observation.code", False),
    ],
)
def test_which_path_lies_within_another(inner: str, outer: str, within: bool) -> None:
    assert _written(inner).within(_written(outer)) is within
