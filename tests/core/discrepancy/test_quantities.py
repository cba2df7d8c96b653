"""Amounts in other units: what is the same, what is not, and what makes the difference."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from core.canonical import JsonObject, exact
from core.discrepancy import Comparison, amounts, compare
from tests.core.discrepancy.samples import SAMPLES, UCUM, quantity
from tests.core.discrepancy.tree import Path, put

DOSE: Path = ("dosageInstruction", 0, "doseAndRate", 0, "doseQuantity")
VALUE: Path = ("valueQuantity",)


def sides(sample: str, path: Path, ours: Any, theirs: Any) -> Comparison:
    one, other = (put(SAMPLES[sample], path, exact(value)) for value in (ours, theirs))
    return compare(one, other)


def measured(ours: Any, theirs: Any) -> Comparison:
    return sides("potassium", VALUE, ours, theirs)


def dosed(ours: Any, theirs: Any) -> Comparison:
    return sides("metformin", DOSE, ours, theirs)


SAME = [
    (("72.5", "kg", "kg"), ("159.83", "lbs", "[lb_av]")),
    (("72.5", "kg", "kg"), ("159.8", "lb", "[lb_av]")),
    (("72.5", "kg", "kg"), ("72500", "g", "g")),
    (("180", "lb", "[lb_av]"), ("81.8", "kg", "kg")),
    (("70", "in", "[in_i]"), ("177.8", "cm", "cm")),
    (("1.78", "m", "m"), ("178", "cm", "cm")),
    (("37.0", "C", "Cel"), ("98.6", "degF", "[degF]")),
    (("98.6", "°F", "[degF]"), ("37", "°C", "Cel")),
    (("310.15", "K", "K"), ("37.00", "Cel", "Cel")),
    (("-40", "Cel", "Cel"), ("-40", "[degF]", "[degF]")),
    (("120", "mmHg", "mm[Hg]"), ("16.0", "kPa", "kPa")),
    (("95", "mg/dL", "mg/dL"), ("0.95", "g/L", "g/L")),
    (("950", "mg/L", "mg/L"), ("95.0", "mg/dL", "mg/dL")),
    (("4.10", "mmol/L", "mmol/L"), ("4100", "umol/L", "umol/L")),
    (("250", "mL", "mL"), ("2.5", "dL", "dL")),
    (("72", "beats/min", "/min"), ("1.2", "Hz", "Hz")),
    (("7.4", "K/uL", "10*3/uL"), ("7.4", "10^9/L", "10*9/L")),
    (("40", "%", "%"), ("0.40", "L/L", "L/L")),
    (("2.5", "uIU/mL", "u[IU]/mL"), ("2.5", "mIU/L", "m[IU]/L")),
    (("30", "U/L", "U/L"), ("0.50", "ukat/L", "ukat/L")),
    (("24", "months", "mo"), ("2", "years", "a")),
]
OTHER = [
    (("72.5", "kg", "kg"), ("72.5", "lb", "[lb_av]")),
    (("72.5", "kg", "kg"), ("159.6", "lb", "[lb_av]")),
    (("37.0", "Cel", "Cel"), ("66.6", "[degF]", "[degF]")),
    (("38.0", "Cel", "Cel"), ("100", "[degF]", "[degF]")),
    (("99.4", "[degF]", "[degF]"), ("37", "Cel", "Cel")),
    (("118", "mmHg", "mm[Hg]"), ("16", "kPa", "kPa")),
    (("1", "g", "g"), ("1400", "mg", "mg")),
    (("90", "mg/dL", "mg/dL"), ("5.0", "mmol/L", "mmol/L")),
    (("90", "mg/dL", "mg/dL"), ("90", "mmol/L", "mmol/L")),
    (("4.1", "mmol/L", "mmol/L"), ("4.1", "meq/L", "meq/L")),
    (("30", "U/L", "U/L"), ("30", "[IU]/L", "[IU]/L")),
    (("6.5", "%", "%"), ("65", "mmol/mol", "mmol/mol")),
    (("6.5", "%", "%"), ("65", "mg/g", "mg/g")),
    (("5", "[arb'U]", "[arb'U]"), ("5", "1", "1")),
    (("7.4", "[pH]", "[pH]"), ("7.4", "1", "1")),
    (("60", "dB", "dB"), ("60", "B[SPL]", "B[SPL]")),
    (("1", "month", "mo"), ("30", "d", "d")),
    (("1", "year", "a"), ("365", "days", "d")),
    (("16", "breaths/min", "{breaths}/min"), ("16", "beats/min", "{beats}/min")),
    (("500", "mg", "mg"), ("0.5", "mg", "g")),
]


@pytest.mark.parametrize(("ours", "theirs"), SAME)
def test_one_amount_in_two_units_is_equivalent_both_ways(ours: Any, theirs: Any) -> None:
    for one, other in ((ours, theirs), (theirs, ours)):
        found = measured(quantity(*one), quantity(*other))
        assert found.class_ == "equivalent", found.differences
        assert [item.path for item in found.differences] == ["Observation.valueQuantity"]
        assert found.differences[0].intended == exact(quantity(*one))


@pytest.mark.parametrize(("ours", "theirs"), OTHER)
def test_another_amount_or_kind_is_critical_both_ways(ours: Any, theirs: Any) -> None:
    for one, other in ((ours, theirs), (theirs, ours)):
        assert measured(quantity(*one), quantity(*other)).class_ == "critical", (one, other)


@pytest.mark.parametrize(
    ("ours", "theirs", "class_"),
    [
        (("500", "mg", "mg"), ("0.5", "g", "g"), "equivalent"),
        (("500", "mg", "mg"), ("0.500", "g", "g"), "equivalent"),
        (("100", "mL/h", "mL/h"), ("1.67", "mL/min", "mL/min"), "equivalent"),
        (("125", "mcg", "ug"), ("0.125", "mg", "mg"), "equivalent"),
        (("5", "mL", "mL"), ("1", "tsp", "[tsp_us]"), "equivalent"),
        (("1", "g", "g"), ("1001", "mg", "mg"), "critical"),
        (("1", "g", "g"), ("1400", "mg", "mg"), "critical"),
        (("250", "mg", "mg"), ("0.3", "g", "g"), "critical"),
        (("500", "mg", "mg"), ("500", "g", "g"), "critical"),
        (("10", "[IU]", "[IU]"), ("10", "mL", "mL"), "critical"),
        (("10", "IU", "[IU]"), ("10", "arbitrary", "[arb'U]"), "critical"),
        (("37", "Cel", "Cel"), ("98.6", "[degF]", "[degF]"), "critical"),
    ],
)
def test_a_dose_is_the_same_only_when_rounding_alone_parts_it(
    ours: Any, theirs: Any, class_: str
) -> None:
    assert dosed(quantity(*ours), quantity(*theirs)).class_ == class_


def test_the_comparator_is_still_judged() -> None:
    ours = quantity("5", "mg/dL", "mg/dL") | {"comparator": "<"}
    theirs = quantity("50", "mg/L", "mg/L")
    assert measured(ours, theirs | {"comparator": "<"}).class_ == "equivalent"
    for other in (theirs, theirs | {"comparator": ">"}):
        found = measured(ours, other)
        assert found.class_ == "critical"
        assert "limit" in " ".join(item.reason for item in found.differences)


@pytest.mark.parametrize(
    "theirs",
    [
        {"value": Decimal("72500"), "unit": "g"},
        {"value": Decimal("72500"), "unit": "g", "code": "g"},
        {"value": Decimal("72500"), "unit": "g", "system": "urn:local", "code": "g"},
        {"value": Decimal("72500"), "unit": "kg", "system": UCUM, "code": "g"},
        {"value": Decimal("72500"), "unit": "some words", "system": UCUM, "code": "g"},
        {"value": Decimal("72500"), "unit": "g", "system": UCUM, "code": "gram"},
        {"value": "72500", "unit": "g", "system": UCUM, "code": "g"},
    ],
)
def test_without_a_ucum_code_that_its_wording_names_nothing_is_converted(
    theirs: JsonObject,
) -> None:
    ours = quantity("72.5", "kg", "kg")
    assert measured(ours, theirs).class_ in ("changed", "critical")
    worded = {"value": Decimal("72.5"), "unit": "kg"}
    assert measured(worded, theirs).class_ in ("changed", "critical")


@pytest.mark.parametrize(
    ("ours", "theirs", "class_"),
    [
        ({"unit": "mmHg"}, {"unit": "mm Hg"}, "equivalent"),
        ({"unit": "mmHg"}, {"unit": "kPa"}, "changed"),
        ({"unit": "mmHg"}, {"unit": "points"}, "changed"),
        ({}, {"unit": "mmHg"}, "enriched"),
        ({}, {"unit": "kPa"}, "changed"),
        ({"unit": "mmHg"}, {}, "changed"),
        ({"unit": "kPa"}, {"unit": "mmHg"}, "changed"),
    ],
)
def test_the_wording_beside_the_same_code(
    ours: JsonObject, theirs: JsonObject, class_: str
) -> None:
    coded = {"value": Decimal("120"), "system": UCUM, "code": "mm[Hg]"}
    assert measured(coded | ours, coded | theirs).class_ == class_


def test_a_dose_whose_wording_contradicts_its_code_is_changed() -> None:
    found = dosed(quantity("500", "mg", "mg"), quantity("500", "g", "mg"))
    assert [item.reason for item in found.differences] == [
        "The wording of the unit contradicts its code."
    ]
    assert found.class_ == "changed"


def test_a_code_is_added_to_the_words_that_name_it() -> None:
    worded = {"value": Decimal("120"), "unit": "mmHg"}
    assert measured(worded, quantity("120", "mmHg", "mm[Hg]")).class_ == "enriched"
    assert measured(worded, quantity("120", "mmHg", "kPa")).class_ == "changed"
    local = {**quantity("120", "mmHg", "mm[Hg]"), "system": "urn:local"}
    assert measured(worded, local).class_ == "changed"


def test_a_code_that_settles_what_the_words_left_open_is_changed() -> None:
    for wording, codes in (("oz", ("[oz_av]", "[foz_us]")), ("U", ("U", "[IU]"))):
        for code in codes:
            worded = {"value": Decimal("8"), "unit": wording}
            assert measured(worded, quantity("8", wording, code)).class_ == "changed"


def test_a_synonym_keeps_the_value_under_its_own_rules() -> None:
    ours = quantity("7.40", "K/uL", "10*3/uL")
    for value, class_ in (("7.40", "equivalent"), ("7.4", "lossy"), ("7.5", "critical")):
        assert measured(ours, quantity(value, "10^9/L", "10*9/L")).class_ == class_


def observed(name: str, value: Any) -> JsonObject:
    return exact_object({"resourceType": "Observation", "status": "final", name: value})


def exact_object(value: Any) -> JsonObject:
    found = exact(value)
    assert isinstance(found, dict)
    return found


def test_ranges_and_ratios_are_judged_end_by_end() -> None:
    low, high = quantity("1.0", "g", "g"), quantity("2.0", "g", "g")
    theirs = {"low": quantity("1000", "mg", "mg"), "high": quantity("2000", "mg", "mg")}
    found = compare(
        observed("valueRange", {"low": low, "high": high}), observed("valueRange", theirs)
    )
    assert found.class_ == "equivalent"
    hourly = {"numerator": quantity("100", "mL", "mL"), "denominator": quantity("1", "h", "h")}
    same = {"numerator": quantity("0.1", "L", "L"), "denominator": quantity("60", "min", "min")}
    halved = {"numerator": quantity("50", "mL", "mL"), "denominator": quantity("30", "min", "min")}
    assert compare(observed("valueRatio", hourly), observed("valueRatio", same)).class_ == (
        "equivalent"
    )
    assert compare(observed("valueRatio", hourly), observed("valueRatio", halved)).class_ == (
        "critical"
    )
    warming = {"numerator": quantity("10", "Cel", "Cel"), "denominator": quantity("1", "h", "h")}
    wrong = {**warming, "numerator": quantity("50", "[degF]", "[degF]")}
    assert compare(observed("valueRatio", warming), observed("valueRatio", wrong)).class_ == (
        "critical"
    )


def test_ranges_of_a_set_are_found_again_in_another_order_and_unit() -> None:
    def limits(*ends: tuple[str, str], unit: str) -> list[Any]:
        return [
            {"low": quantity(low, unit, unit), "high": quantity(high, unit, unit)}
            for low, high in ends
        ]

    ours = limits(("0.70", "1.00"), ("1.00", "1.26"), ("1.26", "2.00"), unit="g/L")
    theirs = limits(("126", "200"), ("70", "100"), ("100", "126"), unit="mg/dL")
    found = compare(observed("referenceRange", ours), observed("referenceRange", theirs))
    assert found.class_ == "equivalent", found.differences
    off = limits(("126", "200"), ("70", "110"), ("100", "126"), unit="mg/dL")
    assert compare(observed("referenceRange", ours), observed("referenceRange", off)).class_ == (
        "changed"
    )


@pytest.mark.parametrize(
    ("element", "ours", "theirs", "class_"),
    [
        ("onsetAge", ("2", "a"), ("24", "mo"), "equivalent"),
        ("onsetAge", ("2", "a"), ("25", "mo"), "changed"),
        ("onsetAge", ("1", "a"), ("365", "d"), "changed"),
        ("length", ("90", "min"), ("1.5", "h"), "equivalent"),
        ("length", ("90", "min"), ("1.4", "h"), "changed"),
    ],
)
def test_ages_and_durations(
    element: str, ours: tuple[str, str], theirs: tuple[str, str], class_: str
) -> None:
    kind = "Condition" if element == "onsetAge" else "Encounter"
    sides = (
        exact_object({"resourceType": kind, element: quantity(value, code, code)})
        for value, code in (ours, theirs)
    )
    assert compare(*sides).class_ == class_


def test_the_origin_of_sampled_data_is_not_restated_without_its_data() -> None:
    sampled = {"period": 10, "dimensions": 1, "data": "1 2 3"}
    ours = {**sampled, "origin": quantity("0", "mV", "mV")}
    theirs = {**sampled, "origin": quantity("0", "uV", "uV")}
    found = compare(observed("valueSampledData", ours), observed("valueSampledData", theirs))
    assert found.class_ in ("changed", "critical")


def test_a_schedule_is_not_restated_but_a_supply_is() -> None:
    bounds: Path = ("dosageInstruction", 0, "timing", "repeat", "boundsDuration")
    week, days = quantity("1", "wk", "wk"), quantity("7", "d", "d")
    assert sides("metformin", bounds, week, days).class_ == "critical"
    supply: Path = ("dispenseRequest",)
    assert (
        sides(
            "metformin",
            supply,
            {"expectedSupplyDuration": week},
            {"expectedSupplyDuration": days},
        ).class_
        == "equivalent"
    )


def test_nothing_is_settled_in_a_modifier_extension() -> None:
    ours = [{"url": "urn:m", "valueQuantity": quantity("1", "g", "g")}]
    theirs = [{"url": "urn:m", "valueQuantity": quantity("1000", "mg", "mg")}]
    found = sides("potassium", ("modifierExtension",), ours, theirs)
    assert found.class_ == "changed"
    assert sides("potassium", ("extension",), ours, theirs).class_ == "equivalent"


def holds_for_all() -> bool:
    same = all(
        measured(quantity(*ours), quantity(*theirs)).class_ == "equivalent" for ours, theirs in SAME
    )
    other = all(
        measured(quantity(*ours), quantity(*theirs)).class_ == "critical" for ours, theirs in OTHER
    )
    dose = dosed(quantity("1", "g", "g"), quantity("1005", "mg", "mg")).class_ == "critical"
    return same and other and dose


@pytest.mark.parametrize("tolerance", [0, 10])
def test_another_tolerance_shows(tolerance: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert holds_for_all()
    monkeypatch.setattr(amounts, "HALF", Fraction(tolerance))
    assert not holds_for_all()


def test_without_the_check_of_the_kind_mass_passes_for_amount(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, theirs = quantity("90", "mg/dL", "mg/dL"), quantity("0.9", "mol/L", "mol/L")
    assert measured(ours, theirs).class_ == "critical"
    monkeypatch.setattr(amounts, "can_convert", lambda *_: True)
    assert measured(ours, theirs).class_ == "equivalent"


def test_without_the_words_a_contradiction_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = quantity("72.5", "kg", "kg"), quantity("72500", "kg", "g")
    assert measured(ours, theirs).class_ == "critical"
    monkeypatch.setattr(amounts, "says", lambda *_: True)
    assert measured(ours, theirs).class_ == "equivalent"
