"""Past proposals judged under two policies."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.review import replay as module
from core.review.replay import Replayed, replay
from core.workspace import document
from tests.builders import Bench
from tests.core.gateway.scenario import approve, approved_phone, change, run, staged


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def text(bench: Bench) -> str:
    return document(bench.ledger, "policy").document


def against(bench: Bench, before: str, after: str) -> Replayed:
    assert before in text(bench)
    return replay(bench.ledger, text(bench), text(bench).replace(before, after))


async def test_the_same_policy_changes_no_verdict(bench: Bench) -> None:
    await staged(bench)
    size = bench.ledger.size
    found = replay(bench.ledger, text(bench), text(bench) + "\n# a remark\n")
    assert (found.examined, found.unchanged, found.erased, found.moved) == (2, 2, 0, ())
    assert bench.ledger.size == size


async def test_what_a_narrower_policy_would_deny(bench: Bench) -> None:
    id_ = await staged(bench)
    found = against(bench, '"Patient.telecom", ', "")
    (one,) = found.moved
    assert (one.proposal, one.index, one.state) == (id_, 0, "pending-human-review")
    assert (one.before.outcome, one.after.outcome) == ("review", "denied")
    assert (one.before.rules, one.after.rules) == (("patient-contact",), ())
    assert one.before.digest() == change(bench, id_).verdict_digest
    assert not one.voids
    assert (found.examined, found.unchanged) == (2, 1)


async def test_an_approval_that_would_be_void_says_so(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    (one,) = against(bench, 'expires = "8h"', 'expires = "7h"').moved
    assert (one.proposal, one.voids) == (id_, True)


async def test_what_the_digest_does_not_cover_voids_nothing(bench: Bench) -> None:
    await approved_phone(bench)
    found = against(bench, 'expires = "8h"', 'expires = "8h"\nwarn_before = "1h"')
    assert [one.voids for one in found.moved] == [False]


async def test_what_is_sent_already_is_examined_and_not_void(bench: Bench) -> None:
    await approved_phone(bench)
    await run(bench)
    (one,) = against(bench, 'expires = "8h"', 'expires = "7h"').moved
    assert (one.state, one.voids) == ("verified", False)


async def test_the_gateway_agrees_with_the_replay(bench: Bench) -> None:
    """What a replay calls void is what the gateway voids once the policy is in force."""
    from core.adoption import adopt

    id_ = await approved_phone(bench)
    new = text(bench).replace('expires = "8h"', 'expires = "7h"', 1)
    (one,) = replay(bench.ledger, text(bench), new).moved
    adopt(bench.workspace, "policy", new)
    await run(bench)
    now = change(bench, id_)
    assert (one.voids, now.void) == (True, "verdict-changed")
    assert now.verdict_digest == one.after.digest()


async def test_what_was_erased_is_counted_and_not_examined(bench: Bench) -> None:
    id_ = await staged(bench)
    bench.connection.execute("DELETE FROM body WHERE seq = ?", (change(bench, id_).body_seq,))
    found = against(bench, '"Patient.telecom", ', "")
    assert (found.examined, found.erased, found.moved) == (1, 1, ())


def test_an_empty_ledger_examines_nothing(bench: Bench) -> None:
    assert replay(bench.ledger, text(bench), text(bench)) == Replayed(0, 0, ())


async def test_control_a_replay_that_asks_the_policy_in_force_sees_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await staged(bench)
    approve(bench, id_)
    monkeypatch.setattr(module, "_Under", lambda reads, _document: reads)
    assert against(bench, '"Patient.telecom", ', "").moved == ()
