"""The demo as a user meets it: a painted queue, a decision by keys, a write, and its proof."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from console.app import ConsoleApp
from console.bootstrap import Opened
from console.bootstrap.demo import open_demo
from console.bootstrap.demo_script import THREAD
from console.commands.finding import change_line
from console.watch import Watch
from console.widgets.row_list import RowList
from core.errors import BadInput
from core.records import ChangeRow
from core.workspace import roster_in_force


@pytest.fixture(scope="module")
def demo() -> Iterator[Opened]:
    with open_demo(calm=True) as opened:
        yield opened


def test_waiting_rows_name_operation_and_element(demo: Opened) -> None:
    waiting = demo.ledger.changes_in("pending-human-review")
    lines = {change_line(row) for row in waiting}
    assert len(waiting) >= 4
    assert {"update Patient.telecom", "create Condition", "create Observation"} <= lines
    assert all("Synthetic" in (row.patient_label or "") for row in waiting)


async def test_approved_by_two_keys_then_written_and_proved(demo: Opened) -> None:
    row = next(
        item
        for item in demo.ledger.changes_in("pending-human-review")
        if change_line(item) == "create Observation"
    )
    app = ConsoleApp(demo, timers=False, monotonic=Ticking())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await _open(pilot, row)
        await pilot.press("a")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        await app.workers.wait_for_complete()
    await asyncio.to_thread(demo.gateway_round, Watch())

    now = demo.ledger.change(row.proposal, row.idx)
    assert now is not None and now.state == "verified"
    async with demo.connected() as workspace:
        write = demo.ledger.write(now.operation)
        assert write is not None and write.location is not None
        stored = await workspace.ehr("sandbox").read(write.location)
    assert stored is not None and stored.version == "1"
    assert stored.resource["valueQuantity"]["value"].text == "68.40"
    assert demo.verify(await demo.published_head()).ok


class Ticking:
    """A clock on which a second passes between two looks, so that no key counts as a repeat."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


async def _open(pilot, row: ChangeRow) -> None:
    """Walk down the queue to a row and open it, as a user does."""
    for _ in range(20):
        if pilot.app.screen.query_one(RowList).cursor == (row.proposal, row.idx):
            break
        await pilot.press("down")
    await pilot.press("enter")
    await pilot.pause()


def test_one_role_only() -> None:
    with open_demo("coordinator", calm=True) as opened:
        assert opened.reviewer == "demo-coordinator"
        person = roster_in_force(opened.ledger).person(opened.reviewer)
        assert person.roles == ["coordinator"]


def test_a_role_that_nobody_of_the_clinic_has() -> None:
    with open_demo("policy-owner", calm=True) as opened:
        assert opened.reviewer == "demo-reviewer"
        assert roster_in_force(opened.ledger).person("demo-reviewer").roles == ["policy-owner"]


def test_live_agents_propose_while_it_is_open_and_end_with_it() -> None:
    def names() -> set[str]:
        return {thread.name for thread in threading.enumerate()}

    with open_demo() as opened:
        assert THREAD in names()
        assert opened.ledger.state_counts()["pending-human-review"] >= 8
    assert THREAD not in names()


def test_unknown_role_is_named() -> None:
    with pytest.raises(BadInput, match="is not a role"), open_demo("wizard"):
        raise AssertionError("not opened")
