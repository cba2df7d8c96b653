"""One search a proposal, kept with its age; a kept answer never lets a write through."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from core.consent.chart import KEPT_FOR, ChartConsents
from core.view import proposal_json, view_proposal
from tests.builders import Bench, phone_change, problem_change
from tests.core.consent.test_chart import PATIENT, put
from tests.core.consent.test_evaluate import DENY, PERMIT
from tests.core.gateway.scenario import approve, change, run, staged
from tests.fakes import FakeEhr


class Searched(FakeEhr):
    """Counts the searches for Consents."""

    searches = 0

    async def search(self, type_: str, parameters: Mapping[str, str]) -> Any:
        self.searches += type_ == "Consent"
        return await super().search(type_, parameters)


@pytest.fixture
def reading(tmp_path: Path) -> Bench:
    from tests.builders import chart

    bench = Bench(tmp_path, chart(Searched()))
    bench.consents = ChartConsents(bench.ledger, bench.clock)
    return bench


def searches(bench: Bench) -> int:
    assert isinstance(bench.ehr, Searched)
    return bench.ehr.searches


async def test_three_changes_one_search(reading: Bench) -> None:
    await staged(reading, phone_change(), problem_change(), problem_change())
    assert searches(reading) == 1


async def test_what_is_kept_serves_the_next_proposal_and_says_how_old_it_is(
    reading: Bench,
) -> None:
    put(reading, PERMIT)
    first = await staged(reading, phone_change())
    reading.clock.advance(minutes=3)
    second = await staged(reading, problem_change(), correlation_id="c-2", evidence=[])
    assert searches(reading) == 1
    read = {change(reading, id_).consent_at for id_ in (first, second)}
    assert len(read) == 1 and None not in read
    row = reading.ledger.proposal(second)
    assert row is not None
    shown = proposal_json(view_proposal(reading.ledger, row))["changes"][0]
    assert shown["consent_read"] == read.pop()


async def test_too_old_or_from_the_future_it_is_read_again(reading: Bench) -> None:
    await staged(reading, phone_change())
    reading.clock.advance(seconds=KEPT_FOR.total_seconds() + 1)
    await staged(reading, phone_change(), correlation_id="c-2")
    assert searches(reading) == 2
    reading.clock.advance(minutes=-1)
    await staged(reading, phone_change(), correlation_id="c-3")
    assert searches(reading) == 3


async def test_the_send_step_reads_anew_however_young_what_is_kept(reading: Bench) -> None:
    put(reading, PERMIT)
    id_ = await staged(reading, phone_change())
    approve(reading, id_)
    put(reading, DENY)
    await run(reading)
    assert not reading.ehr.sent and searches(reading) == 2


async def test_control_what_is_kept_would_let_it_through(
    reading: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(reading, PERMIT)
    id_ = await staged(reading, phone_change())
    approve(reading, id_)
    put(reading, DENY)
    consents = reading.consents
    assert isinstance(consents, ChartConsents)
    true = consents.read

    async def stale(ehr: Any, patient: str, *, fresh: bool = False) -> Any:
        return await true(ehr, patient)

    monkeypatch.setattr(consents, "read", stale)
    await run(reading)
    assert reading.ehr.sent


async def test_only_so_many_patients_are_kept(reading: Bench) -> None:
    consents = reading.consents
    assert isinstance(consents, ChartConsents)
    for number in range(200):
        await consents.read(reading.ehr, f"Patient/p{number}")
    assert len(consents._kept) == 64
    before = searches(reading)
    await consents.read(reading.ehr, "Patient/p199")
    assert searches(reading) == before


async def test_an_ehr_under_another_address_shares_nothing(reading: Bench) -> None:
    put(reading, PERMIT)
    consents = reading.consents
    assert isinstance(consents, ChartConsents)
    await consents.read(reading.ehr, PATIENT)
    other = FakeEhr(base_url="http://127.0.0.1:2/fhir")
    assert (await consents.read(other, PATIENT)).resources == ()
