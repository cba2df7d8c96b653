"""Nobody approves what they submitted by hand, and the gateway counts no such approval."""

from pathlib import Path

import pytest

from core.lifecycle import State
from core.review import approval, asking
from tests.builders import Bench
from tests.core.gateway.scenario import approved_phone, change, run

OWN = frozenset({"dr-lee"})


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_an_approval_of_ones_own_is_void_at_sending(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await approved_phone(bench)
    monkeypatch.setattr(approval, "authors", lambda _proposal: OWN)
    await run(bench)
    assert bench.ehr.sent == []
    assert (change(bench, id_).state, change(bench, id_).void) == (State.PENDING, "self-approved")


async def test_control_of_anothers_it_is_sent(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    row = bench.ledger.proposal(id_)
    assert asking.authors(row) == {"scribe-1"}
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED
