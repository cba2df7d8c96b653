"""A freeze lists the writes that left before it, and tells what became of each."""

from pathlib import Path

import pytest

from core.incident.awaited import awaited
from core.incident.freeze import declare
from core.records import FreezeRow
from tests.builders import Bench
from tests.core.gateway.scenario import approved_phone, approved_problem, change, run


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def frozen(bench: Bench, scope: dict[str, str]) -> FreezeRow:
    id_ = declare(bench.workspace, scope, "looks wrong")
    return next(row for row in bench.ledger.freezes() if row.id == id_)


async def left(bench: Bench, fault: str) -> str:
    """Send a write whose end is not known, to an EHR that then cannot be read."""
    id_ = await approved_phone(bench)
    bench.ehr.faults = [fault]
    send = bench.ehr.send

    async def then_down(*args):
        try:
            return await send(*args)
        finally:
            bench.ehr.down = True

    bench.ehr.send = then_down
    await run(bench)
    bench.ehr.send = send
    assert change(bench, id_).state == "ambiguous"
    return id_


@pytest.mark.parametrize(
    ("fault", "outcome"), [("lost-response", "in-chart"), ("lost-request", "not-in-chart")]
)
async def test_what_left_before_is_awaited_and_told_truly(
    bench: Bench, fault: str, outcome: str
) -> None:
    id_ = await left(bench, fault)
    row = frozen(bench, {"type": "Patient"})
    (late,) = awaited(bench.ledger, row)
    assert (late.proposal, late.index, late.outcome) == (id_, 0, "awaited")
    assert late.operation == change(bench, id_).operation
    bench.ehr.down = False
    await run(bench)
    assert [item.outcome for item in awaited(bench.ledger, row)] == [outcome]
    assert (len(bench.ehr.versions["Patient/example"]) == 2) is (outcome == "in-chart")


async def test_what_has_not_left_is_stopped_and_not_listed(bench: Bench) -> None:
    await approved_problem(bench)
    row = frozen(bench, {})
    await run(bench)
    assert awaited(bench.ledger, row) == () and not bench.ehr.sent


async def test_what_the_scope_does_not_match_is_not_listed(bench: Bench) -> None:
    await left(bench, "lost-response")
    assert awaited(bench.ledger, frozen(bench, {"type": "Condition"})) == ()


async def test_what_a_person_must_find_out_is_told_as_that(bench: Bench) -> None:
    await left(bench, "lost-response")
    row = frozen(bench, {})
    bench.ehr.down = False
    bench.ehr.versions["Patient/example"].clear()
    await run(bench)
    assert [item.outcome for item in awaited(bench.ledger, row)] == ["to-look-at"]
