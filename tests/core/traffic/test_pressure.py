"""Backpressure: intake slows where what follows it cannot keep up, and says when to come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.adoption import adopt
from core.intake.quota import Throttled
from core.intake.stage import stage
from core.traffic import pressure
from tests.builders import Bench, document, problem_of, proposal
from tests.core.gateway.scenario import approve, run, staged


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def propose(bench: Bench, code: str, **more: Any) -> None:
    item = document(proposal(problem_of(code), evidence=[], correlation_id=f"c-{code}", **more))
    await stage(bench.workspace, item)


async def refused(bench: Bench, code: str) -> Throttled:
    with pytest.raises(Throttled) as caught:
        await propose(bench, code)
    assert bench.ledger.same_proposal("scribe-1", f"c-{code}") is None, "nothing was stored"
    return caught.value


async def written(bench: Bench, code: str, fault: int | None = None) -> None:
    id_ = await staged(bench, problem_of(code), evidence=[], correlation_id=f"w-{code}")
    approve(bench, id_)
    if fault is not None:
        bench.ehr.faults.append(fault)
    await run(bench)


def limit(bench: Bench, text: str) -> None:
    found = bench.ledger.config("profile.sandbox")
    assert found is not None
    adopt(bench.workspace, "profile.sandbox", f"{found.document}\n[limits]\n{text}\n")


async def test_writes_that_nobody_checked_slow_intake(bench: Bench) -> None:
    limit(bench, "unchecked = 1")
    await propose(bench, "1001")
    bench.ehr.transform = lambda found: {**found, "recordedDate": "2026"}
    await written(bench, "1002")
    found = await refused(bench, "1003")
    assert (found.quota, found.retry_after_s) == ("pressure-unchecked", 60)


async def test_what_the_ehr_finds_invalid_slows_its_agent_for_an_hour(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pressure, "FEW", 2)
    await written(bench, "1001", 422)
    await propose(bench, "1002")
    await written(bench, "1003", 400)
    found = await refused(bench, "1004")
    assert (found.quota, found.retry_after_s) == ("pressure-invalid", 900)
    bench.clock.advance(hours=1, minutes=1)
    await propose(bench, "1004")


async def test_more_than_people_decide_slows_intake_but_nothing_stat(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pressure, "MANY_WAITING", 2)
    await propose(bench, "1001")
    await propose(bench, "1002")
    found = await refused(bench, "1003")
    assert (found.quota, found.retry_after_s) == ("pressure-review", 1800)
    await propose(bench, "1004", urgency="stat")
    # One decision an hour carries 24 that wait.
    id_ = bench.ledger.changes_in("pending-human-review")[0].proposal
    approve(bench, id_)
    await propose(bench, "1003")


async def test_without_the_check_all_of_it_comes_in(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pressure, "MANY_WAITING", 2)
    monkeypatch.setattr("core.intake.stage.check_pressure", lambda *_: None)
    for code in ("1001", "1002", "1003"):
        await propose(bench, code)
