"""Clocks that disagree: expired by the later end of the time, held to the earlier one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from core.adoption import adopt
from core.clock import clock_problem
from core.errors import Conflict
from core.gateway.deadlines import sweep
from core.gateway.run import Round
from core.ledger.event import moment
from core.lifecycle import State
from tests.builders import Bench, phone_change
from tests.core.gateway.escalating import made
from tests.core.gateway.scenario import approve, change, run, staged


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return made(tmp_path)


async def test_a_clock_set_back_neither_unexpires_nor_ends_a_hold(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    other = await staged(bench, phone_change(), correlation_id="c-2")
    assert clock_problem(bench.ledger.interval()) is None
    bench.clock.advance(hours=6)
    sweep(bench.workspace, Round())
    bench.clock.advance(hours=-3)
    assert "180 min behind" in str(clock_problem(bench.ledger.interval()))
    # Six hours have passed by the ledger; the clock set back gives no more time to decide.
    bench.clock.advance(hours=5)
    sweep(bench.workspace, Round())
    assert {change(bench, one).state for one in (id_, other)} == {State.EXPIRED}
    bench.clock.advance(hours=-8)
    sweep(bench.workspace, Round())
    with pytest.raises(Conflict):
        approve(bench, id_)
    interval = bench.ledger.interval()
    assert interval.lo == bench.clock.now() < moment(str(change(bench, id_).expires))
    assert interval.hi > interval.lo, "a hold is over only by the earlier end"


async def test_a_clock_set_ahead_and_back_keeps_what_expired_and_holds_on(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    bench.clock.advance(days=30)
    sweep(bench.workspace, Round())
    assert change(bench, id_).state == State.EXPIRED
    bench.clock.advance(days=-30)
    sweep(bench.workspace, Round())
    assert change(bench, id_).state == State.EXPIRED
    assert "behind the ledger" in str(clock_problem(bench.ledger.interval()))


async def test_an_ehr_whose_clock_is_ahead_expires_what_this_machine_would_not(
    bench: Bench,
) -> None:
    id_ = await staged(bench, phone_change())
    bench.clock.advance(hours=7, minutes=40)
    sweep(bench.workspace, Round())
    assert change(bench, id_).state == State.PENDING
    bench.clock.offsets["sandbox"] = timedelta(minutes=30)
    with pytest.raises(Conflict):
        approve(bench, id_)
    sweep(bench.workspace, Round())
    assert change(bench, id_).state == State.EXPIRED


async def test_an_ehr_whose_clock_is_a_day_ahead_is_not_believed(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    bench.clock.offsets["sandbox"] = timedelta(days=1)
    sweep(bench.workspace, Round())
    assert change(bench, id_).state == State.PENDING
    known = bench.clock.bounds()
    assert "not believed" in str(clock_problem(bench.ledger.interval(), known))
    approve(bench, id_)


async def test_control_were_a_stray_clock_believed_it_would_expire(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await staged(bench, phone_change())
    monkeypatch.setattr("core.clock.STRAY", timedelta(days=2))
    bench.clock.offsets["sandbox"] = timedelta(days=1)
    sweep(bench.workspace, Round())
    assert change(bench, id_).state == State.EXPIRED


async def test_a_hold_is_not_over_while_an_ehr_says_that_it_is_not(bench: Bench) -> None:
    policy = bench.ledger.config("policy").document
    adopt(bench.workspace, "policy", policy.replace('hold = "0s"', 'hold = "1h"'))
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    bench.clock.advance(minutes=61)
    bench.clock.offsets["sandbox"] = timedelta(minutes=-30)
    await run(bench)
    assert not bench.ehr.sent
    bench.clock.advance(minutes=30)
    await run(bench)
    assert "Patient" in [one.type for one in bench.ehr.sent]


async def test_a_hold_ends_by_the_earlier_end_of_the_clock(bench: Bench) -> None:
    policy = bench.ledger.config("policy").document
    held = policy.replace('hold = "0s"', 'hold = "1h"')
    assert held != policy
    adopt(bench.workspace, "policy", held)
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    bench.clock.advance(hours=2)
    await staged(bench, phone_change(), correlation_id="c-2")
    bench.clock.advance(hours=-2)
    for minutes, sent in ((0, 0), (59, 0), (1, 1)):
        bench.clock.advance(minutes=minutes)
        await run(bench)
        assert len([one for one in bench.ehr.sent if one.type == "Patient"]) == sent
