"""What a profile says of an EHR's limits, and counting against it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import BadInput
from core.traffic.limits import Limits, Window, parse_limits
from core.traffic.quota import MemoryTally, Quota
from sync.profiles import NAMES, load_profile
from tests.fakes import START


def test_a_profile_without_limits_is_cautious_and_every_profile_can_be_read() -> None:
    assert parse_limits("") == Limits()
    limited = {name: parse_limits(load_profile(name)) for name in NAMES}
    assert {name for name, found in limited.items() if found != Limits()} == {
        "eclinicalworks",
        "medplum",
    }


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[limits]\nconcurency = 3\n", "limits.concurency"),
        ("[limits]\nconcurrency = 0\n", "limits.concurrency"),
        ('[[limits.window]]\nper = "hour"\ncalls = 9\n', "limits.window.0.per"),
        ('[[limits.window]]\nper = "day"\ncalls = 9\nfrom = 07:00:00\n', "limits.window.0"),
        ("[limits\n", "profile"),
    ],
)
def test_wrong_limits_name_the_field(text: str, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_limits(text)
    assert caught.value.field == field


def test_a_budget_binds_in_its_part_of_the_day() -> None:
    text = '[[limits.window]]\nper = "minute"\ncalls = 60\nfrom = 22:00:00\nto = 06:00:00\n'
    (night,) = parse_limits(text).windows
    assert [night.binds(START.replace(hour=hour)) for hour in (5, 6, 21, 22)] == [
        True, False, False, True,
    ]  # fmt: skip


def test_a_minute_counts_from_the_start_of_a_call_to_sixty_seconds_after_its_end() -> None:
    quota = Quota(Limits(windows=(Window("minute", 4),)), MemoryTally())
    calls = [quota.take(START) for _ in range(4)]
    assert quota.wait(START, 1.0) > 59
    for call in calls:
        quota.ended(call, START + timedelta(seconds=20))
    assert quota.wait(START + timedelta(seconds=79), 1.0) > 0
    assert quota.wait(START + timedelta(seconds=82), 1.0) == 0


def test_what_reads_leave_free_writes_may_use() -> None:
    quota = Quota(Limits(windows=(Window("minute", 8),)), MemoryTally())
    for _ in range(6):
        quota.take(START)
    assert quota.wait(START, 0.75) > 0 and quota.wait(START, 1.0) == 0


def test_near_midnight_a_call_counts_on_both_days() -> None:
    quota = Quota(Limits(windows=(Window("day", 4),)), MemoryTally())
    late = START.replace(hour=23, minute=59, second=30)
    for _ in range(4):
        quota.ended(quota.take(late), late)
    soon = late + timedelta(seconds=60)
    assert quota.wait(soon, 1.0) > 23 * 3600
    assert quota.wait(late + timedelta(days=1, minutes=2), 1.0) == 0


def test_token_calls_count_only_where_the_vendor_counts_them() -> None:
    quota = Quota(Limits(windows=(Window("minute", 4, counts_token_calls=False),)), MemoryTally())
    for _ in range(9):
        quota.take(START, token=True)
    assert quota.wait(START, 1.0) == 0 and quota.wait(START, 1.0, token=True) == 0
