"""What several clocks come to: the earliest and the latest of those that can be right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import AGREES, HERE, STRAY, Bounds, bounds, clock_problem, interval

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def of(**minutes: float) -> Bounds:
    return bounds(NOW, {name: timedelta(minutes=by) for name, by in minutes.items()})


@pytest.mark.parametrize(
    ("minutes", "lo", "hi", "strays"),
    [
        ({}, 0, 0, ()),
        ({"ehr": 0.02}, 0, 0, ()),
        ({"ehr": 30}, 0, 30, ()),
        ({"ehr": -30}, -30, 0, ()),
        ({"ehr": -30, "hub": 20}, -30, 20, ()),
        ({"ehr": 61}, 0, 0, ("ehr",)),
        ({"ehr": -61}, 0, 0, ("ehr",)),
        ({"ehr": 600, "hub": 1}, 0, 1, ("ehr",)),
        ({"ehr": 600, "hub": 630}, 600, 630, (HERE,)),
        ({"ehr": 600, "hub": -600}, 0, 0, ("ehr", "hub")),
        ({"a": 1, "b": 600, "c": 610}, 0, 1, ("b", "c")),
    ],
)
def test_table(minutes: dict[str, float], lo: float, hi: float, strays: tuple[str, ...]) -> None:
    assert of(**minutes) == Bounds(at(lo), at(hi), strays)


@given(st.dictionaries(st.sampled_from("abc"), st.integers(-90_000, 90_000), max_size=3))
def test_whoever_is_believed_lies_within_and_at_most_an_hour_apart_from_another(
    seconds: dict[str, int],
) -> None:
    offsets = {name: timedelta(seconds=by) for name, by in seconds.items()}
    found = bounds(NOW, offsets)
    believed = [NOW + by for name, by in offsets.items() if name not in found.strays]
    believed += [] if HERE in found.strays else [NOW]
    assert believed and found.lo <= found.hi
    assert all(found.lo - AGREES <= one <= found.hi + AGREES for one in believed)
    assert found.hi - found.lo <= STRAY * (len(believed) - 1) + 2 * AGREES


def test_the_mark_of_the_ledger_never_goes_back() -> None:
    assert interval(of(ehr=-30), at(10)).hi == at(10)
    assert interval(of(ehr=30), at(10)).hi == at(30)
    assert interval(of(ehr=-30), at(10)).lo == at(-30)


@pytest.mark.parametrize(
    ("known", "mark", "words"),
    [
        (of(), 0, None),
        (of(ehr=4), 0, None),
        (of(ehr=-7), 0, "the clocks differ by 7 min"),
        (of(ehr=90), 0, "the clock of ehr is more than 1 h off the others and not believed"),
        (of(ehr=600, hub=600), 0, "the clock of this machine is more than 1 h off"),
        (of(), 180, "the clock is 180 min behind the ledger"),
        (of(), 1, "the clock went back by 60 s"),
    ],
)
def test_what_is_wrong_is_said(known: Bounds, mark: float, words: str | None) -> None:
    told = clock_problem(interval(known, at(mark)), known)
    assert told is None if words is None else words in str(told)
