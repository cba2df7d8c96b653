"""What rests on a change: sent back whatever became of it, and never sent by leaving it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from core.adoption import adopt
from core.errors import Conflict
from core.gateway.run import Round, sweep
from core.intake.stage import stage
from core.lifecycle import State
from core.review import approval, dependencies, voiding
from core.review.content import read_content
from core.review.decide import Answer, decide
from core.review.dependencies import dependents
from core.review.edit import edit, editable
from core.statement import verify
from core.workspace import roster_in_force
from tests.builders import Bench, document, phone_change, problem_change, proposal
from tests.core.gateway.scenario import approve, change, run, staged


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def chain(bench: Bench) -> str:
    """A phone, a problem that rests on it, and one that rests on that; the last two approved."""
    id_ = await staged(
        bench,
        phone_change(),
        problem_change(depends_on=[0]),
        problem_change(depends_on=[1]),
        evidence=[],
    )
    approve(bench, id_, 1)
    approve(bench, id_, 2)
    assert states(bench, id_)[1:] == [State.READY, State.READY]
    return id_


def states(bench: Bench, id_: str) -> list[str]:
    return [one.state for one in bench.ledger.changes(id_)]


async def rejected(bench: Bench, id_: str) -> None:
    decide(bench.workspace, id_, 0, Answer("reject", reason="not-needed"))


async def edited(bench: Bench, id_: str) -> None:
    row = change(bench, id_)
    resource = editable(row, read_content(bench.ledger, row))
    telecom = [*resource["telecom"][:1], {**resource["telecom"][1], "value": "555 0123"}]
    edit(bench.workspace, id_, 0, {**resource, "telecom": telecom}, row.change_digest)


async def expired(bench: Bench, id_: str) -> None:
    bench.clock.advance(hours=9)
    sweep(bench.workspace, Round())
    assert change(bench, id_).state == State.EXPIRED


async def denied(bench: Bench, id_: str) -> None:
    approve(bench, id_)
    adopted = bench.ledger.config("policy")
    assert adopted is not None
    text = adopted.document.replace('"Patient.telecom", ', "")
    adopt(bench.workspace, "policy", text)
    await run(bench)
    assert change(bench, id_).state == State.DENIED


async def refused(bench: Bench, id_: str) -> None:
    approve(bench, id_)
    bench.ehr.faults.append(422)
    await run(bench)
    assert change(bench, id_).state == State.REFUSED


ENDS: dict[str, Callable[[Bench, str], Awaitable[None]]] = {
    "dependency-rejected": rejected,
    "dependency-edited": edited,
    "dependency-expired": expired,
    "dependency-denied": denied,
    "dependency-refused": refused,
}


@pytest.mark.parametrize("why", ENDS)
async def test_whatever_becomes_of_it_all_that_rests_on_it_is_looked_at_again(
    bench: Bench, why: str
) -> None:
    id_ = await chain(bench)
    await ENDS[why](bench, id_)
    assert states(bench, id_)[1:] == [State.PENDING, State.PENDING]
    assert [change(bench, id_, index).void for index in (1, 2)] == [why, why]
    await run(bench)
    assert all(request.type != "Condition" for request in bench.ehr.sent)


async def test_control_without_sending_back_a_dependant_stays_approved(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await chain(bench)
    monkeypatch.setattr(voiding, "dependents", lambda *_: [])
    await rejected(bench, id_)
    assert states(bench, id_)[1:] == [State.READY, State.READY]


async def left_as_it_was(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> str:
    """A dependant that was not sent back when what it rests on was rejected."""
    id_ = await chain(bench)
    with monkeypatch.context() as faulty:
        faulty.setattr(voiding, "dependents", lambda *_: [])
        await rejected(bench, id_)
    return id_


async def test_an_approval_older_than_the_rejection_sends_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await left_as_it_was(bench, monkeypatch)
    await run(bench)
    assert not bench.ehr.sent
    assert (change(bench, id_, 1).state, change(bench, id_, 1).void) == (
        State.PENDING,
        "dependency-gone",
    )


async def test_control_without_that_guard_it_would_be_sent_by_leaving_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await left_as_it_was(bench, monkeypatch)
    monkeypatch.setattr(approval, "does_without", lambda *_: True)
    await run(bench)
    assert bench.ehr.sent


async def test_decided_anew_by_who_rejected_it_it_goes_and_the_signature_says_without_what(
    bench: Bench,
) -> None:
    id_ = await chain(bench)
    await rejected(bench, id_)
    approve(bench, id_, 1)
    vote = bench.ledger.decisions(id_, 1)[-1]
    keys = roster_in_force(bench.ledger).keys_for("decision")
    payload = verify(vote.statement, "decision", keys).payload
    assert [one.text for one in payload["without"]] == ["0"]
    await run(bench)
    assert states(bench, id_) == [State.REJECTED, State.VERIFIED, State.PENDING]


async def test_who_did_not_see_it_go_is_told_and_may_say_that_they_know(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await chain(bench)
    await rejected(bench, id_)
    monkeypatch.setattr(dependencies, "_rejected_by", lambda *_: False)
    with pytest.raises(Conflict, match="change 0, which is rejected now"):
        approve(bench, id_, 1)
    seen = change(bench, id_, 1).change_digest
    decide(bench.workspace, id_, 1, Answer("approve", seen=seen, without=(0,)))
    await run(bench)
    assert change(bench, id_, 1).state == State.VERIFIED


async def test_what_was_denied_from_the_start_was_seen_by_whoever_looked(bench: Bench) -> None:
    wrong = phone_change(patch=[{"op": "replace", "path": "/birthDate", "value": "1970-01-02"}])
    given = proposal(wrong, problem_change(depends_on=[0]), evidence=[])
    found = await stage(bench.workspace, document(given))
    id_ = found.proposal.id
    assert states(bench, id_) == [State.DENIED, State.PENDING]
    approve(bench, id_, 1)
    await run(bench)
    assert change(bench, id_, 1).state == State.VERIFIED


async def test_an_approval_expires_while_it_waits_for_what_it_rests_on(bench: Bench) -> None:
    id_ = await staged(bench, problem_change(), phone_change(depends_on=[0]), evidence=[])
    approve(bench, id_, 1)
    bench.clock.advance(hours=8, minutes=1)
    await run(bench)
    await run(bench)
    assert states(bench, id_) == [State.PENDING, State.EXPIRED]


async def test_all_that_rests_on_a_change_however_far(bench: Bench) -> None:
    id_ = await chain(bench)
    rows = bench.ledger.changes(id_)
    assert [one.idx for one in dependents(rows, 0)] == [1, 2]
    assert [one.idx for one in dependents(rows, 1)] == [2]
    assert dependents(rows, 2) == []
