"""Every unit of the table against a full UCUM implementation and against UCUM's own definitions.

ucumvert 0.3.2 parses all of UCUM and hands the units to pint; UCUM's own numbers are read from the
definitions that it ships, see `essence`. Where the library and the table part, it is listed here.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import combinations
from typing import Any

import pytest
from ucumvert import PintUcumRegistry

from core.ucum import Unit, can_convert, conversion, convert, table, units
from tests.core.ucum.essence import ZEROS, defined

TOLERANCE = 1e-12

# pint measures mercury by its conventional constant and calls nutrition's kilocalorie a calorie;
# UCUM says 133.322 Pa and 1 kcal. These are held against UCUM's definitions alone.
OTHER_FACTOR = {"mm[Hg]", "cm[Hg]", "[Cal]"}
# pint has no pH. A unit of a family of one has nothing to be converted into.
NOT_IN_LIBRARY = {"[pH]"}
# Families that one dimension holds together in the library and the table keeps apart, each with
# the reason. Every pair of a set is apart; sets that share two families would be a mistake.
APART: list[tuple[str, set[str]]] = [
    (
        "a percentage, ratios of masses and of amounts, arbitrary counts and decibels are all 1",
        {
            "fraction",
            "mass ratio",
            "amount ratio",
            "international units",
            "arbitrary units",
            "level",
        },
    ),
    (
        "what is counted in a litre: particles, or a biological effect",
        {
            "number concentration",
            "international units concentration",
            "arbitrary units concentration",
        },
    ),
    (
        "a rhythm, a decay, an infusion of units and a dose per weight and hour are all 1/s",
        {"frequency", "radioactivity", "international units rate", "mass per mass rate"},
    ),
    ("an equivalent needs the charge, an osmole the dissociation", {"amount", "equivalents"}),
    ("an equivalent needs the charge, an osmole the dissociation", {"amount", "osmoles"}),
    ("an equivalent needs the charge, an osmole the dissociation", {"equivalents", "osmoles"}),
    (
        "the same three in a litre",
        {"amount concentration", "equivalents concentration", "osmolarity"},
    ),
    ("the same three in a kilogram", {"amount per mass", "equivalents per mass", "osmolality"}),
    (
        "an excretion in a day, one of charges, and how fast an enzyme works",
        {"amount rate", "equivalents rate", "catalytic activity"},
    ),
    ("a month of the calendar has 28 to 31 days; UCUM takes its mean", {"time", "mean time"}),
    ("a sound level is a logarithm", {"pressure", "sound level"}),
    ("a volume spread over a body's surface is no length", {"length", "volume per area"}),
    ("a cardiac index is no speed", {"speed", "flow per area"}),
    ("a sievert is weighted by what the tissue suffers", {"absorbed dose", "equivalent dose"}),
]


@pytest.fixture(scope="module")
def library() -> dict[str, Any]:
    """Every unit of the table as the library knows it."""
    registry = PintUcumRegistry()
    return {code: registry.from_ucum(code) for code in units() if code not in NOT_IN_LIBRARY}


def apart(one: Unit, other: Unit) -> bool:
    pair = {one.family, other.family}
    return len(pair) == 2 and any(pair <= families for _, families in APART)


def test_the_table_covers_vital_signs_and_laboratory_results() -> None:
    wanted = """
        kg g [lb_av] [oz_av] cm m [in_i] [ft_i] Cel [degF] K mm[Hg] kPa mg/dL g/L mg/L mmol/L
        umol/L mL L dL /min h min s d wk mo a % 10*3/uL 10*9/L U/L [IU]/L meq/L dB [pH] mmol/mol
        fL pg g/dL ng/mL pg/mL ug/L mosm/kg mL/min kg/m2 m[IU]/L u[IU]/mL ukat/L""".split()
    assert set(wanted) <= units().keys()
    assert len(units()) > 400


def test_convertible_here_exactly_where_the_library_says_so(library: dict[str, Any]) -> None:
    dimensions = {code: found.dimensionality for code, found in library.items()}
    checked = 0
    for code, found in dimensions.items():
        for other, its in dimensions.items():
            one, two = units()[code], units()[other]
            counted = {code, other} == {"{beats}/min", "{breaths}/min"}
            expected = found == its and not apart(one, two) and not counted
            assert can_convert(one, two) is expected, (code, other)
            checked += 1
    assert checked == len(library) ** 2 > 150_000


def test_what_is_kept_apart_would_convert_in_the_library(library: dict[str, Any]) -> None:
    held = defaultdict(set)
    for code, found in library.items():
        held[units()[code].family].add(found.dimensionality)
    for reason, families in APART:
        assert reason
        assert len(set.union(*(held[name] for name in families))) == 1, families
    pairs = [frozenset(pair) for _, names in APART for pair in combinations(sorted(names), 2)]
    assert len(pairs) == len(set(pairs))


def test_the_factors_are_the_librarys(library: dict[str, Any]) -> None:
    bases = {code: found.to_base_units().magnitude for code, found in library.items()}
    differing, checked = set(), 0
    for code, one in units().items():
        first = next(each for each in units().values() if each.family == one.family)
        if code in bases and not one.is_affine and not is_logarithm(code):
            ours = float(one.scale / first.scale)
            checked += 1
            if abs(ours - bases[code] / bases[first.code]) > TOLERANCE * ours:
                differing.add(code)
    assert differing == OTHER_FACTOR
    assert checked > 400


def test_every_factor_is_exactly_ucums_own() -> None:
    """Between every two units of a family, so between all that can be converted."""
    for family in {one.family for one in units().values()}:
        members = [one for one in units().values() if one.family == family]
        scales = {one.code: defined(one.code) for one in members}
        assert len({found.dimension for found in scales.values()}) == 1, family
        ratios = {scales[one.code].scale / one.scale for one in members}
        assert len(ratios) == 1, family
    assert {code: units()[code].zero for code in ZEROS} == ZEROS


@pytest.mark.parametrize("one", ["Cel", "[degF]", "K"])
@pytest.mark.parametrize("other", ["Cel", "[degF]", "K"])
def test_a_temperature_is_converted_with_its_zero(
    one: str, other: str, library: dict[str, Any]
) -> None:
    for value in ("-40", "0", "36.6", "37", "98.6", "104"):
        ours = convert(Fraction(value), units()[one], units()[other])
        registry = library[one]._REGISTRY
        theirs = registry.Quantity(float(value), library[one].units).to(library[other].units)
        assert float(ours) == pytest.approx(theirs.magnitude, rel=TOLERANCE, abs=1e-9)


def test_a_mass_is_never_an_amount_of_substance() -> None:
    masses = [one for one in units().values() if one.family.startswith("mass")]
    amounts = [one for one in units().values() if one.family.startswith("amount")]
    assert len(masses) > 60
    assert len(amounts) > 40
    assert not any(can_convert(one, other) for one in masses for other in amounts)
    assert not any(can_convert(other, one) for one in masses for other in amounts)


@pytest.mark.parametrize("code", ["[pH]", "dB", "B[SPL]", "[arb'U]", "[arb'U]/mL"])
def test_a_logarithmic_or_arbitrary_unit_is_only_itself(code: str) -> None:
    assert [one.code for one in units().values() if can_convert(units()[code], one)] in (
        [code],
        [code, code.replace("mL", "ml")],
    )


def test_international_units_are_only_international_units() -> None:
    for code in ("[IU]", "[IU]/L", "[IU]/kg", "[IU]/h", "[IU]/kg/h"):
        found = {one.code for one in units().values() if can_convert(units()[code], one)}
        assert all("[IU]" in one or "[iU]" in one for one in found)


def test_a_wrong_factor_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = table.FAMILIES.replace("[lb_av] 453.59237", "[lb_av] 453.6")
    assert wrong != table.FAMILIES
    monkeypatch.setattr(conversion, "FAMILIES", wrong)
    units.cache_clear()
    try:
        with pytest.raises(AssertionError):
            test_every_factor_is_exactly_ucums_own()
    finally:
        units.cache_clear()


def test_families_that_are_not_kept_apart_show(
    monkeypatch: pytest.MonkeyPatch, library: dict[str, Any]
) -> None:
    monkeypatch.setattr("tests.core.ucum.test_against_library.APART", APART[1:])
    with pytest.raises(AssertionError):
        test_convertible_here_exactly_where_the_library_says_so(library)


def is_logarithm(code: str) -> bool:
    return code in ("dB", "B[SPL]", "[pH]")
