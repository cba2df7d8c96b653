"""What a unit's wording says, and what nothing is concluded from."""

from __future__ import annotations

import pytest

from core.ucum import named, says, unit, units
from core.ucum.names import _BY_SYMBOL, _BY_WORD


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("mmHg", "mm[Hg]"),
        ("mm Hg", "mm[Hg]"),
        ("mcg", "ug"),
        ("µg", "ug"),
        ("μg/dL", "ug/dL"),
        ("mcg/mL", "ug/mL"),
        ("mg / dL", "mg/dL"),
        ("mg per day", "mg/d"),
        ("mL/hr", "mL/h"),
        ("lbs", "[lb_av]"),
        ("Pounds", "[lb_av]"),
        ("°C", "Cel"),
        ("degrees F", "[degF]"),
        ("kg/m²", "kg/m2"),
        ("10^9/L", "10*9/L"),
        ("x10^9/L", "10*3/uL"),
        ("mIU/L", "m[IU]/L"),
        ("mEq/L", "meq/L"),
        ("mg/kg/day", "mg/kg/d"),
        ("beats/minute", "/min"),
        ("mmol/l", "mmol/L"),
        ("%", "%"),
    ],
)
def test_a_wording_names_its_unit(text: str, code: str) -> None:
    found = unit(code)
    assert found is not None
    assert says(text, found) is True


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("mg", "g"),
        ("g", "mg"),
        ("kg", "[lb_av]"),
        ("mmHg", "kPa"),
        ("mg/dL", "mmol/L"),
        ("mcg", "mg"),
        ("breaths/min", "{beats}/min"),
        ("month", "d"),
        ("°F", "Cel"),
    ],
)
def test_a_wording_that_names_another_unit_contradicts(text: str, code: str) -> None:
    found = unit(code)
    assert found is not None
    assert says(text, found) is False


@pytest.mark.parametrize("text", ["units", "units/L", "degrees", "MM", "", "/", "per", "tablet"])
def test_nothing_is_concluded_from_a_wording_of_no_or_several_units(text: str) -> None:
    assert named(text) is None


def test_every_name_leads_to_a_unit_of_the_table_and_is_no_code_of_another() -> None:
    for names in (_BY_SYMBOL, _BY_WORD):
        for name, code in names.items():
            assert code in units(), (name, code)
            as_code = unit(name)
            assert as_code is None or says(name, units()[code]), (name, code)
