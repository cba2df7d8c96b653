"""Failures after which a write may stand in the chart: read back first, and what follows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.gateway import failing, readback
from core.ports import Response
from tests.builders import Bench
from tests.core.gateway.failed import answer, failed, patients, speaks, state, until
from tests.core.gateway.scenario import approved_phone, approved_problem, run


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


# Ambiguous: read back first, when the server says that it may be asked.


async def test_a_503_with_retry_after_is_read_back_and_only_then(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = [answer(503, retry_after=30.0)]
    await run(bench)
    assert state(bench, id_) == "ambiguous" and failed(bench, id_).failure == "outcome-unknown"
    bench.clock.advance(seconds=29)
    await run(bench)
    assert state(bench, id_) == "ambiguous" and len(bench.ehr.sent) == 1
    bench.clock.advance(seconds=1)
    await run(bench)
    assert state(bench, id_) == "verified" and patients(bench) == 2


# A passing fault of the vendor: at most one retry, after reading.


def passing(code: str = "59177", status: int = 500) -> Response:
    return answer(status, "exception", codes=(code,), failing=True)


async def test_a_passing_fault_is_read_back_and_tried_once_more(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    speaks(bench, "epic")
    bench.ehr.faults = [passing()]
    await run(bench)
    row = failed(bench, id_)
    assert state(bench, id_) == "ambiguous" and (row.code, row.last_attempt) == ("59177", 2)
    until(bench, row)
    await run(bench)
    assert state(bench, id_) == "ambiguous" and len(bench.ehr.sent) == 1, "it may still land"
    bench.clock.advance(minutes=2)
    await run(bench)
    assert state(bench, id_) == "verified" and len(bench.ehr.sent) == 3


@pytest.mark.parametrize("second", [passing(), 500, "lost-request"])
async def test_a_second_failure_of_any_unknown_kind_ends_it(bench: Bench, second: Any) -> None:
    id_ = await approved_phone(bench)
    speaks(bench, "epic")
    bench.ehr.faults = [passing(), second, "lost-request"]
    for _ in range(6):
        await run(bench)
        bench.clock.advance(minutes=1)
    assert state(bench, id_) == "dead-letter" and patients(bench) == 1
    assert [one.type for one in bench.ehr.sent] == ["Patient", "Patient"]
    assert [one.kind for one in bench.ledger.exceptions(id_, 0)] == ["dead-letter"]


async def test_one_that_was_applied_after_all_is_found_and_not_sent_again(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    speaks(bench, "epic")
    commit = bench.ehr._commit

    def committed(request: Any) -> Response:
        commit(request)
        return passing()

    bench.ehr._commit = committed
    await run(bench)
    bench.ehr._commit = commit
    until(bench, failed(bench, id_))
    await run(bench)
    assert state(bench, id_) == "verified" and patients(bench) == 2
    assert [one.type for one in bench.ehr.sent if one.type == "Patient"] == ["Patient"]


async def test_control_without_the_limit_it_is_sent_a_third_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failing, "_last_attempt", lambda *_: None)
    await approved_phone(bench)
    speaks(bench, "epic")
    bench.ehr.faults = [passing(), passing(), passing()]
    for _ in range(6):
        await run(bench)
        bench.clock.advance(minutes=1)
    assert [one.type for one in bench.ehr.sent].count("Patient") > 2


async def test_an_unknown_error_of_a_post_goes_again_only_after_a_search(bench: Bench) -> None:
    bench.ehr.update_create = False
    id_ = await approved_problem(bench)
    speaks(bench, "eclinicalworks")
    unknown = answer(200, body_status="103")
    bench.ehr.faults = [unknown, unknown]
    await run(bench)
    assert bench.ehr.searched.count("Condition") >= 1
    await run(bench)
    assert state(bench, id_) == "dead-letter" and len(bench.ehr.sent) == 2


# Duplicate and already done: verify whether it is ours.


@pytest.mark.parametrize(
    ("profile", "fault", "how"),
    [
        ("epic", answer(400, codes=("59141",), failing=True), "already-there"),
        ("epic", answer(422, "duplicate"), "already-there"),
        ("eclinicalworks", answer(200, body_status="202"), "already-there"),
        ("eclinicalworks", answer(200, body_status="134"), "not-done"),
    ],
)
@pytest.mark.parametrize("by_put", [True, False])
async def test_what_is_there_and_not_ours_goes_to_a_person(
    bench: Bench, profile: str, fault: Response, how: str, by_put: bool
) -> None:
    bench.ehr.update_create = by_put
    id_ = await approved_problem(bench)
    speaks(bench, profile)
    bench.ehr.faults = [fault]
    await run(bench)
    await run(bench)
    assert state(bench, id_) == "exception" and len(bench.ehr.sent) == 1
    assert [one.class_ for one in bench.ledger.exceptions(id_, 0)] == [how]


@pytest.mark.parametrize("code", ["59141"])
async def test_what_is_there_and_ours_is_a_success(bench: Bench, code: str) -> None:
    id_ = await approved_problem(bench)
    speaks(bench, "epic")
    commit = bench.ehr._commit

    def there(request: Any) -> Response:
        commit(request)
        return answer(400, codes=(code,), failing=True)

    bench.ehr._commit = there
    await run(bench)
    bench.ehr._commit = commit
    await run(bench)
    assert state(bench, id_) == "verified" and len(bench.ehr.sent) <= 3


async def test_control_a_duplicate_called_not_applied_would_be_sent_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readback, "_SAID_DONE", {})
    await approved_problem(bench)
    speaks(bench, "epic")
    bench.ehr.faults = [answer(400, codes=("59141",), failing=True)]
    await run(bench)
    bench.clock.advance(minutes=2)
    await run(bench)
    assert [one.type for one in bench.ehr.sent].count("Condition") == 2
