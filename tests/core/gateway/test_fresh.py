"""How old what was read may be when a write leaves, and what a moved record does to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import Moved
from core.gateway import send
from core.lifecycle import State
from core.ports import Fetched
from tests.builders import Bench
from tests.core.gateway.scenario import approved_phone, approved_problem, change, run


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def slow_search(bench: Bench, seconds: float) -> None:
    """Let every search take so long."""
    inner = bench.ehr.search

    async def search(type_: str, parameters: Mapping[str, str]) -> Sequence[Fetched]:
        bench.clock.advance(seconds=seconds)
        return await inner(type_, parameters)

    bench.ehr.search = search  # type: ignore[method-assign]


async def test_what_was_read_too_long_ago_is_read_again(bench: Bench) -> None:
    id_ = await approved_problem(bench)
    slow_search(bench, 125)
    await run(bench)
    assert bench.ehr.sent == [] and change(bench, id_).state == State.READY
    del bench.ehr.search
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED


async def test_control_without_the_bound_it_leaves(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "FRESH", timedelta(days=1))
    await approved_problem(bench)
    slow_search(bench, 125)
    await run(bench)
    assert bench.ehr.sent != []


@pytest.mark.parametrize(
    ("to_record", "state", "why"),
    [(True, State.PENDING, "record-moved"), (False, State.READY, None)],
)
async def test_a_base_that_was_moved_goes_to_a_person_and_a_redirect_to_a_page_waits(
    bench: Bench, to_record: bool, state: State, why: str | None
) -> None:
    id_ = await approved_phone(bench)
    inner = bench.ehr.read

    async def read(reference: str, version: str | None = None) -> Fetched | None:
        moved = Moved("the EHR answered with a redirect")
        moved.to_record = to_record
        raise moved

    bench.ehr.read = read  # type: ignore[method-assign]
    await run(bench)
    row = change(bench, id_)
    assert (row.state, row.void) == (state, why)
    opened = [item.class_ for item in bench.ledger.exceptions(id_, 0)]
    assert opened == ([] if why is None else [why])
    bench.ehr.read = inner  # type: ignore[method-assign]
    assert bench.ehr.sent == []
