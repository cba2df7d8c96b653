"""Dead letters: replayed as one operation, sent back to review, closed; what waits for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.adoption import adopt
from core.canonical import parse_object
from core.errors import BadInput, Conflict, Refused
from core.failure.log import attempts
from core.gateway import readback
from core.lifecycle import State
from core.reconcile.trouble import troubles
from core.review.dead_letters import close, paused_by, replay, send_to_review
from core.statement import verify
from sync.store.verify import verify_store
from tests.builders import Bench, phone_change, problem_change
from tests.core.gateway.scenario import (
    approve,
    approved_phone,
    approved_problem,
    change,
    run,
    staged,
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def dead(bench: Bench, id_: str) -> str:
    bench.ehr.faults = [401, 401]
    await run(bench)
    assert change(bench, id_).state == State.DEAD_LETTER
    return id_


async def pair(bench: Bench) -> str:
    """Return a proposal whose second change rests on the first, both approved, the first dead."""
    id_ = await staged(bench, phone_change(), problem_change(depends_on=[0]))
    approve(bench, id_, 0)
    approve(bench, id_, 1)
    return await dead(bench, id_)


def kinds(bench: Bench, id_: str) -> list[str]:
    return [line.type for line in attempts(bench.ledger.trail(id_), 0)]


def patients(bench: Bench) -> int:
    return len(bench.ehr.versions["Patient/example"])


async def test_a_replay_is_the_same_operation_signed_and_read_first(bench: Bench) -> None:
    id_ = await dead(bench, await approved_phone(bench))
    operation = change(bench, id_).operation
    assert replay(bench.workspace, id_, 0) == State.AMBIGUOUS
    assert not bench.ledger.exceptions(id_, 0)
    entry = next(e for e in bench.ledger.trail(id_) if e.leaf["type"] == "write.replayed")
    keys = {bench.ring.signer("reviewer").kid: bench.ring.public("reviewer")}
    payload = verify(entry.leaf["data"]["statement"], "dead-letter", keys).payload
    assert (payload["act"], payload["operation"]) == ("replay", operation)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED
    assert change(bench, id_).operation == operation and patients(bench) == 2
    assert verify_store(bench.connection).ok


@pytest.mark.parametrize("rung", ["if-match", "if-none-match", "if-none-exist"])
async def test_what_came_late_is_found_by_a_replay_and_not_written_twice(
    bench: Bench, rung: str
) -> None:
    bench.ehr.update_create = rung != "if-none-exist"
    id_ = await (approved_phone if rung == "if-match" else approved_problem)(bench)
    await dead(bench, id_)
    late = bench.ehr.sent[-1]
    bench.ehr._commit(late)
    sent = len(bench.ehr.sent)
    replay(bench.workspace, id_, 0)
    await run(bench)
    assert change(bench, id_).rung == rung and change(bench, id_).state == State.VERIFIED
    assert [one.type for one in bench.ehr.sent[sent:]] == ["Provenance"]
    chains = [len(one) for ref, one in bench.ehr.versions.items() if ref.startswith(late.type)]
    assert chains == ([2] if rung == "if-match" else [1])


async def test_control_a_replay_that_does_not_read_first_sends_what_is_there(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.ehr.update_create = False
    id_ = await dead(bench, await approved_problem(bench))
    bench.ehr._commit(bench.ehr.sent[-1])
    sent = len(bench.ehr.sent)

    async def unread(*_: Any) -> readback.Found:
        return readback.Found("not-applied")

    monkeypatch.setattr(readback, "find", unread)
    replay(bench.workspace, id_, 0)
    await run(bench)
    assert "Condition" in [one.type for one in bench.ehr.sent[sent:]]


async def test_a_replay_gets_one_attempt_and_a_person_may_ask_again(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    for _ in range(readback.MAX_ATTEMPTS):
        bench.ehr.faults = ["lost-request"]
        await run(bench)
    assert change(bench, id_).state == State.DEAD_LETTER
    for _ in range(2):
        before = len(bench.ehr.sent)
        replay(bench.workspace, id_, 0)
        bench.ehr.faults = ["lost-request", "lost-request"]
        await run(bench)
        await run(bench)
        assert change(bench, id_).state == State.DEAD_LETTER
        assert len(bench.ehr.sent) == before + 1
    replay(bench.workspace, id_, 0)
    bench.ehr.faults = []
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED and patients(bench) == 2


async def test_a_replay_under_a_freeze_or_after_expiry_sends_nothing(bench: Bench) -> None:
    from core.incident.freeze import declare, lift

    id_ = await dead(bench, await approved_phone(bench))
    sent = len(bench.ehr.sent)
    freeze = declare(bench.workspace, {"type": "Patient"}, "numbers")
    replay(bench.workspace, id_, 0)
    await run(bench)
    assert change(bench, id_).state == State.READY and len(bench.ehr.sent) == sent
    lift(bench.workspace, freeze, "over")
    bench.clock.advance(days=30)
    await run(bench)
    # The approval has run out meanwhile: it waits for people again.
    assert change(bench, id_).state in (State.PENDING, State.EXPIRED)
    assert len(bench.ehr.sent) == sent


async def test_sent_back_to_review_it_is_decided_anew_and_then_written_once(bench: Bench) -> None:
    id_ = await dead(bench, await approved_phone(bench))
    before = change(bench, id_)
    assert send_to_review(bench.workspace, id_, 0, "look again") == State.PENDING
    now = change(bench, id_)
    assert (now.revision, now.void, now.operation) == (1, "sent-to-review", before.operation)
    assert now.change_digest != before.change_digest
    assert all(vote.void for vote in bench.ledger.decisions(id_, 0))
    assert not bench.ledger.exceptions(id_, 0) and not troubles(bench.ledger)
    await run(bench)
    assert change(bench, id_).state == State.PENDING and patients(bench) == 1
    approve(bench, id_)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED and patients(bench) == 2
    assert verify_store(bench.connection).ok


async def test_a_refused_write_goes_back_once_somebody_mended_what_stood_in_the_way(
    bench: Bench,
) -> None:
    id_ = await approved_problem(bench)
    bench.ehr.faults = [422]
    await run(bench)
    assert change(bench, id_).state == State.REFUSED
    assert send_to_review(bench.workspace, id_, 0, "the encounter is open again") == State.PENDING
    approve(bench, id_)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED
    (made,) = [chain for ref, chain in bench.ehr.versions.items() if ref.startswith("Condition/")]
    assert len(made) == 1
    sent = [parse_object(one.body) for one in bench.ehr.sent if one.type == "Condition"]
    assert sent[0] == sent[1]


async def test_a_closed_one_is_never_written_and_its_agent_is_told(bench: Bench) -> None:
    from core.disposition import disposition, is_final

    id_ = await dead(bench, await approved_phone(bench))
    assert close(bench.workspace, id_, 0, "done at the desk") == State.REFUSED
    sent = len(bench.ehr.sent)
    await run(bench)
    now = change(bench, id_)
    assert now.state == State.REFUSED and is_final(now.state) and len(bench.ehr.sent) == sent
    assert disposition(bench.ledger, now)["reasons"] == ["authentication"]
    assert not troubles(bench.ledger)
    entry = next(e for e in bench.ledger.trail(id_) if e.leaf["type"] == "write.closed")
    assert entry.body == {"reason": "done at the desk"}
    assert "done at the desk" not in str(entry.leaf)


async def test_what_rests_on_it_is_paused_and_released_by_a_replay(bench: Bench) -> None:
    id_ = await pair(bench)
    await run(bench)
    assert change(bench, id_, 1).state == State.READY
    assert [one.idx for one in paused_by(bench.ledger, change(bench, id_))] == [1]
    replay(bench.workspace, id_, 0)
    await run(bench)
    assert [change(bench, id_, one).state for one in (0, 1)] == [State.VERIFIED] * 2
    assert not paused_by(bench.ledger, change(bench, id_))


@pytest.mark.parametrize("act", [close, send_to_review])
async def test_what_rests_on_it_goes_back_to_review_when_it_will_not_come(
    bench: Bench, act: Any
) -> None:
    id_ = await pair(bench)
    act(bench.workspace, id_, 0, "not like this")
    rests = change(bench, id_, 1)
    assert rests.state == State.PENDING and str(rests.void).startswith("dependency-")


async def test_what_rests_on_it_hears_that_policy_denies_it_now(bench: Bench) -> None:
    id_ = await pair(bench)
    text = bench.ledger.config("policy").document
    adopt(bench.workspace, "policy", text.replace('"Patient.telecom", ', ""))
    assert send_to_review(bench.workspace, id_, 0, "look again") == State.DENIED
    assert change(bench, id_, 1).void == "dependency-denied"


async def test_control_a_dependent_that_does_not_wait_is_written_without_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.gateway import guards, send

    for module in (guards, send):
        monkeypatch.setattr(module, "check_dependencies", lambda *_: None)
        monkeypatch.setattr(module, "check_paused", lambda *_: None)
    id_ = await pair(bench)
    await run(bench)
    assert change(bench, id_, 1).state == State.VERIFIED
    assert change(bench, id_, 0).state == State.DEAD_LETTER


async def test_only_dead_letters_and_only_those_who_may(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    with pytest.raises(Conflict, match="only a dead letter can be sent again"):
        replay(bench.workspace, id_, 0)
    with pytest.raises(Conflict, match="only a dead letter can be closed"):
        close(bench.workspace, id_, 0, "why")
    await dead(bench, id_)
    for act in (close, send_to_review):
        with pytest.raises(BadInput, match="reason"):
            act(bench.workspace, id_, 0, "  ")
    roster = bench.ledger.config("roster")
    assert roster is not None
    roles = roster.document.replace('"on-call"', '"admin"').replace('"supervisor"', '"admin"')
    bench.connection.execute(
        "UPDATE config SET document = ? WHERE kind = 'roster'",
        (roles.replace('"coordinator"', '"admin"'),),
    )
    size = bench.ledger.size
    for act_ in (replay, lambda *a: close(*a, "why"), lambda *a: send_to_review(*a, "why")):
        with pytest.raises(Refused, match="asks for"):
            act_(bench.workspace, id_, 0)
    assert bench.ledger.size == size


async def test_the_log_has_every_attempt_with_its_times_and_classes(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = [429]
    await run(bench)
    bench.clock.advance(minutes=1)
    await dead(bench, id_)
    replay(bench.workspace, id_, 0)
    await run(bench)
    assert kinds(bench, id_) == [
        "write.intended", "write.receipt", "write.failed",
        "write.intended", "write.receipt", "write.failed",
        "write.intended", "write.receipt", "write.failed", "exception.opened",
        "write.replayed", "exception.closed", "write.resolved",
        "write.intended", "write.receipt", "provenance.recorded", "reconciliation.recorded",
    ]  # fmt: skip
    texts = [line.text for line in attempts(bench.ledger.trail(id_), 0)]
    assert any("throttled, 1 in a row, again at 2026-11-23T09:00:0" in text for text in texts)
    assert any("authentication, 2 in a row" in text for text in texts)
