"""Counts that two processes share, and what a person sees of an EHR that is left alone."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from console.gateway import left_alone
from core.records_traffic import BreakerRow
from core.traffic.limits import Limits, Window
from core.traffic.quota import Quota
from sync.store.connection import connect
from sync.traffic.stored import KEPT, LedgerLog, StoreTally
from tests.builders import Bench
from tests.fakes import START
from tests.scene import call, open_scene

LIMITS = Limits(windows=(Window("minute", 4),))


def test_two_processes_share_one_quota(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    other = connect(bench.path, None)
    now = START.timestamp
    one = Quota(LIMITS, StoreTally(bench.connection, "sandbox", now))
    two = Quota(LIMITS, StoreTally(other, "sandbox", now))
    for quota in (one, two, one, two):
        assert quota.wait(START, 1.0) == 0
        quota.take(START)
    assert one.wait(START, 1.0) > 0 and two.wait(START, 1.0) > 0
    third = Quota(LIMITS, StoreTally(other, "elsewhere", now))
    assert third.wait(START, 1.0) == 0
    other.close()


def test_counts_of_a_time_to_come_are_thrown_away_and_old_ones_go(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    tally = StoreTally(bench.connection, "sandbox", START.timestamp)
    second = int(START.timestamp())
    tally.add("minute-4-1", second + 3600, 4)
    tally.add("day-4-1", START.toordinal(), 4)
    again = StoreTally(bench.connection, "sandbox", START.timestamp)
    assert again.used("minute-4-1", second) == 0 and again.oldest("minute-4-1", second) is None
    assert again.used("day-4-1", START.toordinal()) == 4
    again.add("minute-4-1", second, 1)
    again.add("minute-4-1", second + KEPT + 1, 1)
    assert again.used("minute-4-1", 0) == 1


def test_status_and_status_line_say_that_an_ehr_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_scene(tmp_path, monkeypatch) as scene:
        assert call(capsys, "status")[1][0]["left_alone"] == []
        row = BreakerRow("sandbox", "2026-11-23T09:00:00.000Z", "unanswered", 1,
                         "2026-11-23T09:02:00.000Z")  # fmt: skip
        with scene.opened() as folder:
            LedgerLog(folder.ledger, "sandbox").opened(row)

            class Session:
                ehr_names = ("sandbox",)
                ledger = folder.ledger

            words = left_alone(Session(), UTC)  # type: ignore[arg-type]
        assert words == "sandbox left alone since 09:00 (unanswered), asked again at 09:02"
        (said,) = call(capsys, "status")[1]
        assert said["left_alone"] == [
            {"ehr": "sandbox", "since": row.since, "cause": row.cause, "until": row.until}
        ]
        code, _, _ = call(capsys, "run", "--once")
        assert code == 0, "its time is over: one read tries, and it answers"
        assert call(capsys, "status")[1][0]["left_alone"] == []
