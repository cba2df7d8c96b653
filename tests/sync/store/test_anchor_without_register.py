"""An EHR that keeps no registers holds nothing up; one that had ours and lost it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from core.errors import Failed, Unreachable
from core.ports import Capability, Fetched
from sync.store.anchor import publish_head
from tests.builders import Bench, chart
from tests.fakes import FakeEhr

NAME = "solo/log.test"


class NoLibrary(FakeEhr):
    """A product that knows no Library: its statement lists none, and a search is no search."""

    async def capability(self, type_: str) -> Capability:
        found = await super().capability(type_)
        if type_ != "Library":
            return found
        return Capability(False, False, False, False, False)

    async def search(self, type_: str, parameters: Mapping[str, str]) -> Sequence[Fetched]:
        if type_ == "Library":
            raise Unreachable("the EHR answered 404")
        return await super().search(type_, parameters)


async def test_an_ehr_without_registers_is_not_unreachable(tmp_path: Path) -> None:
    ehr = NoLibrary()
    bench = Bench(tmp_path, chart(ehr))
    assert await publish_head(bench.ledger, ehr, NAME, bench.clock)
    assert ehr.sent == []
    assert bench.ledger.anchor(ehr.name) is None


async def test_a_register_that_was_there_and_is_gone_stops_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path, chart(FakeEhr()))
    monkeypatch.setattr("tests.fakes._matches", lambda *_: False)
    assert await publish_head(bench.ledger, bench.ehr, NAME, bench.clock)
    anchor = bench.ledger.anchor("sandbox")
    assert anchor is not None
    ehr = NoLibrary()
    with pytest.raises(Failed, match="gone from the EHR"):
        await publish_head(bench.ledger, ehr, NAME, bench.clock)
    assert anchor == bench.ledger.anchor("sandbox")
    assert ehr.sent == []
