"""The interval against published values, and what must hold of any."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.interval import wilson


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17, table I, method 3 (score without correction).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_values(hits: int, of: int, low: float, high: float) -> None:
    found = wilson(hits, of)
    assert found == pytest.approx((low, high), abs=0.00006)


@given(st.integers(0, 500), st.integers(0, 500))
def test_it_holds_the_rate_and_lies_within_0_and_1(one: int, other: int) -> None:
    hits, of = min(one, other), max(one, other)
    low, high = wilson(hits, of)
    assert 0 <= low <= high <= 1
    assert of == 0 or low <= hits / of <= high


def test_more_of_the_same_is_narrower_and_nothing_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    few, many = wilson(3, 4), wilson(300, 400)
    assert few[0] < many[0] < many[1] < few[1]
