"""An EHR that names no versions: an update has no safe road there, and intake says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import Unreachable
from core.ports import Fetched
from core.review.byhand import sheet
from tests.builders import phone_change, proposal
from tests.core.intake.scenario import Ward, codes, row, submit, ward
from tests.fakes import FakeEhr


@pytest.mark.parametrize("versioned", [False, True])
async def test_an_update_is_entered_by_hand_and_not_unreachable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, versioned: bool
) -> None:
    async def read(ehr: FakeEhr, reference: str, version: str | None = None) -> Fetched | None:
        if version is not None:
            raise Unreachable("there are no versions to read")
        found = await FakeEhr.read(ehr, reference)
        return None if found is None else replace(found, version="")

    monkeypatch.setattr(Ward, "read", read)
    bench, ehr = ward(tmp_path)
    # What a statement claims does not help where nothing names the version to match.
    ehr.offers = {"versioned": versioned}
    staged = await submit(bench, proposal(phone_change(), evidence=[]))
    found = row(bench, staged, 0)
    assert (found.state, found.rung) == ("pending-human-review", "by-hand")
    assert "no-api-write" in codes(staged)
    told = sheet(bench.ledger, found.proposal, 0).no_api
    assert told == "advertised: it offers no update that is safely bound to a version"
