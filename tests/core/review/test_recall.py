"""Taking an approval back: who may, until when, and that it and the dispatch never both win."""

from pathlib import Path

import pytest

from core.errors import Conflict, NotFound
from core.lifecycle import State
from core.review.decide import Answer, decide
from core.review.recall import recall
from core.statement import verify
from tests.builders import Bench
from tests.core.gateway.scenario import approve, approved_phone, change, run


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_a_recalled_approval_is_void_and_nothing_is_sent(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    assert recall(bench.workspace, id_, 0) == State.PENDING
    assert change(bench, id_).state == State.PENDING and change(bench, id_).void == "recalled"
    assert [vote.void for vote in bench.ledger.decisions(id_, 0)] == ["recalled"]
    await run(bench)
    assert bench.ehr.sent == [] and change(bench, id_).state == State.PENDING


async def test_it_can_be_approved_again_and_is_then_sent(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    recall(bench.workspace, id_, 0)
    approve(bench, id_)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED


async def test_the_recall_is_signed_and_names_the_decisions(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    (vote,) = bench.ledger.decisions(id_, 0)
    recall(bench.workspace, id_, 0)
    entry = bench.ledger.trail(id_)[-1]
    assert entry.leaf["type"] == "decision.recalled"
    keys = {bench.ring.signer("reviewer").kid: bench.ring.public("reviewer")}
    payload = verify(entry.leaf["data"]["statement"], "recall", keys).payload
    assert payload["decisions"] == [vote.digest] and payload["reviewer"] == "dr-lee"


async def test_what_is_not_approved_or_already_sent_cannot_be_recalled(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    with pytest.raises(NotFound):
        recall(bench.workspace, id_, 7)
    await run(bench)
    before = bench.ledger.size
    with pytest.raises(Conflict, match="verified"):
        recall(bench.workspace, id_, 0)
    with pytest.raises(NotFound):
        recall(bench.workspace, "nothing", 0)
    assert bench.ledger.size == before


async def test_a_pending_change_says_so(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    recall(bench.workspace, id_, 0)
    with pytest.raises(Conflict, match="nothing is approved"):
        recall(bench.workspace, id_, 0)


async def test_recall_at_each_step_of_the_dispatch_either_wins_or_is_too_late(
    tmp_path: Path,
) -> None:
    outcomes = set()
    for step in range(1, 12):
        (tmp_path / str(step)).mkdir()
        bench = Bench(tmp_path / str(step))
        id_ = await approved_phone(bench)
        calls = 0
        read = bench.ehr.read

        async def at_step(
            reference: str,
            version: str | None = None,
            *,
            bench=bench,
            id_=id_,
            step=step,
            read=read,
        ):
            nonlocal calls
            calls += 1
            if calls == step:
                try:
                    recall(bench.workspace, id_, 0)
                except Conflict:
                    outcomes.add("too late")
                else:
                    outcomes.add("recalled")
            return await read(reference, version)

        bench.ehr.read = at_step  # type: ignore[method-assign]
        await run(bench)
        sent = sum(request.type == "Patient" for request in bench.ehr.sent)
        state = change(bench, id_).state
        assert (sent, state) in ((0, State.PENDING), (1, State.VERIFIED)), (step, sent, state)
        if calls < step:
            break
    assert outcomes == {"recalled", "too late"}


async def test_a_quorum_of_one_is_needed_again_after_a_recall(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    recall(bench.workspace, id_, 0)
    digest = change(bench, id_).change_digest
    assert decide(bench.workspace, id_, 0, Answer("reject", seen=digest, reason="not-supported")
                  ).state == State.REJECTED  # fmt: skip
