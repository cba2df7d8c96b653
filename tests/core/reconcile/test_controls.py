"""With a guard of the loop switched off, what it guards against happens: each was seen red."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import Unreachable
from core.reconcile import clocks, look, overdue, raising, recheck
from core.reconcile.clocks import standings
from core.reconcile.sides import Sides
from core.reconcile.trouble import troubles
from tests.builders import Bench
from tests.core.gateway.scenario import change, run
from tests.core.reconcile.again import row, the_exception, told, until_due
from tests.core.reconcile.test_levels import incident_ids
from tests.core.reconcile.test_rounds import five_patients, unreadable
from tests.core.reconcile.test_settle import discrepant
from tests.core.reconcile.test_visible import with_encounter


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_without_its_clock_an_exception_is_never_overdue(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (overdue, clocks):
        monkeypatch.setattr(module, "is_overdue", lambda *_: False)
    id_ = await discrepant(bench)
    bench.clock.advance(days=30)
    assert (await run(bench)).overdue == 0
    assert the_exception(bench, id_).overdue_at is None
    assert not [one for one in bench.ledger.notices(id_, 0) if one.kind == "exception-overdue"]
    assert standings(troubles(bench.ledger), bench.clock.now())["review"].overdue == 0


async def test_without_looking_whether_it_was_told_it_is_told_in_every_round(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overdue, "_untold", lambda row, hi: overdue.is_overdue(row, hi))
    id_ = await discrepant(bench)
    bench.clock.advance(hours=5)
    for _ in range(3):
        assert (await run(bench)).overdue == 1
    assert len(told(bench, "exception.overdue")) == 3
    assert change(bench, id_).state == "exception"


async def test_without_looking_for_the_open_one_every_exception_opens_its_incident(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raising, "_open_one", lambda *_: None)
    found = await incident_ids(bench, 3)
    assert len(set(found)) == 3 and len(bench.ledger.open_incidents()) == 3


async def test_without_an_end_to_unreadable_ones_all_of_them_are_asked_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recheck, "IN_A_ROW", 99)
    ids = await five_patients(bench)
    unreadable(bench, Unreachable("down"))
    await run(bench)
    assert [row(bench, id_).tries for id_ in ids] == [1] * 5


async def test_without_a_look_at_what_goes_with_it_an_encounter_that_is_gone_is_not_seen(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def blind(*_: object) -> Sides:
        return Sides()

    monkeypatch.setattr(look, "sides", blind)
    id_ = await with_encounter(bench)
    del bench.ehr.versions["Encounter/e1"]
    until_due(bench, id_)
    assert (await run(bench)).drifted == 0
    assert change(bench, id_).state == "verified"
