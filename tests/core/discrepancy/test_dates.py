"""Dates, times and schedules: the same one, less of it, more of it, or another one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.canonical import JsonObject, Number, exact
from core.discrepancy import Comparison, change, compare, rules
from core.discrepancy.scalars import is_same_moment, moment
from tests.core.discrepancy.samples import SAMPLES
from tests.core.discrepancy.tree import Path, put
from tests.scale import examples

bounded = settings(derandomize=True, max_examples=examples(200), deadline=None, database=None)
REPEAT: Path = ("dosageInstruction", 0, "timing", "repeat")


def condition(**members: Any) -> JsonObject:
    found = exact({"resourceType": "Condition", **members})
    assert isinstance(found, dict)
    return found


def recorded(ours: str, theirs: str) -> Comparison:
    return compare(condition(recordedDate=ours), condition(recordedDate=theirs))


@pytest.mark.parametrize(
    ("ours", "theirs", "class_"),
    [
        ("2024-03-01T10:00:00Z", "2024-03-01T10:00:00+00:00", "equivalent"),
        ("2024-03-01T10:00:00Z", "2024-03-01T10:00:00-00:00", "equivalent"),
        ("2024-03-01T10:00:00.000Z", "2024-03-01T10:00:00Z", "equivalent"),
        ("2024-03-01T10:00:00.100Z", "2024-03-01T10:00:00.1Z", "equivalent"),
        ("2024-03-01T10:00:00Z", "2024-03-01T10:00:00.000000000Z", "equivalent"),
        ("2024-03-01T23:30:00-05:00", "2024-03-02T04:30:00Z", "equivalent"),
        ("2024-02-29T23:59:59+14:00", "2024-02-29T09:59:59Z", "equivalent"),
        ("2016-12-31T23:59:60Z", "2017-01-01T02:59:60.0+02:00", "changed"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:59:60.0+01:00", "equivalent"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", "changed"),
        ("2024-03-01T24:00:00Z", "2024-03-02T00:00:00Z", "changed"),
        ("2024-03-01T10:00:61Z", "2024-03-01T10:01:01Z", "changed"),
        ("2024-03-01T10:00:00+15:00", "2024-02-29T19:00:00Z", "changed"),
        ("2024-03-01T10:00:00Z", "2024-03-01T10:00:00", "changed"),
        ("2024-03-01T10:00:00.123456Z", "2024-03-01T10:00:00.123Z", "lossy"),
        ("2024-03-01T10:00:00.9Z", "2024-03-01T10:00:00Z", "lossy"),
        ("2024-03-01T10:00:00.9Z", "2024-03-01T10:00:01Z", "changed"),
        ("2024-03-01T10:00:00Z", "2024-03-01", "lossy"),
        ("2024-03-01T23:30:00-05:00", "2024-03-01", "lossy"),
        ("2024-03-01T23:30:00-05:00", "2024-03-02", "changed"),
        ("2024-03-01", "2024-03", "lossy"),
        ("2024-03-01", "2024", "lossy"),
        ("2024-03-01", "2024-04", "changed"),
        ("2024-03-01", "2024-03-02", "changed"),
        ("2024-03", "2024-03-01", "changed"),
        ("2024-03-01", "2024-03-01T00:00:00Z", "changed"),
        ("2024-03-01T10:00:00Z", "2024-03-01T10:00:00+01:00", "changed"),
        ("2024-03-01T10:00:00Z", "2024-03-01T10:00:01Z", "changed"),
    ],
)
def test_dates_by_precision_and_instant(ours: str, theirs: str, class_: str) -> None:
    found = recorded(ours, theirs)
    assert found.class_ == class_, found.differences


@pytest.mark.parametrize(
    ("ours", "theirs", "reason"),
    [
        ("2024", "2024-01-01", "The EHR states the date or time more precisely than intended."),
        (
            "2024-03-01T10:00:00Z",
            "2024-03-01T10:00:00.5Z",
            "The EHR states the date or time more precisely than intended.",
        ),
        ("2024-03-01", "2024-03-02", "The date or time is another one."),
    ],
)
def test_a_changed_date_has_a_reason_of_its_own(ours: str, theirs: str, reason: str) -> None:
    assert [one.reason for one in recorded(ours, theirs).differences] == [reason]


moments = st.integers(0, 10**9).map(lambda second: datetime.fromtimestamp(2 * second, UTC))
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@bounded
@given(moments, zones, zones, st.integers(0, 3))
def test_one_instant_in_two_zones_is_one_and_a_second_later_is_not(
    at: datetime, one: timezone, other: timezone, zeros: int
) -> None:
    ours = at.astimezone(one).isoformat()
    theirs = at.astimezone(other).isoformat()
    if zeros:
        theirs = f"{theirs[:19]}.{'0' * zeros}{theirs[19:]}"
    assert is_same_moment(ours, theirs)
    assert is_same_moment(theirs, ours)
    assert not is_same_moment(ours, (at + timedelta(seconds=1)).astimezone(other).isoformat())


@pytest.mark.parametrize(
    "text", ["2024-02-30T10:00:00Z", "2024-13-01T10:00:00Z", "2024-03-01T1:0:0Z"]
)
def test_what_is_no_moment_is_read_as_none(text: str) -> None:
    assert moment(text) is None


@pytest.mark.parametrize(
    ("theirs", "class_"),
    [
        ({"start": "2024-01-01T01:00:00+01:00", "end": "2024-02-01T00:00:00Z"}, "equivalent"),
        ({"start": "2024-01-01", "end": "2024-02-01T00:00:00Z"}, "lossy"),
        ({"start": "2024-01-01T00:00:00Z"}, "changed"),
        ({"end": "2024-02-01T00:00:00Z"}, "changed"),
        ({"start": "2024-02-01T00:00:00Z", "end": "2024-01-01T00:00:00Z"}, "changed"),
        ({"start": "2024-01-01T00:00:00Z", "end": "2024-02-02T00:00:00Z"}, "changed"),
    ],
)
def test_both_ends_of_a_period_count(theirs: JsonObject, class_: str) -> None:
    ours = {"start": "2024-01-01T00:00:00Z", "end": "2024-02-01T00:00:00Z"}
    found = compare(condition(onsetPeriod=ours), condition(onsetPeriod=theirs))
    assert found.class_ == class_


@pytest.mark.parametrize(
    ("ours", "theirs", "class_"),
    [
        ("10:30:00", "10:30:00.000", "equivalent"),
        ("10:30:00", "10:30:01", "changed"),
        ("10:30:00", "10:30", "changed"),
        ("24:00:00", "24:00:00.0", "changed"),
    ],
)
def test_times_of_day(ours: str, theirs: str, class_: str) -> None:
    sides = (
        {"resourceType": "Goal", "extension": [{"url": "urn:a", "valueTime": one}]}
        for one in (ours, theirs)
    )
    assert compare(*sides).class_ == class_


def schedule(path: Path, value: Any) -> Comparison:
    ours = put(SAMPLES["metformin"], REPEAT, exact({
        "frequency": 1, "period": 1, "periodUnit": "d", "timeOfDay": ["08:00:00", "20:00:00"],
        "boundsPeriod": {"start": "2024-03-01T08:00:00Z", "end": "2024-04-01T08:00:00Z"},
    }))  # fmt: skip
    return compare(ours, put(ours, (*REPEAT, *path), exact(value)))


@pytest.mark.parametrize(
    ("path", "value", "class_"),
    [
        (("timeOfDay",), ["20:00:00", "08:00:00.0"], "equivalent"),
        (("boundsPeriod", "start"), "2024-03-01T09:00:00+01:00", "equivalent"),
        (("period",), Number("1.0"), "enriched"),
        (("frequency",), 2, "critical"),
        (("period",), 2, "critical"),
        (("periodUnit",), "wk", "critical"),
        (("boundsPeriod", "start"), "2024-03-01", "critical"),
        (("boundsPeriod", "end"), "2024-05-01T08:00:00Z", "critical"),
        (("timeOfDay",), ["08:00:00", "21:00:00"], "changed"),
        (("timeOfDay",), ["08:00:00"], "changed"),
        (("when",), ["AC"], "changed"),
        (("count",), 10, "changed"),
    ],
)
def test_nothing_but_notation_is_harmless_in_a_schedule(
    path: Path, value: Any, class_: str
) -> None:
    found = schedule(path, value)
    assert found.class_ == class_, found.differences


def test_a_translation_of_a_schedules_code_is_not_harmless() -> None:
    path: Path = ("dosageInstruction", 0, "timing", "code")
    daily = {"coding": [{"system": "urn:a", "code": "QD"}]}
    twice = {"coding": [*daily["coding"], {"system": "urn:b", "code": "BID"}]}
    ours, theirs = (put(SAMPLES["metformin"], path, one) for one in (daily, twice))
    assert compare(ours, theirs).class_ == "changed"


def test_without_its_guard_a_coarser_schedule_is_only_lossy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = tuple(rule for rule in rules.RULES if rule is not change.schedule)
    monkeypatch.setattr(rules, "RULES", left)
    assert schedule(("boundsPeriod", "start"), "2024-03-01").class_ == "lossy"
