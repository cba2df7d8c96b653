"""A write whose outcome is unknown is read back, never resent blindly."""

from pathlib import Path
from typing import Any

import pytest

from core.gateway import events, readback
from core.gateway import run as round_
from core.lifecycle import State
from core.ports import OutcomeUnknown, Response
from sync.store.verify import verify_store
from tests.builders import Bench
from tests.core.gateway.scenario import approved_phone, approved_problem, change, edit, run


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def versions(bench: Bench, kind: str) -> list[int]:
    return [len(chain) for ref, chain in bench.ehr.versions.items() if ref.startswith(kind + "/")]


async def test_lost_response_of_an_update_is_found_by_reading(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = ["lost-response"]
    await run(bench)
    assert change(bench, id_).state == "verified"
    assert versions(bench, "Patient") == [2]
    assert [request.type for request in bench.ehr.sent] == ["Patient", "Provenance"]


async def test_lost_request_of_an_update_is_sent_again_under_the_same_condition(
    bench: Bench,
) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = ["lost-request"]
    await run(bench)
    assert change(bench, id_).state == "ready-for-write" and versions(bench, "Patient") == [1]
    await run(bench)
    assert change(bench, id_).state == "verified" and versions(bench, "Patient") == [2]
    written = bench.ledger.write(change(bench, id_).operation)
    assert written is not None and written.attempt == 2


@pytest.mark.parametrize("fault", ["lost-response", "lost-request", 500, 503, 408])
async def test_create_by_put_ends_with_exactly_one_resource(bench: Bench, fault) -> None:
    id_ = await approved_problem(bench)
    bench.ehr.faults = [fault]
    await run(bench)
    await run(bench)
    assert change(bench, id_).state == "verified" and versions(bench, "Condition") == [1]


async def test_conditional_create_found_by_its_operation_id(bench: Bench) -> None:
    bench.ehr.update_create = False
    id_ = await approved_problem(bench)
    bench.ehr.faults = ["lost-response"]
    await run(bench)
    assert change(bench, id_).state == "verified" and versions(bench, "Condition") == [1]
    assert "If-None-Exist" in bench.ehr.sent[0].headers


async def test_conditional_create_not_found_is_parked_for_a_person(bench: Bench) -> None:
    bench.ehr.update_create = False
    id_ = await approved_problem(bench)
    bench.ehr.faults = ["lost-request"]
    await run(bench)
    await run(bench)
    assert change(bench, id_).state == "exception" and not versions(bench, "Condition")
    assert [item.kind for item in bench.ledger.exceptions(id_, 0)] == ["ambiguous"]
    assert len(bench.ehr.sent) == 1


async def lose_and_delete(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let a create be stored, its answer be lost, and somebody delete it before anyone looks."""
    id_ = await approved_problem(bench)
    bench.ehr.faults = ["lost-response"]
    send = bench.ehr.send

    async def then_deleted(*args: Any) -> Response:
        try:
            return await send(*args)
        except OutcomeUnknown:
            for place in [one for one in bench.ehr.versions if one.startswith("Condition/")]:
                bench.ehr.delete(place)
            raise

    with monkeypatch.context() as patch:
        patch.setattr(bench.ehr, "send", then_deleted)
        await run(bench)
    await run(bench)
    await run(bench)
    return id_


async def test_a_create_that_somebody_deleted_before_it_was_found_is_not_sent_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await lose_and_delete(bench, monkeypatch)
    assert change(bench, id_).state == "exception" and not versions(bench, "Condition")
    assert [item.class_ for item in bench.ledger.exceptions(id_, 0)] == ["deleted"]
    assert [request.type for request in bench.ehr.sent] == ["Condition"]


async def test_without_asking_what_was_deleted_it_comes_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: str) -> bool:
        return False

    monkeypatch.setattr(bench.ehr, "deleted", never)
    await lose_and_delete(bench, monkeypatch)
    assert versions(bench, "Condition") == [1]


async def test_ehr_that_stays_away_leaves_it_ambiguous(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = ["lost-response"]
    send = bench.ehr.send

    async def then_down(*args):
        try:
            return await send(*args)
        finally:
            bench.ehr.down = True

    bench.ehr.send = then_down
    done = await run(bench)
    assert done.unreachable and change(bench, id_).state == "ambiguous"
    bench.ehr.send, bench.ehr.down = send, False
    await run(bench)
    assert change(bench, id_).state == "verified" and versions(bench, "Patient") == [2]


async def test_overtaken_update_returns_to_review(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = ["lost-request"]
    bench.ehr.before_bytes = lambda: edit(bench, active=False) and None
    await run(bench)
    now = change(bench, id_)
    assert now.state == "pending-human-review" and now.void == "base-moved"
    assert bench.ehr.current("Patient/example")["telecom"][1]["value"] == "555 0111"


async def test_ours_though_somebody_wrote_after_us(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = ["lost-response"]
    commit = bench.ehr._commit

    def commit_then_edit(request):
        answer = commit(request)
        edit(bench, maritalStatus={"text": "M"})
        return answer

    bench.ehr._commit = commit_then_edit
    await run(bench)
    bench.ehr._commit = commit
    now = change(bench, id_)
    written = bench.ledger.write(now.operation)
    assert written is not None and written.version == "2"
    assert now.state == "verified"


@pytest.mark.parametrize(
    ("status", "state"),
    [(400, "refused"), (403, "refused"), (404, "refused"), (422, "refused"), (301, "refused")],
)
async def test_refusal_is_never_retried(bench: Bench, status: int, state: str) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = [status]
    await run(bench)
    await run(bench)
    assert change(bench, id_).state == state and len(bench.ehr.sent) == 1
    assert [item.kind for item in bench.ledger.exceptions(id_, 0)] == ["refused"]


async def test_a_throttled_write_is_sent_again_when_its_time_has_come(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = [429]
    await run(bench)
    assert change(bench, id_).state == "ready-for-write"
    bench.clock.advance(seconds=3)
    await run(bench)
    assert change(bench, id_).state == "verified" and versions(bench, "Patient") == [2]


async def test_attempts_run_out_into_a_dead_letter(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    for _ in range(readback.MAX_ATTEMPTS):
        bench.ehr.faults = ["lost-request"]
        await run(bench)
    assert change(bench, id_).state == "dead-letter" and versions(bench, "Patient") == [1]


async def test_not_sent_leaves_no_trace_and_no_spent_operation(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = ["not-sent"]
    done = await run(bench)
    assert done.unreachable and change(bench, id_).state == "ready-for-write"
    assert bench.ledger.write(change(bench, id_).operation) is None


class Killed(BaseException):
    """Stands for SIGKILL: nothing after it runs."""


async def test_what_a_killed_process_left_sending_is_ambiguous_at_start(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    commit = bench.ehr._commit

    def die(request):
        commit(request)
        raise Killed

    bench.ehr._commit = die
    with pytest.raises(Killed):
        await run(bench)
    assert change(bench, id_).state == "sending"
    bench.ehr._commit = commit
    bench.epoch = bench.take_lease()
    round_.recover(bench.workspace)
    assert change(bench, id_).state == "ambiguous"
    await run(bench)
    assert change(bench, id_).state == "verified" and versions(bench, "Patient") == [2]


async def test_killed_at_every_commit_ends_with_one_effect(tmp_path: Path) -> None:
    """Kill the process at its 1st, 2nd, … nth commit; another takes over; exactly one effect."""
    for step in range(1, 200):
        folder = tmp_path / str(step)
        folder.mkdir()
        bench = Bench(folder)
        id_ = await approved_problem(bench)
        if not await _killed_at(bench, step):
            break
        bench.epoch = bench.take_lease()
        await run(bench)
        await run(bench)
        assert change(bench, id_).state == "verified", step
        assert versions(bench, "Condition") == [1], step
        assert verify_store(bench.connection).ok
    assert step > 3, "intent, receipt, result"


async def _killed_at(bench: Bench, step: int) -> bool:
    """Run a round and die just after commit `step`; False when there were fewer."""
    count = 0

    def after_commit(_note: str) -> None:
        nonlocal count
        count += 1
        if count == step:
            raise Killed

    bench.ledger._on_commit = after_commit
    try:
        await run(bench)
    except Killed:
        return True
    finally:
        bench.ledger._on_commit = None
    return False


async def test_control_blind_resending_would_write_twice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway that calls an unknown outcome `not applied` without reading duplicates a create."""
    bench.ehr.update_create = False
    await approved_problem(bench)
    commit = bench.ehr._commit
    bench.ehr._commit = lambda request: commit(
        type(request)(request.method, request.type, request.id, {}, request.body)
    )

    async def blind(workspace, row) -> None:
        events.resolve(workspace, row, State.READY, "blind")

    monkeypatch.setattr(round_, "resolve", blind)
    bench.ehr.faults = ["lost-response"]
    await run(bench)
    await run(bench)
    assert versions(bench, "Condition") == [1, 1]
