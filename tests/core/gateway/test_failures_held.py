"""Refusals, which end a write, and what an EHR holds and may still show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import Moved
from core.failure.due import HELD
from core.gateway import held
from core.ledger.event import moment
from core.ports import Response
from tests.builders import Bench
from tests.core.gateway.failed import answer, failed, speaks, state, until
from tests.core.gateway.scenario import approved_phone, approved_problem, edit, run


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


# Refusals: nothing is tried again.


@pytest.mark.parametrize(
    ("profile", "fault", "failure"),
    [
        ("epic", answer(403, codes=("4131",), failing=True), "authorization"),
        ("epic", answer(400, codes=("59187",), failing=True), "business-rule"),
        ("epic", answer(302, codes=("4107",), failing=True), "redirected"),
        ("eclinicalworks", answer(200, body_status="139"), "business-rule"),
        ("eclinicalworks", answer(200, body_status="109"), "validation"),
        ("athenahealth", answer(403), "authorization"),
    ],
)
async def test_a_refusal_is_never_tried_again_and_its_code_is_kept(
    bench: Bench, profile: str, fault: Response, failure: str
) -> None:
    id_ = await approved_problem(bench)
    speaks(bench, profile)
    bench.ehr.faults = [fault]
    await run(bench)
    bench.clock.advance(hours=2)
    await run(bench)
    assert state(bench, id_) == "refused" and len(bench.ehr.sent) == 1
    assert [(one.kind, one.class_) for one in bench.ledger.exceptions(id_, 0)] == [
        ("refused", failure)
    ]
    assert failed(bench, id_).code == next(iter((*fault.codes, fault.body_status)), None)


async def test_no_word_of_the_server_stands_in_a_leaf(bench: Bench) -> None:
    """A code that no row knows could be a room, a year or a record number."""
    id_ = await approved_phone(bench)
    bench.ehr.faults = [answer(422, "invalid", codes=("197001",), failing=True)]
    await run(bench)
    leaves = [str(entry.leaf) for entry in bench.ledger.trail(id_)]
    assert failed(bench, id_).code is None and not any("197001" in leaf for leaf in leaves)


# 202: held, looked for, never sent again.


async def test_what_the_ehr_holds_is_looked_for_until_it_shows(bench: Bench) -> None:
    id_ = await approved_problem(bench)
    commit = bench.ehr._commit
    kept: list[Any] = []

    def hold(request: Any) -> Response:
        kept.append(request)
        return answer(202)

    bench.ehr._commit = hold
    await run(bench)
    bench.ehr._commit = commit
    assert state(bench, id_) == "held-by-ehr"
    row = failed(bench, id_)
    assert row.deadline is not None and moment(row.deadline) == bench.clock.time + HELD
    for _ in range(3):
        until(bench, failed(bench, id_))
        await run(bench)
    assert state(bench, id_) == "held-by-ehr" and failed(bench, id_).tries == 4
    commit(kept[0])
    until(bench, failed(bench, id_))
    await run(bench)
    assert state(bench, id_) == "verified"
    assert [one.type for one in bench.ehr.sent].count("Condition") == 1


async def test_what_never_shows_goes_to_a_person_at_the_deadline(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = [202]
    await run(bench)
    bench.clock.advance(hours=23, minutes=59)
    await run(bench)
    assert state(bench, id_) == "held-by-ehr"
    bench.clock.advance(minutes=1)
    await run(bench)
    assert state(bench, id_) == "exception" and len(bench.ehr.sent) == 1
    assert [one.class_ for one in bench.ledger.exceptions(id_, 0)] == ["not-visible"]


async def test_a_held_update_that_somebody_overtook_is_not_sent_again(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = [202]
    await run(bench)
    edit(bench, active=False)
    bench.clock.advance(hours=25)
    await run(bench)
    assert state(bench, id_) == "exception" and len(bench.ehr.sent) == 1


async def test_control_without_a_deadline_it_would_be_held_for_ever(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "_over", lambda *_: False)
    id_ = await approved_phone(bench)
    bench.ehr.faults = [202]
    await run(bench)
    bench.clock.advance(days=30)
    await run(bench)
    assert state(bench, id_) == "held-by-ehr"


async def test_a_record_that_was_moved_while_it_is_held_goes_to_a_person(bench: Bench) -> None:
    """No later reading would find it: past the deadline too the answer is a redirect."""
    id_ = await approved_phone(bench)
    bench.ehr._commit = lambda _: answer(202)
    await run(bench)
    assert state(bench, id_) == "held-by-ehr"

    async def moved(reference: str, version: str | None = None) -> None:
        raise Moved("the EHR answered with a redirect (301), which is never followed")

    bench.ehr.read = moved
    bench.clock.advance(hours=1)
    done = await run(bench)
    assert (state(bench, id_), done.exceptions, done.unreachable) == ("exception", 1, False)
