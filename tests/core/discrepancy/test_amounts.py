"""What holds for all amounts: sameness is symmetric, survives conversion and stays in kind."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from core.canonical import Number
from core.discrepancy import amounts
from core.discrepancy.amounts import is_same_amount
from core.ucum import SYSTEM, Unit, can_convert, convert, units
from tests.scale import examples

bounded = settings(derandomize=True, max_examples=examples(300), deadline=None, database=None)
table = sorted(units().values(), key=lambda one: one.code)
any_unit = st.sampled_from(table)
values = st.decimals(
    min_value=Decimal("-9999"), max_value=Decimal("9999"), places=2, allow_nan=False
)


def written(value: Fraction, digits: int = 60) -> Number:
    found = Context(prec=digits).divide(Decimal(value.numerator), Decimal(value.denominator))
    return Number(f"{found:f}")


@bounded
@given(any_unit, any_unit, values, values, st.booleans())
def test_sameness_is_symmetric_and_reflexive(
    one: Unit, other: Unit, value: Decimal, its: Decimal, is_measured: bool
) -> None:
    ours, theirs = (Number(str(value)), one), (Number(str(its)), other)
    there = is_same_amount(ours, theirs, is_measured=is_measured)
    assert there is is_same_amount(theirs, ours, is_measured=is_measured)
    assert is_same_amount(ours, ours, is_measured=is_measured)


@bounded
@given(any_unit, st.data(), values)
def test_one_amount_in_two_units_is_alike(one: Unit, data: st.DataObject, value: Decimal) -> None:
    other = data.draw(st.sampled_from([each for each in table if can_convert(one, each)]))
    restated = written(convert(Fraction(value), one, other), 9)
    sizes = [
        set(amounts.sizes({"value": number, "system": SYSTEM, "code": each.code}))
        for number, each in ((Number(str(value)), one), (restated, other))
    ]
    assert sizes[0] & sizes[1]


@bounded
@given(any_unit, st.data(), values, st.booleans())
def test_an_exact_conversion_is_the_same_through_any_number_of_units(
    one: Unit, data: st.DataObject, value: Decimal, is_measured: bool
) -> None:
    """Equality is transitive where nothing was rounded away."""
    among = [each for each in table if can_convert(one, each) and can_convert(each, one)]
    path = data.draw(st.lists(st.sampled_from(among), min_size=1, max_size=4))
    start = (Number(str(value)), one)
    held, at = Fraction(value), one
    for each in path:
        if not can_convert(at, each):
            return
        held, at = convert(held, at, each), each
        assert is_same_amount(start, (written(held), at), is_measured=is_measured)
    assert convert(held, at, one) == Fraction(value)


@bounded
@given(any_unit, any_unit, values, values, st.booleans())
def test_what_cannot_be_converted_is_never_the_same(
    one: Unit, other: Unit, value: Decimal, its: Decimal, is_measured: bool
) -> None:
    if not can_convert(one, other):
        pair = (Number(str(value)), one), (Number(str(its)), other)
        assert not is_same_amount(*pair, is_measured=is_measured)


@bounded
@given(any_unit, st.data(), st.decimals(min_value=1, max_value=9999, places=2, allow_nan=False))
def test_a_value_that_is_off_by_a_hundredth_is_never_the_same(
    one: Unit, data: st.DataObject, value: Decimal
) -> None:
    other = data.draw(st.sampled_from([each for each in table if can_convert(one, each)]))
    if one.is_affine or value < 10:
        return
    off = convert(Fraction(value) * Fraction(101, 100), one, other)
    pair = (Number(str(value)), one), (written(off), other)
    assert not is_same_amount(*pair, is_measured=True)
    assert not is_same_amount(*pair, is_measured=False)
