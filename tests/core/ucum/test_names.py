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
        ("in.", "[in_i]"),
        ("oz", "[oz_av]"),
        ("ounces", "[foz_us]"),
        ("units", "[IU]"),
        ("units/L", "U/L"),
        ("x10*9/L", "10*9/L"),
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


@pytest.mark.parametrize("text", ["degrees", "MM", "", "/", "per", "tablet", "mg//L"])
def test_nothing_is_concluded_from_a_wording_that_is_not_known(text: str) -> None:
    assert named(text) == frozenset()


def test_every_name_leads_to_units_of_the_table_and_contradicts_no_code() -> None:
    for names in (_BY_SYMBOL, _BY_WORD):
        for name, codes in names.items():
            assert codes <= units().keys(), (name, codes)
            as_code = unit(name)
            assert as_code is None or says(name, as_code), name


def test_only_known_words_go_by_two_units() -> None:
    both = {name for table in (_BY_SYMBOL, _BY_WORD) for name in table if len(table[name]) > 1}
    assert both == {"oz", "ounce", "ounces", "U", "unit", "units", "Units"}
