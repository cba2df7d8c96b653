"""Taking a proposal back: who may, until when, and what it does to what rests on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.adoption import adopt
from core.errors import BadInput, Refused
from core.lifecycle import IllegalTransition, State
from core.review.permissions import TABLE
from core.review.withdraw import withdraw
from core.statement import verify
from core.workspace import roster_in_force
from tests.builders import Bench, phone_change, problem_change
from tests.core.gateway.scenario import approve, change, in_state, run, staged


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def outcomes(bench: Bench, id_: str, *indexes: int) -> list[str]:
    return [one.outcome for one in withdraw(bench.workspace, id_, indexes, "a mistake")]


@pytest.mark.parametrize("state", [State.PENDING, State.DEFERRED, State.EXPIRED, State.READY])
async def test_what_is_not_sent_is_withdrawn_and_never_written(bench: Bench, state: State) -> None:
    id_ = await in_state(bench, state)
    assert outcomes(bench, id_) == ["withdrawn"]
    await run(bench)
    assert change(bench, id_).state == State.WITHDRAWN and not bench.ehr.sent


@pytest.mark.parametrize(
    ("state", "outcome"), [(State.REJECTED, "closed"), (State.VERIFIED, "too-late")]
)
async def test_what_is_over_is_left_and_said(bench: Bench, state: State, outcome: str) -> None:
    id_ = await in_state(bench, state)
    size = bench.ledger.size
    assert outcomes(bench, id_) == [outcome]
    assert change(bench, id_).state == state and bench.ledger.size == size


async def test_it_races_with_dispatch_and_one_of_them_wins(bench: Bench) -> None:
    id_ = await in_state(bench, State.READY)
    told: list[str] = []
    before = bench.ehr.before_bytes
    bench.ehr.before_bytes = lambda: (told.extend(outcomes(bench, id_)), before())[1]
    await run(bench)
    written = change(bench, id_).state == State.VERIFIED
    assert (told, written) in ((["withdrawn"], False), (["too-late"], True))
    assert bool(bench.ehr.sent) == written


async def test_only_some_and_what_rests_on_it_is_looked_at_again(bench: Bench) -> None:
    id_ = await staged(
        bench, phone_change(), problem_change(depends_on=[0]), problem_change(), evidence=[]
    )
    approve(bench, id_, 1)
    assert outcomes(bench, id_, 0) == ["withdrawn"]
    assert [one.state for one in bench.ledger.changes(id_)] == [
        State.WITHDRAWN,
        State.PENDING,
        State.PENDING,
    ]
    assert change(bench, id_, 1).void == "dependency-withdrawn"


async def test_it_is_signed_and_the_words_stand_in_the_body_only(bench: Bench) -> None:
    id_ = await in_state(bench, State.PENDING)
    withdraw(bench.workspace, id_, (), "her sister's number")
    entry = bench.ledger.trail(id_)[-1]
    keys = roster_in_force(bench.ledger).keys_for("withdraw")
    payload = verify(entry.leaf["data"]["statement"], "withdraw", keys).payload
    row = bench.ledger.proposal(id_)
    assert row is not None and payload["proposal"] == row.digest
    assert entry.body == {"reason": "her sister's number"}
    assert "sister" not in str(entry.leaf) + str(payload)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1001])
async def test_a_reason_is_needed(bench: Bench, reason: str) -> None:
    id_ = await in_state(bench, State.PENDING)
    with pytest.raises(BadInput) as caught:
        withdraw(bench.workspace, id_, (), reason)
    assert caught.value.field == "reason"


async def test_only_for_agents_that_the_submitter_speaks_for(bench: Bench) -> None:
    id_ = await in_state(bench, State.PENDING)
    roster = bench.ledger.config("roster")
    assert roster is not None
    adopt(bench.workspace, "roster", roster.document.replace('"scribe-1"', '"scribe-2"'))
    with pytest.raises(Refused, match="speak for"):
        withdraw(bench.workspace, id_, (), "a mistake")
    assert change(bench, id_).state == State.PENDING


async def test_control_without_the_states_a_written_change_would_be_taken_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await in_state(bench, State.VERIFIED)
    anywhere = replace(TABLE["withdraw"], states=frozenset(State))
    monkeypatch.setitem(TABLE, "withdraw", anywhere)
    with pytest.raises(IllegalTransition):
        outcomes(bench, id_)
