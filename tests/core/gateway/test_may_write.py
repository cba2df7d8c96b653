"""The intersection asked again before the first byte; a no that came later stops the write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.adoption import adopt
from core.gateway import guards, refresh
from core.lifecycle import State
from core.ports import Response
from core.profile.asked import answer_for, observed_here, refusal_now
from core.review.byhand import why_not
from sync.profiles import load_profile
from tests.builders import Bench, problem_of
from tests.core.gateway.failed import answer, is_a
from tests.core.gateway.scenario import approve, approved_phone, change, run, staged

CODES = ("59621000", "38341003", "44054006", "195967001")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_a_no_after_the_approval_leaves_it_ready_and_unsent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await approved_phone(bench)
    is_a(bench, "veradigm")
    await run(bench)
    row = change(bench, id_)
    assert not bench.ehr.sent and row.state == State.READY
    assert why_not(bench.ledger, row) is None, "it can be entered by hand"
    with monkeypatch.context() as control:
        control.setattr(guards, "refusal_now", lambda *_: None)
        control.setattr(refresh, "undone_by_api", lambda *_: None)
        await run(bench)
        assert bench.ehr.sent[0].type == "Patient"
    assert change(bench, id_).state == State.VERIFIED


async def test_a_no_between_the_guards_and_the_first_byte_stops_it(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.before_bytes = lambda: is_a(bench, "veradigm")
    await run(bench)
    assert not bench.ehr.sent and change(bench, id_).state == State.READY


async def test_a_profile_that_cannot_be_read_stops_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await approved_phone(bench)
    with monkeypatch.context() as broken:
        broken.setattr("core.adoption.parse_profile", lambda _: None)
        adopt(bench.workspace, "profile.sandbox", "version = 9")
    await run(bench)
    assert not bench.ehr.sent and change(bench, id_).state == State.READY


async def one_problem(bench: Bench, number: int, **more: Any) -> str:
    found = problem_of(CODES[number], **more)
    id_ = await staged(bench, found, evidence=[], correlation_id=f"n-{number}")
    approve(bench, id_)
    await run(bench)
    return id_


async def test_three_answers_that_there_is_no_such_write_send_the_next_by_hand(
    bench: Bench,
) -> None:
    is_a(bench, "generic-r4")
    bench.ehr.update_create = False
    for number in range(3):
        assert refusal_now(bench.ledger, "sandbox", "Condition", "create") is None
        bench.ehr.faults = [answer(405)]
        assert change(bench, await one_problem(bench, number)).state == State.REFUSED
    refusing = refusal_now(bench.ledger, "sandbox", "Condition", "create")
    assert refusing is not None and refusing.axis == "observed"
    assert refusal_now(bench.ledger, "sandbox", "Patient", "update") is None
    sent = len(bench.ehr.sent)
    id_ = await staged(bench, problem_of(CODES[3]), evidence=[], correlation_id="n-3")
    assert change(bench, id_).rung == "by-hand"
    approve(bench, id_)
    await run(bench)
    assert len(bench.ehr.sent) == sent
    # A person who adopts the profile anew opens it again.
    adopt(bench.workspace, "profile.sandbox", load_profile("generic-r4") + "# seen to\n")
    assert refusal_now(bench.ledger, "sandbox", "Condition", "create") is None


async def test_one_write_that_was_taken_is_a_yes(bench: Bench) -> None:
    is_a(bench, "generic-r4")
    assert answer_for(bench.ledger, "sandbox", "Condition", "create").says == "unknown"
    await one_problem(bench, 0)
    answered = answer_for(bench.ledger, "sandbox", "Condition", "create")
    assert (answered.says, answered.told[-1].says) == ("yes", "yes")
    bench.ehr.faults = [answer(422, "invalid")]
    await one_problem(bench, 1)
    [seen] = observed_here(bench.ledger, "sandbox")
    assert (seen.type, seen.op, seen.taken) == ("Condition", "create", 1)
    assert seen.refusals == {"validation": 1} and seen.rungs == {"if-none-match": 1}
    assert sum((seen.classes or {}).values()) == 1
    assert observed_here(bench.ledger, "another") == ()


async def test_a_profile_that_breaks_under_way_leaves_the_answer_to_the_chart(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await approved_phone(bench)
    send = bench.ehr.send

    async def then_broken(*args: Any) -> Response:
        answered = await send(*args)
        with monkeypatch.context() as broken:
            broken.setattr("core.adoption.parse_profile", lambda _: None)
            adopt(bench.workspace, "profile.sandbox", "version = 1\nfailures = 7")
        return answered

    with monkeypatch.context() as patch:
        patch.setattr(bench.ehr, "send", then_broken)
        await run(bench)
    sent = [request.type for request in bench.ehr.sent]
    row = change(bench, id_)
    assert sent[0] == "Patient" and sent.count("Patient") == 1
    written = bench.ledger.write(row.operation)
    assert written is not None and written.receipt_seq is not None
    assert row.state in (State.PERSISTED, State.VERIFIED), "read back, not left as sending"
