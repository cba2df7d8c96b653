"""The pace: up by one a window of answers, down by half on failure; Retry-After is kept."""

from __future__ import annotations

import pytest

from core.records_traffic import BreakerRow
from core.traffic.backoff import ATTEMPTS, PATIENCE_S, wait_s
from core.traffic.breaker import FIRST_S, MOST_S, Health, door, open_s
from core.traffic.pace import CUT_AGAIN_S, Pace
from tests.fakes import START


def test_a_window_of_answers_adds_one_and_a_failure_halves_once() -> None:
    pace = Pace(most=32, window=4)
    for _ in range(4):
        pace.answered(1.0, pressed=True)
    assert 4.9 < pace.window <= 5.0
    pace.slow(2.0)
    pace.slow(2.0 + CUT_AGAIN_S / 2)
    assert pace.places == 2
    for number in range(100):
        pace.slow(10.0 + number)
    assert pace.places == 1


def test_nobody_grows_who_is_not_pressed_and_nobody_beyond_the_most() -> None:
    pace = Pace(most=6, window=5)
    for _ in range(50):
        pace.answered(1.0, pressed=False)
    assert pace.window == 5
    for _ in range(50):
        pace.answered(1.0, pressed=True)
    assert pace.places == 6


def test_retry_after_is_kept_to_the_second() -> None:
    pace = Pace(most=8)
    pace.pause(10.0, 30.0)
    pace.pause(11.0, 5.0)
    assert pace.wait(12.0) == 28.0 and pace.wait(40.0) == 0.0


def test_a_known_ceiling_spaces_the_calls() -> None:
    pace = Pace(most=8, ceiling=10.0)
    waits = [pace.take(0.0) for _ in range(4)]
    assert waits == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_backoff_is_jittered_bounded_and_never_below_what_the_server_asks() -> None:
    assert wait_s(1, 0.0, None, lambda: 0.0) == 0.0
    assert wait_s(2, 0.0, None, lambda: 0.5) == pytest.approx(0.4)
    assert wait_s(1, 0.0, 3.0, lambda: 0.0) == 3.0
    assert wait_s(1, 0.0, PATIENCE_S + 1, lambda: 0.0) is None
    assert wait_s(1, PATIENCE_S, None, lambda: 0.5) is None
    assert wait_s(ATTEMPTS, 0.0, None, lambda: 0.5) is None


def test_the_breaker_opens_on_a_row_of_failures_or_on_half_of_them() -> None:
    row = Health()
    assert [row.bad() for _ in range(5)] == [None] * 4 + ["unanswered"]
    mixed = Health()
    found = []
    for _ in range(10):
        found.append(mixed.bad())
        mixed.good()
    assert found[-1] == "failing" and found[:9] == [None] * 9
    rejected = Health()
    assert [rejected.rejected() for _ in range(3)] == [None, None, "authentication"]
    rejected.good()
    assert rejected.rejected() is None


def test_it_stays_open_longer_each_time_never_for_ever_and_never_at_once() -> None:
    assert [open_s(n, lambda: 0.0) for n in (1, 2, 3)] == [FIRST_S / 2, FIRST_S, 2 * FIRST_S]
    assert open_s(90, lambda: 1.0) == MOST_S


@pytest.mark.parametrize(
    ("until", "closed", "state"),
    [
        ("2026-11-23T09:00:01.000Z", None, "open"),
        ("2026-11-23T08:59:59.000Z", None, "half-open"),
        ("2026-11-23T09:00:01.000Z", "2026-11-23T09:00:00.000Z", "closed"),
        # A clock that was set back an hour.
        ("2026-11-23T10:00:00.000Z", None, "half-open"),
    ],
)
def test_the_door(until: str, closed: str | None, state: str) -> None:
    row = BreakerRow("sandbox", "2026-11-23T08:00:00.000Z", "unanswered", 1, until, closed)
    assert door(row, START) == state
    assert door(None, START) == "closed"


def test_a_refusal_while_nothing_waited_teaches_no_rate() -> None:
    idle, busy = Pace(most=8), Pace(most=8)
    for pace, pressed in ((idle, False), (busy, True)):
        for second in range(30):
            pace.answered(float(second), pressed=pressed)
        pace.throttled(30.0, pressed=pressed)
    assert idle.rate is None and busy.rate is not None
