"""Urgent changes in simulated time: who is told, when an incident opens, and that nothing ends."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.gateway import urgent
from core.incident.freeze import declare
from core.incident.incidents import close_incident
from core.ledger.event import instant
from core.lifecycle import State
from core.needed import due
from tests.builders import Bench, phone_change
from tests.core.gateway.scenario import approve, change, run, staged
from tests.fakes import START


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def told(bench: Bench, id_: str) -> list[str]:
    """Return what was told because it is urgent; deadlines tell of themselves."""
    found = [one.kind for one in bench.ledger.notices(id_, 0)]
    return [kind for kind in found if kind == "incident" or kind.startswith("urgent-")]


def incidents(bench: Bench, id_: str) -> list[tuple[str, str]]:
    return [(one.category, one.source) for one in bench.ledger.incidents(id_, 0)]


DELAYED = [("delayed-critical-update", "needed-by")]


@pytest.mark.parametrize(
    ("overrides", "alert", "needed"),
    [
        ({"urgency": "stat"}, 22.5, 30),
        ({"urgency": "urgent"}, 180, 240),
        ({"needed_by": instant(START + timedelta(hours=1))}, 45, 60),
        ({"urgency": "stat", "needed_by": instant(START + timedelta(hours=2))}, 90, 120),
        ({"needed_by": instant(START - timedelta(hours=2))}, 0, -120),
    ],
)
async def test_when_it_is_needed(
    bench: Bench, overrides: dict[str, Any], alert: float, needed: float
) -> None:
    id_ = await staged(bench, phone_change(), **overrides)
    found = due(change(bench, id_))
    assert found is not None
    assert found.alert == START + timedelta(minutes=alert)
    assert found.needed == START + timedelta(minutes=needed)


async def test_the_route_says_how_long_where_the_proposal_does_not(bench: Bench) -> None:
    id_ = await staged(bench, phone_change(), urgency="stat")
    one = change(bench, id_)
    assert one.route_json is not None
    quick = json.dumps({**one.route_json, "reach_by_s": 600})
    found = due(one.__class__(**{**_members(one), "route": quick}))
    assert found is not None and found.needed == START + timedelta(minutes=10)


def _members(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}


async def test_nobody_is_told_of_what_nobody_waits_for(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    bench.clock.advance(hours=7)
    await run(bench)
    assert not told(bench, id_) and not incidents(bench, id_)


async def test_an_undecided_one_is_told_then_an_incident_opens_and_nothing_is_approved(
    bench: Bench,
) -> None:
    id_ = await staged(bench, phone_change(), urgency="stat")
    bench.clock.advance(minutes=22)
    await run(bench)
    assert not told(bench, id_)
    bench.clock.advance(minutes=1)
    for _ in range(3):
        await run(bench)
    assert told(bench, id_) == ["urgent-waiting"] and not incidents(bench, id_)
    (notice,) = bench.ledger.notices(id_, 0)
    assert json.loads(notice.to) == ["role:coordinator", "role:on-call"]
    assert notice.deadline == instant(START + timedelta(minutes=30))
    bench.clock.advance(minutes=7)
    for _ in range(3):
        await run(bench)
    assert told(bench, id_) == ["urgent-waiting", "incident"]
    assert incidents(bench, id_) == DELAYED
    assert change(bench, id_).state == State.PENDING and not bench.ehr.sent
    close_incident(bench.workspace, bench.ledger.open_incidents()[0].id, "seen")
    await run(bench)
    assert incidents(bench, id_) == DELAYED


async def test_one_that_expired_is_not_forgotten(bench: Bench) -> None:
    needed = instant(START + timedelta(hours=12))
    id_ = await staged(bench, phone_change(), urgency="urgent", needed_by=needed)
    bench.clock.advance(hours=13)
    await run(bench)
    assert change(bench, id_).state == State.EXPIRED
    assert told(bench, id_) == ["urgent-waiting", "incident"]


@pytest.mark.parametrize("stopped", ["frozen", "down", "refused"])
async def test_an_approved_one_that_is_not_in_the_chart_is_told_as_unsent(
    bench: Bench, stopped: str
) -> None:
    id_ = await staged(bench, phone_change(), urgency="stat")
    approve(bench, id_)
    if stopped == "frozen":
        declare(bench.workspace, {"agent": "scribe-1"}, "drill")
    elif stopped == "refused":
        bench.ehr.faults.append(422)
    bench.ehr.down = stopped == "down"
    for _ in range(4):
        bench.clock.advance(minutes=10)
        await run(bench)
    assert told(bench, id_) == ["urgent-unsent", "incident"]
    assert incidents(bench, id_) == DELAYED


async def test_one_that_is_verified_in_time_is_quiet(bench: Bench) -> None:
    id_ = await staged(bench, phone_change(), urgency="stat")
    approve(bench, id_)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED
    bench.clock.advance(hours=9)
    await run(bench)
    assert not told(bench, id_) and not incidents(bench, id_)


async def test_one_whose_write_is_missing_from_the_chart_is_not_in_the_chart(bench: Bench) -> None:
    id_ = await staged(bench, phone_change(), urgency="stat")
    approve(bench, id_)
    original = bench.ehr.read

    async def without(reference: str, version: str | None = None) -> Any:
        found = await original(reference, version)
        return None if found is not None and found.version == "2" else found

    bench.ehr.read = without  # type: ignore[method-assign]
    await run(bench)
    assert change(bench, id_).state == State.EXCEPTION
    bench.clock.advance(minutes=31)
    await run(bench)
    assert incidents(bench, id_) == [("data-corruption", "reconciliation"), *DELAYED]


async def test_control_without_the_watch_it_would_end_in_silence(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urgent, "watch", lambda _workspace: 0)
    id_ = await staged(bench, phone_change(), urgency="stat")
    bench.clock.advance(hours=9)
    await run(bench)
    assert not told(bench, id_) and not incidents(bench, id_)
