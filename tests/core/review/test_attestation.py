"""Attestation: asked by the route, given in full, signed, and counted only where it is signed."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.adoption import adopt
from core.audit.trail import trail
from core.errors import BadInput
from core.gateway import guards
from core.lifecycle import State
from core.review import approval
from core.review import decide as deciding
from core.review.decide import Answer, decide
from core.statement import verify
from core.workspace import roster_in_force
from tests.builders import Bench, phone_change
from tests.core.gateway.scenario import change, run, staged
from tests.core.review.attested import CODES, ask_to_attest


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    found = Bench(tmp_path)
    ask_to_attest(found)
    return found


def approve_with(bench: Bench, id_: str, *codes: str) -> None:
    seen = change(bench, id_).change_digest
    decide(bench.workspace, id_, 0, Answer("approve", seen=seen, attested=codes))


async def test_every_code_is_signed_and_stands_in_the_leaf_and_the_trail(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    approve_with(bench, id_, *reversed(CODES))
    (vote,) = bench.ledger.decisions(id_, 0)
    keys = roster_in_force(bench.ledger).keys_for("decision")
    assert verify(vote.statement, "decision", keys).payload["attested"] == list(CODES)
    entry = bench.ledger.entry(vote.seq)
    assert entry is not None and entry.leaf["data"]["attested"] == list(CODES)
    line = trail(bench.ledger.trail(id_))[-1]
    assert "attesting document-seen, patient-by-callback" in line.text
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED


@pytest.mark.parametrize(
    "codes", [(), CODES[:1], CODES[1:], (*CODES, "patient-agrees"), (*CODES, "made-up")]
)
async def test_a_code_too_few_or_too_many_is_refused(bench: Bench, codes: tuple[str, ...]) -> None:
    id_ = await staged(bench, phone_change())
    size = bench.ledger.size
    with pytest.raises(BadInput) as caught:
        approve_with(bench, id_, *codes)
    assert caught.value.field == "attest" and bench.ledger.size == size


async def test_only_an_approval_attests(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    with pytest.raises(BadInput, match="approval"):
        decide(bench.workspace, id_, 0, Answer("reject", reason="not-needed", attested=CODES))
    decide(bench.workspace, id_, 0, Answer("reject", reason="not-needed"))


async def test_a_code_of_the_policy_s_own_is_asked_for_as_it_is(bench: Bench) -> None:
    adopted = bench.ledger.config("policy")
    assert adopted is not None
    listed = ", ".join(f'"{code}"' for code in CODES)
    adopt(bench.workspace, "policy", adopted.document.replace(listed, '"ward-round"'))
    id_ = await staged(bench, phone_change())
    approve_with(bench, id_, "ward-round")
    assert change(bench, id_).state == State.READY


async def test_a_route_that_asks_for_nothing_signs_nothing(tmp_path: Path) -> None:
    plain = Bench(tmp_path)
    id_ = await staged(plain, phone_change())
    with pytest.raises(BadInput, match="does not ask"):
        approve_with(plain, id_, CODES[0])
    approve_with(plain, id_)
    (vote,) = plain.ledger.decisions(id_, 0)
    keys = roster_in_force(plain.ledger).keys_for("decision")
    assert "attested" not in verify(vote.statement, "decision", keys).payload


async def signed_without(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let a faulty console sign an approval that attests nothing."""
    id_ = await staged(bench, phone_change())
    with monkeypatch.context() as faulty:
        faulty.setattr(deciding, "check_attested", lambda *_: [])
        approve_with(bench, id_)
    assert change(bench, id_).state == State.READY
    return id_


async def test_an_unattested_signature_sends_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await signed_without(bench, monkeypatch)
    await run(bench)
    assert (change(bench, id_).state, change(bench, id_).void) == (State.PENDING, "not-attested")
    assert not bench.ehr.sent


async def test_control_without_that_check_an_unattested_signature_sends(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await signed_without(bench, monkeypatch)
    monkeypatch.setattr(approval, "attested", lambda *_: True)
    assert guards.approvals_hold is approval.approvals_hold
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED
