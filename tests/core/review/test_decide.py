"""Signed decisions: who may, on what they saw, and what follows for the change and its siblings."""

from datetime import timedelta
from pathlib import Path

import pytest

from core.adoption import adopt
from core.errors import BadInput, Conflict, NotFound, Refused
from core.review import decide as module
from core.review.decide import Answer, decide, shown_hash
from core.roster import parse_roster
from core.statement import verify
from sync.keys.ring import generate
from tests.builders import Bench, phone_change, problem_change
from tests.core.gateway.scenario import change, staged


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_decision_is_signed_over_what_was_seen(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    row = change(bench, id_)
    decided = decide(bench.workspace, id_, 0, Answer("approve", seen=row.change_digest))
    (vote,) = bench.ledger.decisions(id_, 0)
    keys = parse_roster(bench.ledger.config("roster").document).keys_for("decision")
    payload = verify(vote.statement, "decision", keys).payload
    wanted = {
        "v", "team", "id", "at", "task", "proposal", "index", "revision", "outcome", "change",
        "bytes", "shown", "operation", "ehr", "verdict", "policy", "roster", "head", "reviewer",
        "role", "expires", "review",
    }  # fmt: skip
    assert set(payload) == wanted
    assert payload["id"] == decided.id and payload["change"] == row.change_digest
    assert payload["bytes"] == row.bytes_digest and payload["role"] == "coordinator"


@pytest.mark.parametrize("seen", [None, "", "0" * 64, "short"])
async def test_approval_without_the_right_hash_is_a_conflict(bench: Bench, seen) -> None:
    id_ = await staged(bench, phone_change())
    size = bench.ledger.size
    with pytest.raises(Conflict, match="hash"):
        decide(bench.workspace, id_, 0, Answer("approve", seen=seen))
    assert bench.ledger.size == size


async def test_whole_hash_stays_when_a_sibling_is_decided(bench: Bench) -> None:
    id_ = await staged(bench, phone_change(), problem_change())
    proposal = bench.ledger.proposal(id_)
    seen = shown_hash(bench.ledger, proposal)
    decide(bench.workspace, id_, 1, Answer("reject", reason="not-needed"))
    assert shown_hash(bench.ledger, proposal) == seen
    assert decide(bench.workspace, id_, 0, Answer("approve", seen=seen)).state == "ready-for-write"


async def test_hash_of_a_sibling_does_not_approve(bench: Bench) -> None:
    id_ = await staged(bench, phone_change(), problem_change())
    other = change(bench, id_, 1).change_digest
    with pytest.raises(Conflict):
        decide(bench.workspace, id_, 0, Answer("approve", seen=other))


async def test_decided_change_cannot_be_decided_again(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    decide(bench.workspace, id_, 0, Answer("reject", reason="wrong-value"))
    with pytest.raises(Conflict, match="rejected"):
        decide(bench.workspace, id_, 0, Answer("approve", seen="x"))


async def test_expired_change_cannot_be_decided(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    seen = change(bench, id_).change_digest
    bench.clock.advance(hours=8)
    with pytest.raises(Conflict, match="expired"):
        decide(bench.workspace, id_, 0, Answer("approve", seen=seen))


async def test_clock_set_back_does_not_revive_an_expired_change(bench: Bench) -> None:
    """The ledger's own high-water mark bounds the time from below."""
    id_ = await staged(bench, phone_change())
    seen = change(bench, id_).change_digest
    bench.clock.advance(hours=9)
    await staged(bench, problem_change(), correlation_id="c-2", evidence=[])
    bench.clock.advance(hours=-9)
    with pytest.raises(Conflict, match="expired"):
        decide(bench.workspace, id_, 0, Answer("approve", seen=seen))


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        (Answer("reject"), "reason"),
        (Answer("reject", reason="because"), "reason"),
        (Answer("reject", reason="other"), "note"),
        (Answer("defer"), "until"),
    ],
)
async def test_incomplete_answer_names_the_field(bench: Bench, answer: Answer, field: str) -> None:
    id_ = await staged(bench, phone_change())
    with pytest.raises(BadInput) as caught:
        decide(bench.workspace, id_, 0, answer)
    assert caught.value.field == field


async def test_deferral_to_the_past_is_refused(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    until = bench.clock.now() - timedelta(minutes=1)
    with pytest.raises(BadInput, match="future"):
        decide(bench.workspace, id_, 0, Answer("defer", until=until))


async def test_deferred_change_comes_back_when_due(bench: Bench) -> None:
    from core.gateway.deadlines import sweep
    from core.gateway.run import Round

    id_ = await staged(bench, phone_change())
    until = bench.clock.now() + timedelta(hours=1)
    assert decide(bench.workspace, id_, 0, Answer("defer", until=until)).state == "deferred"
    sweep(bench.workspace, Round())
    assert change(bench, id_).state == "deferred"
    bench.clock.advance(hours=1)
    sweep(bench.workspace, Round())
    assert change(bench, id_).state == "pending-human-review"
    bench.clock.advance(hours=8)
    sweep(bench.workspace, Round())
    assert change(bench, id_).state == "expired"


async def test_unknown_proposal_or_change_is_not_found(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    for proposal, index in (("nothing", 0), (id_, 7), (id_, -1)):
        with pytest.raises(NotFound):
            decide(bench.workspace, proposal, index, Answer("reject", reason="not-needed"))


def with_roster(bench: Bench, change_text) -> None:
    text = bench.ledger.config("roster").document
    adopt(bench.workspace, "roster", change_text(text))


async def test_role_that_the_route_asks_for_is_needed(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    seen = change(bench, id_).change_digest
    with_roster(bench, lambda text: text.replace('    "coordinator",\n', ""))
    with pytest.raises(Refused, match="coordinator"):
        decide(bench.workspace, id_, 0, Answer("approve", seen=seen))


async def test_key_that_is_not_enrolled_is_refused(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    seen = change(bench, id_).change_digest
    bench.ring = generate()
    with pytest.raises(Refused, match="key"):
        decide(bench.workspace, id_, 0, Answer("approve", seen=seen))


async def test_rejecting_sends_what_depends_on_it_back(bench: Bench) -> None:
    id_ = await staged(bench, phone_change(), problem_change(depends_on=[0]), evidence=[])
    decide(bench.workspace, id_, 1, Answer("approve", seen=change(bench, id_, 1).change_digest))
    assert change(bench, id_, 1).state == "ready-for-write"
    decide(bench.workspace, id_, 0, Answer("reject", reason="not-needed"))
    dependent = change(bench, id_, 1)
    assert (dependent.state, dependent.void) == ("pending-human-review", "dependency-rejected")


async def test_note_is_kept_in_the_erasable_body_only(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    words = "the caller was her sister"
    decide(bench.workspace, id_, 0, Answer("reject", reason="other", note=words))
    (vote,) = bench.ledger.decisions(id_, 0)
    entry = bench.ledger.entry(vote.seq)
    assert entry is not None and entry.body is not None and entry.body["note"] == words
    assert words not in str(entry.leaf)


async def test_control_without_the_hash_check_anything_would_be_approved(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await staged(bench, phone_change())
    monkeypatch.setattr(module, "_check_seen", lambda *_: None)
    assert decide(bench.workspace, id_, 0, Answer("approve")).state == "ready-for-write"
