"""Date ranges: every prefix against every pair of intervals, judged by FHIR's own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.sandbox import conditions
from sync.sandbox.dates import OPEN_HIGH, OPEN_LOW, bounds
from sync.sandbox.store import Store
from tests.sync.sandbox.searches import Asker, names

Span = tuple[datetime, datetime]
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# What is stored, and by hand what it covers.
STORED: dict[str, tuple[Any, Span]] = {
    "year": ("2026", (_day("2026-01-01"), _day("2027-01-01"))),
    "month": ("2026-12", (_day("2026-12-01"), _day("2027-01-01"))),
    "day": ("2026-11-23", (_day("2026-11-23"), _day("2026-11-24"))),
    "leap": ("2024-02", (_day("2024-02-01"), _day("2024-03-01"))),
    "minute": (
        "2026-11-23T10:00Z",
        (_day("2026-11-23T10:00:00"), _day("2026-11-23T10:01:00")),
    ),
    "second": (
        "2026-11-23T23:30:00-01:00",
        (_day("2026-11-24T00:30:00"), _day("2026-11-24T00:30:01")),
    ),
    "tenth": (
        "2026-11-23T10:00:00.5Z",
        (_day("2026-11-23T10:00:00.500"), _day("2026-11-23T10:00:00.600")),
    ),
    "period": (
        {"start": "2026-11-20", "end": "2026-11-23"},
        (_day("2026-11-20"), _day("2026-11-24")),
    ),
    "running": ({"start": "2026-11-23"}, (_day("2026-11-23"), LAST)),
    "ended": ({"end": "2026-11-23"}, (FIRST, _day("2026-11-24"))),
    "timing": (
        {"event": ["2026-11-25", "2026-11-22"]},
        (_day("2026-11-22"), _day("2026-11-26")),
    ),
}
ASKED: dict[str, Span] = {
    "2025": (_day("2025-01-01"), _day("2026-01-01")),
    "2026": (_day("2026-01-01"), _day("2027-01-01")),
    "2024-02": (_day("2024-02-01"), _day("2024-03-01")),
    "2026-11": (_day("2026-11-01"), _day("2026-12-01")),
    "2026-12": (_day("2026-12-01"), _day("2027-01-01")),
    "2026-11-22": (_day("2026-11-22"), _day("2026-11-23")),
    "2026-11-23": (_day("2026-11-23"), _day("2026-11-24")),
    "2026-11-24": (_day("2026-11-24"), _day("2026-11-25")),
    "2026-11-23T10:00Z": (_day("2026-11-23T10:00:00"), _day("2026-11-23T10:01:00")),
    "2026-11-23T11:00:00%2B01:00": (_day("2026-11-23T10:00:00"), _day("2026-11-23T10:00:01")),
    "2026-11-24T00:30:00Z": (_day("2026-11-24T00:30:00"), _day("2026-11-24T00:30:01")),
    "2026-11-23T10:00:00.50Z": (
        _day("2026-11-23T10:00:00.500"),
        _day("2026-11-23T10:00:00.510"),
    ),
}


def _within(inner: Span, outer: Span) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


# FHIR R4 search.html §3.1.1.4.4, word for word: (stored, asked) → does it match?
RULES: dict[str, Callable[[Span, Span], bool]] = {
    "eq": lambda stored, asked: _within(stored, asked),
    "ne": lambda stored, asked: not _within(stored, asked),
    "gt": lambda stored, asked: _overlap(stored, (asked[1], LAST)),
    "lt": lambda stored, asked: _overlap(stored, (FIRST, asked[0])),
    "ge": lambda stored, asked: _overlap(stored, (asked[1], LAST)) or _within(stored, asked),
    "le": lambda stored, asked: _overlap(stored, (FIRST, asked[0])) or _within(stored, asked),
    "sa": lambda stored, asked: not _overlap(stored, asked) and _within(stored, (asked[1], LAST)),
    "eb": lambda stored, asked: not _overlap(stored, asked) and _within(stored, (FIRST, asked[0])),
}


@pytest.fixture
def ask(clock: Any) -> Iterator[Asker]:
    store = Store(":memory:", clock)
    asker = Asker(store)
    for name, (value, _) in STORED.items():
        field = "effectiveDateTime" if isinstance(value, str) else "effectivePeriod"
        field = "effectiveTiming" if name == "timing" else field
        asker.put({"resourceType": "Observation", "id": name, field: value})
    # Neither what has no date nor what cannot be read is found by any comparison.
    asker.put({"resourceType": "Observation", "id": "none"})
    asker.put({"resourceType": "Observation", "id": "odd", "effectiveDateTime": "yesterday"})
    yield asker
    store.close()


@pytest.mark.parametrize(("prefix", "moment"), product(RULES, ASKED))
def test_a_prefix_finds_what_fhir_says(ask: Asker, prefix: str, moment: str) -> None:
    expected = {name for name, (_, span) in STORED.items() if RULES[prefix](span, ASKED[moment])}
    assert set(names(ask(f"Observation?date={prefix}{moment}"))) == expected
    if prefix == "eq":
        assert set(names(ask(f"Observation?date={moment}"))) == expected


def test_the_table_of_cases_tells_the_prefixes_apart() -> None:
    answers = {
        prefix: tuple(
            rule(span, asked) for (_, span), asked in product(STORED.values(), ASKED.values())
        )
        for prefix, rule in RULES.items()
    }
    assert len(set(answers.values())) == len(RULES)


def test_a_wrong_border_would_be_noticed(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    right = conditions.comparison

    def coarse(name: str, text: str) -> tuple[str, datetime, datetime]:
        prefix, low, high = right(name, text)
        return prefix, low, high + timedelta(seconds=1)

    before = names(ask("Observation?date=sa2026-11-22"))
    assert "day" in before
    monkeypatch.setattr(conditions, "comparison", coarse)
    assert "day" not in names(ask("Observation?date=sa2026-11-22"))


MOMENTS = st.integers(
    0, (_day("9998-12-30") - _day("0001-01-02")) // timedelta(milliseconds=1)
).map(lambda count: _day("0001-01-02") + timedelta(milliseconds=count, microseconds=count % 1000))


@given(MOMENTS, st.sampled_from([4, 7, 10, 16, 19, 23, 26]), st.integers(-14 * 60, 14 * 60))
def test_a_moment_lies_within_its_own_text_at_every_precision(
    moment: datetime, length: int, offset: int
) -> None:
    zone = timedelta(minutes=offset)
    local = moment if length <= 10 else moment + zone
    text = local.isoformat(timespec="microseconds")[:length]
    if length > 10:
        sign, size = ("-" if offset < 0 else "+"), abs(offset)
        text += f"{sign}{size // 60:02}:{size % 60:02}"
    found = bounds(text)
    assert found is not None
    low, high = found
    assert OPEN_LOW < low <= _text(moment) < high < OPEN_HIGH


@given(MOMENTS, MOMENTS)
def test_bounds_sort_as_moments_do(one: datetime, other: datetime) -> None:
    assert (one < other) == (_text(one) < _text(other))


def _text(moment: datetime) -> str:
    found = bounds(moment.isoformat(timespec="microseconds").replace("+00:00", "Z"))
    assert found is not None
    return found[0]


@pytest.mark.parametrize(
    "value",
    ["", "x", "2026-13", "2026-02-30", "2026-11-23T10:00:00", "26", None, [], {}, {"start": "x"}],
)
def test_what_names_no_moment_has_no_bounds(value: Any) -> None:
    assert bounds(value) is None


def test_the_last_year_ends_openly() -> None:
    assert bounds("9999") == ("9999-01-01T00:00:00.000000Z", OPEN_HIGH)


@pytest.mark.parametrize(
    ("moment", "found"),
    [
        ("sa2026-11-23T09:00:00Z", "c"),
        ("eb2026-11-23T09:00:01Z", "a b"),
        ("sa2026-11-22", "a b c"),
        ("eb2026-11-24", "a b c"),
        ("sa2026", ""),
    ],
)
def test_last_updated_takes_starts_after_and_ends_before(
    clock: Any, moment: str, found: str
) -> None:
    store = Store(":memory:", clock)
    asker = Asker(store)
    for id_ in "abc":
        asker.put({"resourceType": "Patient", "id": id_})
        clock.advance(milliseconds=500)
    assert names(asker(f"Patient?_lastUpdated={moment}")) == found.split()
    store.close()
