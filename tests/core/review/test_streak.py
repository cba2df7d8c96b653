"""A pause after many quick approvals in a row: when it comes, what ends it and whom it leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.adoption import adopt
from core.errors import Conflict
from core.lifecycle import State
from core.review import decide as deciding
from core.review.asking import why_not
from core.review.bulk import Marked, approve_many
from core.review.content import read_content
from core.review.decide import Answer, Looked, decide
from core.review.edit import edit, editable
from core.workspace import Workspace, document, policy_in_force
from sync.keys.ring import generate
from tests.builders import Bench, phone_change
from tests.core.gateway.scenario import change, staged

STREAK = 3
QUICK, SLOW = Looked(1_500), Looked(4_000)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    policy(bench, f"streak = {STREAK}")
    return bench


def policy(bench: Bench, keys: str) -> None:
    text = document(bench.ledger, "policy").document
    adopt(bench.workspace, "policy", text.replace("streak = 15", keys).replace("streak = 3", keys))


async def phone(bench: Bench, number: object, **overrides: object) -> str:
    return await staged(
        bench, phone_change(), correlation_id=f"p-{number}", evidence=[], **overrides
    )


def approve(bench: Bench, id_: str, looked: Looked = QUICK) -> None:
    seen = change(bench, id_).change_digest
    decide(bench.workspace, id_, 0, Answer("approve", seen=seen, looked=looked))


def colleague(bench: Bench) -> Workspace:
    ring = generate()
    key = f'{{kid = "{ring.signer("reviewer").kid}", x = "{ring.public("reviewer")}"}}'
    person = f'[[people]]\nid = "dr-okafor"\nroles = ["coordinator"]\nkeys = [{key}]\n'
    text = document(bench.ledger, "roster").document
    adopt(bench.workspace, "roster", f"{text}\n{person}")
    return replace(bench.workspace, keys=ring, reviewer="dr-okafor")


async def in_a_row(bench: Bench, count: int = STREAK, looked: Looked = QUICK) -> None:
    for number in range(count):
        approve(bench, await phone(bench, f"row-{looked.dwell_ms}-{number}"), looked)
        bench.clock.advance(seconds=5)


async def test_after_so_many_the_next_is_refused_with_the_seconds_that_are_left(
    bench: Bench,
) -> None:
    await in_a_row(bench)
    id_ = await phone(bench, "next")
    size = bench.ledger.size
    with pytest.raises(Conflict, match=r"3 approvals took less than 4 s each.* goes on in 115 s"):
        approve(bench, id_, SLOW)
    assert change(bench, id_).state == State.PENDING and bench.ledger.size == size
    why = why_not(bench.workspace, "approve", change(bench, id_))
    assert why is not None and why.code == "streak" and "115 s" in why.words
    assert why_not(bench.workspace, "reject", change(bench, id_)) is None


async def test_it_goes_on_when_the_pause_is_over_and_the_row_begins_anew(bench: Bench) -> None:
    await in_a_row(bench)
    first, second = await phone(bench, "first"), await phone(bench, "second")
    bench.clock.advance(seconds=114)
    with pytest.raises(Conflict, match="in 1 s"):
        approve(bench, first)
    bench.clock.advance(seconds=1)
    approve(bench, first)
    approve(bench, second)
    assert change(bench, second).state == State.READY


async def test_a_clock_that_went_back_shortens_no_pause(bench: Bench) -> None:
    await in_a_row(bench)
    id_ = await phone(bench, "next")
    bench.clock.advance(seconds=-60)
    with pytest.raises(Conflict, match="in 175 s"):
        approve(bench, id_)


@pytest.mark.parametrize("outcome", ["reject", "defer", "edit"])
async def test_another_decision_is_never_held_up_and_ends_the_row(
    bench: Bench, outcome: str
) -> None:
    await in_a_row(bench)
    other, id_ = await phone(bench, "other"), await phone(bench, "next")
    if outcome == "reject":
        decide(bench.workspace, other, 0, Answer("reject", reason="not-needed"))
    elif outcome == "defer":
        until = bench.clock.now() + timedelta(hours=1)
        decide(bench.workspace, other, 0, Answer("defer", until=until))
    else:
        row = change(bench, other)
        resource = editable(row, read_content(bench.ledger, row))
        telecom = [resource["telecom"][0], {**resource["telecom"][1], "value": "555 0177"}]
        edit(bench.workspace, other, 0, {**resource, "telecom": telecom}, row.change_digest)
    approve(bench, id_)
    assert change(bench, id_).state == State.READY


async def test_one_that_was_read_ends_the_row(bench: Bench) -> None:
    await in_a_row(bench, STREAK - 1)
    await in_a_row(bench, 1, SLOW)
    await in_a_row(bench, 1, Looked(0))
    approve(bench, await phone(bench, "next"))


async def test_another_reviewer_is_not_held_up(bench: Bench) -> None:
    other = colleague(bench)
    await in_a_row(bench)
    id_ = await phone(bench, "next")
    seen = change(bench, id_).change_digest
    decide(other, id_, 0, Answer("approve", seen=seen, looked=QUICK))
    assert change(bench, id_).state == State.READY


async def test_stat_passes(bench: Bench) -> None:
    await in_a_row(bench)
    approve(bench, await phone(bench, "stat", urgency="stat"))
    with pytest.raises(Conflict):
        approve(bench, await phone(bench, "urgent", urgency="urgent"))


async def test_what_nothing_measured_neither_counts_nor_ends_the_row(bench: Bench) -> None:
    await in_a_row(bench, STREAK + 2, Looked())
    await in_a_row(bench, STREAK - 1)
    approve(bench, await phone(bench, "command"), Looked())
    await in_a_row(bench, 1, Looked(10))
    with pytest.raises(Conflict):
        approve(bench, await phone(bench, "next"), Looked())


async def test_many_at_once_count_each_and_are_one_act(bench: Bench) -> None:
    ids = [await phone(bench, number) for number in range(STREAK + 2)]
    items = [Marked(id_, 0, change(bench, id_).change_digest) for id_ in ids]
    opened = {item.digest for item in items}
    done = approve_many(bench.workspace, items[:-1], opened)
    assert [one.state for one in done] == [State.READY] * (STREAK + 1)
    with pytest.raises(Conflict, match="goes on in 120 s"):
        approve_many(bench.workspace, items[-1:], opened)
    assert change(bench, ids[-1]).state == State.PENDING


async def test_a_policy_without_the_table_has_the_defaults_and_0_switches_it_off(
    bench: Bench,
) -> None:
    await in_a_row(bench)
    policy(bench, "streak = 0")
    approve(bench, await phone(bench, "off"))
    text = document(bench.ledger, "policy").document
    start, _, rest = text.partition("[review]")
    adopt(bench.workspace, "policy", start + "[auto]" + rest.partition("[auto]")[2])
    found = policy_in_force(bench.ledger)
    assert (found.streak, found.quick_s, found.pause_s) == (15, 4, 120)


async def test_control_without_the_check_the_next_would_be_approved(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "check_pace", lambda *_: None)
    await in_a_row(bench)
    id_ = await phone(bench, "next")
    approve(bench, id_, replace(QUICK))
    assert change(bench, id_).state == State.READY
