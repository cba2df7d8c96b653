"""The chart context: what open proposals need, no more, and whole after any failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from core.errors import Unreachable
from core.ports import Fetched
from core.review.decide import Answer, decide
from sync.hub.context import ContextDone, context_of, refresh_context
from tests.builders import Bench, chart
from tests.core.gateway.scenario import edit, staged
from tests.fakes import FakeEhr


class Counting(FakeEhr):
    """Notes searches; fails the nth call."""

    def __init__(self) -> None:
        super().__init__()
        self.searches: list[tuple[str, dict[str, str]]] = []
        self.fail_at = 0
        self.calls = 0

    def _count(self) -> None:
        self.calls += 1
        if self.calls == self.fail_at:
            raise Unreachable("the EHR is down")

    async def read(self, reference: str, version: str | None = None) -> Fetched | None:
        self._count()
        return await super().read(reference, version)

    async def search(self, type_: str, parameters: Mapping[str, str]) -> Sequence[Fetched]:
        self._count()
        self.searches.append((type_, dict(parameters)))
        return await super().search(type_, parameters)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    ehr = Counting()
    chart(ehr)
    return Bench(tmp_path, ehr)


def ehr(bench: Bench) -> Counting:
    assert isinstance(bench.ehr, Counting)
    return bench.ehr


async def refresh(bench: Bench, **options: Any) -> ContextDone:
    ehr(bench).searches.clear()
    return await refresh_context(
        bench.connection,
        bench.ledger,
        {"sandbox": bench.ehr},
        bench.clock.now(),
        options.get("full", False),
    )


def rows(bench: Bench) -> dict[str, tuple[str, bool]]:
    found = bench.connection.execute("SELECT reference FROM context ORDER BY reference")
    kept = {ref: context_of(bench.connection, "sandbox", ref) for (ref,) in found.fetchall()}
    return {ref: (row.version, row.gone) for ref, row in kept.items() if row is not None}


async def test_what_open_proposals_rest_on_is_kept(bench: Bench) -> None:
    assert await refresh(bench) == ContextDone()
    await staged(bench)
    assert (await refresh(bench)).fetched == 2
    assert rows(bench) == {"DocumentReference/n1": ("1", False), "Patient/example": ("1", False)}
    row = context_of(bench.connection, "sandbox", "Patient/example")
    assert row is not None and row.resource == bench.ehr.current("Patient/example")


async def test_an_idle_refresh_asks_once_a_type_and_stores_nothing(bench: Bench) -> None:
    await staged(bench)
    await refresh(bench)
    bench.clock.advance(hours=3)
    assert await refresh(bench) == ContextDone()
    asked = ehr(bench).searches
    assert [type_ for type_, _ in asked] == ["DocumentReference", "Patient"]
    assert all("_lastUpdated" in parameters for _, parameters in asked)


async def test_a_newer_version_is_taken_up(bench: Bench) -> None:
    await staged(bench)
    await refresh(bench)
    edit(bench, active=False)
    assert (await refresh(bench)).fetched == 1
    assert rows(bench)["Patient/example"] == ("2", False)


async def test_what_vanished_leaves_a_tombstone_without_content(bench: Bench) -> None:
    await staged(bench)
    await refresh(bench)
    del bench.ehr.versions["DocumentReference/n1"]
    assert (await refresh(bench)).gone == 0, "only a full comparison can tell"
    assert (await refresh(bench, full=True)).gone == 1
    row = context_of(bench.connection, "sandbox", "DocumentReference/n1")
    assert row is not None and row.gone and row.resource is None
    assert (await refresh(bench, full=True)).gone == 0


async def test_what_no_open_proposal_needs_is_deleted(bench: Bench) -> None:
    id_ = await staged(bench)
    await refresh(bench)
    for index in (0, 1):
        decide(bench.workspace, id_, index, Answer("reject", reason="not-supported"))
    assert (await refresh(bench)).dropped == 2
    assert rows(bench) == {}


async def test_failing_at_each_step_keeps_what_is_there(bench: Bench) -> None:
    await staged(bench)
    await refresh(bench)
    edit(bench, active=False)
    before = rows(bench)
    for n in range(1, 10):
        ehr(bench).calls, ehr(bench).fail_at = 0, n
        done = await refresh(bench, full=True)
        if not done.unreachable:
            break
        kept = rows(bench)
        assert set(kept) == set(before) and not any(gone for _, gone in kept.values())
    assert 1 < n < 9
    assert rows(bench)["Patient/example"] == ("2", False)
    assert context_of(bench.connection, "sandbox", "Patient/none") is None


async def test_what_a_search_hides_is_kept_at_once(bench: Bench) -> None:
    await staged(bench)

    async def nothing(_type: str, _parameters: Mapping[str, str]) -> Sequence[Fetched]:
        return []

    bench.ehr.search = nothing  # type: ignore[method-assign]
    assert await refresh(bench) == ContextDone(fetched=2)
    assert rows(bench) == {"DocumentReference/n1": ("1", False), "Patient/example": ("1", False)}
