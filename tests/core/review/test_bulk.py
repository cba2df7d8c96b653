"""One answer to many changes: each signed, stale ones left, and approving only under conditions."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import BadInput, Refused
from core.lifecycle import State
from core.review import bulk
from core.review.attention import SHIFT
from core.review.bulk import Marked, answer_many, approve_many
from core.review.decide import Answer, decide
from core.statement import verify
from core.workspace import roster_in_force
from sync.store.attention import StoreAttention
from tests.builders import Bench, phone_change, problem_change
from tests.core.gateway.scenario import change, staged
from tests.core.review.attested import ask_to_attest

REJECT = Answer("reject", reason="duplicate")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def phones(bench: Bench, count: int = 3) -> list[str]:
    return [
        await staged(bench, phone_change(), correlation_id=f"p-{number}", evidence=[])
        for number in range(count)
    ]


def marked(bench: Bench, id_: str, index: int = 0) -> Marked:
    return Marked(id_, index, change(bench, id_, index).change_digest)


def digests(bench: Bench, *ids: str) -> set[str]:
    return {change(bench, id_).change_digest for id_ in ids}


async def test_each_rejection_is_a_signed_decision_of_its_own(bench: Bench) -> None:
    ids = await phones(bench)
    done = answer_many(bench.workspace, [marked(bench, id_) for id_ in ids], REJECT)
    assert [one.state for one in done] == [State.REJECTED] * 3
    keys = roster_in_force(bench.ledger).keys_for("decision")
    votes = [bench.ledger.decisions(id_, 0)[0] for id_ in ids]
    payloads = [verify(vote.statement, "decision", keys).payload for vote in votes]
    assert len({payload["id"] for payload in payloads}) == 3
    assert {payload["change"] for payload in payloads} == {vote.change_digest for vote in votes}


async def test_what_moved_is_left_and_said_and_the_rest_is_done(bench: Bench) -> None:
    first, second, third = await phones(bench)
    items = [marked(bench, first), Marked(second, 0, "0" * 64), marked(bench, third)]
    decide(bench.workspace, third, 0, Answer("reject", reason="not-needed"))
    until = bench.clock.now() + timedelta(hours=1)
    done = answer_many(bench.workspace, items, Answer("defer", until=until))
    assert [one.state for one in done] == [State.DEFERRED, None, None]
    assert "not as it was shown" in str(done[1].why_not) and "rejected" in str(done[2].why_not)
    assert change(bench, second).state == State.PENDING


async def test_the_hash_of_the_whole_proposal_names_no_change(bench: Bench) -> None:
    from core.review.decide import shown_hash

    (id_,) = await phones(bench, 1)
    row = bench.ledger.proposal(id_)
    assert row is not None
    (left,) = answer_many(bench.workspace, [Marked(id_, 0, shown_hash(bench.ledger, row))], REJECT)
    assert left.state is None


async def test_bad_lists_decide_nothing(bench: Bench) -> None:
    (id_,) = await phones(bench, 1)
    item, size = marked(bench, id_), bench.ledger.size
    for items in ([], [item, item], [item] * (bulk.MOST + 1)):
        with pytest.raises(BadInput):
            answer_many(bench.workspace, items, REJECT)
    with pytest.raises(BadInput):
        answer_many(bench.workspace, [item], Answer("reject", reason="because"))
    with pytest.raises(BadInput):
        answer_many(bench.workspace, [item], Answer("approve"))
    assert bench.ledger.size == size


async def test_many_of_one_low_risk_rule_that_were_opened_are_approved(bench: Bench) -> None:
    ids = await phones(bench)
    done = approve_many(bench.workspace, [marked(bench, id_) for id_ in ids], digests(bench, *ids))
    assert [one.state for one in done] == [State.READY] * 3
    assert len({bench.ledger.decisions(id_, 0)[0].digest for id_ in ids}) == 3


async def unopened(bench: Bench) -> list[Marked]:
    return [marked(bench, id_) for id_ in await phones(bench, 2)]


async def higher_tier(bench: Bench) -> list[Marked]:
    id_ = await staged(bench, problem_change(), evidence=[])
    return [marked(bench, id_)]


async def attesting(bench: Bench) -> list[Marked]:
    ask_to_attest(bench)
    return [marked(bench, id_) for id_ in await phones(bench, 1)]


async def forged_row(bench: Bench, column: str, value: str) -> list[Marked]:
    first, second = await phones(bench, 2)
    bench.connection.execute(
        f"UPDATE change SET {column} = ? WHERE proposal = ?",  # noqa: S608
        (value, second),
    )
    return [marked(bench, first), marked(bench, second)]


async def two_people(bench: Bench) -> list[Marked]:
    (id_,) = await phones(bench, 1)
    route = {**(change(bench, id_).route_json or {}), "quorum": 2}
    return await _with(bench, id_, route)


async def _with(bench: Bench, id_: str, route: dict[str, object]) -> list[Marked]:
    bench.connection.execute(
        "UPDATE change SET route = ? WHERE proposal = ?", (json.dumps(route), id_)
    )
    return [marked(bench, id_)]


CASES: dict[str, tuple[Callable[[Bench], object], str]] = {
    "not opened": (unopened, "not opened"),
    "a higher tier": (higher_tier, "tier"),
    "attestations": (attesting, "attestations"),
    "two people": (two_people, "more than one person"),
    "two rules": (lambda bench: forged_row(bench, "rules", '["a","b"]'), "more than one rule"),
    "another rule": (lambda bench: forged_row(bench, "rules", '["other"]'), "one rule"),
}


@pytest.mark.parametrize("name", CASES)
async def test_anything_else_is_refused_whole(bench: Bench, name: str) -> None:
    make, words = CASES[name]
    items = await make(bench)  # type: ignore[misc]
    opened = set() if name == "not opened" else {item.digest for item in items}
    size = bench.ledger.size
    with pytest.raises(Refused, match=words):
        approve_many(bench.workspace, items, opened)
    assert bench.ledger.size == size


@pytest.mark.parametrize("name", ["not opened", "a higher tier"])
async def test_control_without_the_conditions_all_would_be_approved(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    items = await CASES[name][0](bench)  # type: ignore[misc]
    monkeypatch.setattr(bulk, "check_alike", lambda *_: None)
    assert all(one.state == State.READY for one in approve_many(bench.workspace, items, set()))


async def test_opened_counts_for_who_was_shown_it_at_that_hash_for_a_shift(bench: Bench) -> None:
    attention, now = StoreAttention(bench.connection), bench.clock.now()
    attention.opened(["a", "b"], "dr-lee", now)
    assert attention.was_opened("dr-lee", now) == {"a", "b"}
    assert attention.was_opened("dr-other", now) == set()
    assert attention.was_opened("dr-lee", now + SHIFT) == set()
    assert attention.was_opened("dr-lee", now - timedelta(seconds=1)) == set()
