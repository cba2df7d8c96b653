"""What a round says of itself: whether all that was due has ended; what waits for a Provenance."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import Unreachable
from core.gateway import run as running
from core.ports import Fetched
from tests.builders import Bench
from tests.core.gateway.scenario import approved_phone, change, run
from tests.core.gateway.test_provenance_lost import not_searched, outcomes
from tests.core.reconcile.again import row, the_exception, until_due


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def failing_reads(bench: Bench, count: int) -> None:
    """Let so many reads after the write fail."""
    read, left = bench.ehr.read, [count]

    async def fails(reference: str, version: str | None = None) -> Fetched | None:
        if bench.ehr.sent and left[0]:
            left[0] -= 1
            raise Unreachable("away for a moment")
        return await read(reference, version)

    bench.ehr.read = fails  # type: ignore[method-assign]


async def test_what_ended_in_the_same_round_was_reached(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    failing_reads(bench, 1)
    done = await run(bench)
    assert (done.verified, done.unreachable) == (1, False)
    assert change(bench, id_).state == "verified"


async def test_what_did_not_end_in_the_round_was_not(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    failing_reads(bench, 99)
    assert (await run(bench)).unreachable
    assert change(bench, id_).state == "persisted"


async def test_a_look_that_gets_no_answer_is_said_and_counts_as_not_reached(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    assert not (await run(bench)).unreachable
    until_due(bench, id_)
    failing_reads(bench, 99)
    done = await run(bench)
    assert (done.looked_again, done.unread, done.unreachable) == (0, 1, True)


async def searched_in_vain(bench: Bench) -> str:
    """Write something at an EHR whose search for a Provenance always fails, and wait."""
    id_ = await approved_phone(bench)
    not_searched(bench, Unreachable("500"))
    assert (await run(bench)).unreachable
    assert change(bench, id_).state == "persisted"
    bench.clock.advance(minutes=9, seconds=59)
    await run(bench)
    assert change(bench, id_).state == "persisted"
    bench.clock.advance(seconds=1)
    return id_


async def test_a_provenance_search_that_always_fails_does_not_keep_a_write_unexamined(
    bench: Bench,
) -> None:
    id_ = await searched_in_vain(bench)
    assert (await run(bench)).verified == 1
    assert (change(bench, id_).state, outcomes(bench, id_)) == ("verified", ["unconfirmed"])
    until_due(bench, id_)
    await run(bench)
    found = the_exception(bench, id_)
    assert (found.kind, found.class_) == ("side-effect", "lossy"), "people see it"


async def test_what_is_wrong_with_the_write_shows_whatever_the_provenance_does(
    bench: Bench,
) -> None:
    bench.ehr.transform = lambda one: {**one, "active": False} if "active" in one else one
    id_ = await searched_in_vain(bench)
    assert (await run(bench)).exceptions == 1
    assert the_exception(bench, id_).kind == "discrepancy"


async def test_control_without_a_deadline_it_would_wait_for_ever(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_is_late", lambda *_: False)
    id_ = await searched_in_vain(bench)
    bench.clock.advance(days=30)
    await run(bench)
    assert change(bench, id_).state == "persisted" and not bench.ledger.exceptions(id_, 0)


async def test_once_the_search_works_the_provenance_is_recorded_and_nobody_is_told(
    bench: Bench,
) -> None:
    search = bench.ehr.search
    id_ = await searched_in_vain(bench)
    await run(bench)
    bench.ehr.search = search  # type: ignore[method-assign]
    until_due(bench, id_)
    done = await run(bench)
    assert (done.looked_again, done.drifted) == (1, 0)
    assert outcomes(bench, id_) == ["unconfirmed", "written"]
    assert sum(ref.startswith("Provenance/") for ref in bench.ehr.versions) == 1


async def test_an_ehr_that_is_away_altogether_loses_no_provenance(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    search, read = bench.ehr.search, bench.ehr.read
    not_searched(bench, Unreachable("down"))
    failing_reads(bench, 99)
    await run(bench)
    bench.clock.time += timedelta(hours=1)
    await run(bench)
    assert (change(bench, id_).state, outcomes(bench, id_)) == ("persisted", [])
    bench.ehr.search, bench.ehr.read = search, read  # type: ignore[method-assign]
    await run(bench)
    assert (change(bench, id_).state, outcomes(bench, id_)) == ("verified", ["written"])
    assert row(bench, id_).tries == 0
