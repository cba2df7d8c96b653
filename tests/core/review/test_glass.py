"""Breaking the glass: what it bypasses, who may, how loud it is, and what still binds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.adoption import adopt
from core.audit.trail import trail
from core.errors import BadInput, Conflict, CountersignError, Refused
from core.gateway import guards, refresh, send
from core.incident.freeze import declare
from core.intake.stage import stage
from core.lifecycle import IllegalTransition, State, check
from core.review import approval
from core.review.decide import Answer, decide
from core.review.glass import Glass
from core.review.hidden import reveal
from core.review.permissions import TABLE
from core.review.recall import recall
from core.statement import verify
from sync.keys.ring import generate
from tests.builders import PATIENT, Bench, document, exact_object, phone_change, proposal
from tests.core.gateway.scenario import approve, change, run, staged
from tests.labelled import SECRET, label_note, take_labels

GRANT = '\n[break_glass]\nroles = ["physician"]\n'
DENIED = "deny Consent/c1"
WHY = "she cannot breathe, 555 0199"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    found = Bench(tmp_path)
    rewrite(found, "policy", lambda text: text + GRANT)
    return found


def rewrite(bench: Bench, kind: str, change_text: Callable[[str], str]) -> None:
    adopt(bench.workspace, kind, change_text(bench.ledger.config(kind).document))  # type: ignore[union-attr]


def without_role(bench: Bench) -> None:
    """Take the route's role from who sits here and give it to somebody who is not there."""
    other = generate()
    key = f'{{kid = "{other.signer("reviewer").kid}", x = "{other.public("reviewer")}"}}'
    absent = f'\n[[people]]\nid = "absent"\nroles = ["coordinator"]\nkeys = [{key}]\n'
    rewrite(bench, "roster", lambda text: text.replace('    "coordinator",\n', "") + absent)


def two_wanted(bench: Bench) -> None:
    """Let the route want two people, of whom one is not there."""
    other = generate()
    key = f'{{kid = "{other.signer("reviewer").kid}", x = "{other.public("reviewer")}"}}'
    absent = f'\n[[people]]\nid = "absent"\nroles = ["coordinator"]\nkeys = [{key}]\n'
    rewrite(bench, "roster", lambda text: text + absent)
    rewrite(
        bench,
        "policy",
        lambda text: text.replace(
            'roles = ["coordinator"]\nquorum = 1', 'roles = ["coordinator"]\nquorum = 2'
        ),
    )


def broken(bench: Bench, id_: str, **glass: Any) -> str:
    seen = change(bench, id_).change_digest
    answer = Answer("approve", seen=seen, glass=Glass(WHY, **glass))
    return str(decide(bench.workspace, id_, 0, answer).state)


async def denied(bench: Bench, answer: str = DENIED, **overrides: Any) -> str:
    bench.consents.answer = answer  # type: ignore[union-attr]
    found = await stage(bench.workspace, document(proposal(phone_change(), **overrides)))
    assert found.outcome == "denied"
    return found.proposal.id


async def test_it_bypasses_the_named_role(bench: Bench) -> None:
    without_role(bench)
    id_ = await staged(bench, phone_change())
    with pytest.raises(Refused):
        approve(bench, id_)
    assert broken(bench, id_) == State.READY
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED
    (row,) = bench.ledger.broken_glass(id_, 0)
    assert (row.bypassed, row.role, row.purpose) == (["role"], "physician", "ETREAT")


async def test_it_bypasses_the_quorum(bench: Bench) -> None:
    two_wanted(bench)
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    assert change(bench, id_).state == State.PENDING
    assert broken(bench, id_) == State.READY
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED
    assert bench.ledger.broken_glass(id_, 0)[0].bypassed == ["quorum", "role"]


async def test_it_bypasses_a_consent_that_denies_and_denied_alone(bench: Bench) -> None:
    id_ = await denied(bench)
    assert broken(bench, id_) == State.READY
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED
    assert bench.ledger.broken_glass(id_, 0)[0].bypassed == ["consent", "role"]


async def test_it_bypasses_a_consent_that_was_withdrawn_after_the_approval(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    bench.consents.answer = DENIED  # type: ignore[union-attr]
    await run(bench)
    assert (change(bench, id_).state, change(bench, id_).void) == ("pending-human-review",
                                                                   "consent-denied")  # fmt: skip
    approve(bench, id_)
    await run(bench)
    assert not bench.ehr.sent
    broken(bench, id_)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED


async def test_it_is_signed_loud_and_reviewed(bench: Bench) -> None:
    id_ = await denied(bench)
    broken(bench, id_, purpose="BTG")
    entries = bench.ledger.trail(id_)
    (entry,) = [one for one in entries if one.leaf["type"] == "decision.broke-glass"]
    keys = {bench.ring.signer("reviewer").kid: bench.ring.public("reviewer")}
    payload = verify(entry.leaf["data"]["statement"], "break-glass", keys).payload
    assert payload["bypasses"] == ["consent", "role"] and payload["purpose"] == "BTG"
    assert entry.body == {"reason": WHY} and "555 0199" not in str(entry.leaf)
    words = " | ".join(line.text for line in trail(entries))
    assert "GLASS BROKEN by dr-lee as physician (BTG): consent and role" in words
    (row,) = bench.ledger.open_incidents()
    assert (row.category, row.proposal) == ("break-glass", id_)
    (notice,) = bench.ledger.notices(id_, 0)
    assert json.loads(notice.to) == ["role:on-call", "role:supervisor"]


@pytest.mark.parametrize(
    ("glass", "field"),
    [(Glass(" "), "reason"), (Glass("x" * 5000), "reason"), (Glass("x", "TREAT"), "purpose")],
)
async def test_bad_input_names_the_field(bench: Bench, glass: Glass, field: str) -> None:
    id_ = await denied(bench)
    size = bench.ledger.size
    seen = change(bench, id_).change_digest
    with pytest.raises(BadInput) as caught:
        decide(bench.workspace, id_, 0, Answer("approve", seen=seen, glass=glass))
    assert caught.value.field == field and bench.ledger.size == size


async def test_nobody_may_whom_the_policy_does_not_name(bench: Bench) -> None:
    rewrite(bench, "policy", lambda text: text.replace(GRANT, ""))
    id_ = await denied(bench)
    size = bench.ledger.size
    with pytest.raises(Refused):
        broken(bench, id_)
    assert bench.ledger.size == size and change(bench, id_).state == State.DENIED


async def test_where_a_plain_approval_does_no_glass_is_broken(bench: Bench) -> None:
    rewrite(bench, "policy", lambda text: text.replace('["physician"]\n', '["coordinator"]\n'))
    id_ = await staged(bench, phone_change())
    with pytest.raises(Refused, match="nothing to bypass"):
        broken(bench, id_)


@pytest.mark.parametrize("kind", ["role", "quorum", "consent"])
async def test_a_grant_that_was_withdrawn_is_asked_for_again_at_the_gateway(
    bench: Bench, kind: str
) -> None:
    {"role": without_role, "quorum": two_wanted, "consent": lambda _: None}[kind](bench)
    id_ = await (denied(bench) if kind == "consent" else staged(bench, phone_change()))
    broken(bench, id_)
    rewrite(bench, "policy", lambda text: text.replace(GRANT, ""))
    await run(bench)
    assert not bench.ehr.sent and change(bench, id_).state == State.PENDING


async def test_a_recalled_approval_takes_its_glass_along(bench: Bench) -> None:
    id_ = await denied(bench)
    broken(bench, id_)
    recall(bench.workspace, id_, 0)
    with pytest.raises(Refused, match="denies"):
        approve(bench, id_)
    await run(bench)
    assert not bench.ehr.sent and change(bench, id_).state == State.PENDING


@pytest.mark.parametrize(
    "overrides",
    [
        {"purpose": "HPAYMT"},
        {"evidence": [{"source": "DocumentReference/n1", "quote": "she has no telephone at all",
                       "supports": [0]}]},
    ],
)  # fmt: skip
async def test_no_denial_but_consent_is_opened(bench: Bench, overrides: dict[str, Any]) -> None:
    id_ = await denied(bench, **overrides)
    size = bench.ledger.size
    with pytest.raises(Refused):
        broken(bench, id_)
    assert bench.ledger.size == size and change(bench, id_).state == State.DENIED


async def test_neither_a_doubtful_consent_nor_a_freeze_at_intake_is_opened(bench: Bench) -> None:
    bench.consents.answer = "unreadable Consent/c1"  # type: ignore[union-attr]
    unreadable = (await stage(bench.workspace, document(proposal(phone_change())))).proposal.id
    freeze_too = declare(bench.workspace, {"agent": "scribe-1"}, "drill")
    frozen = await denied(bench, correlation_id="c-2")
    assert freeze_too
    for id_ in (unreadable, frozen):
        with pytest.raises((Refused, Conflict)):
            broken(bench, id_)


def test_no_other_event_leaves_denied() -> None:
    check(State.DENIED, State.PENDING, "decision.broke-glass")
    for event in ("change.readmitted", "change.reassigned", ""):
        with pytest.raises(IllegalTransition):
            check(State.DENIED, State.PENDING, event)
    with pytest.raises(IllegalTransition):
        check(State.DENIED, State.READY, "decision.broke-glass")


async def test_another_hash_is_refused(bench: Bench) -> None:
    id_ = await denied(bench)
    with pytest.raises(Conflict):
        decide(bench.workspace, id_, 0, Answer("approve", seen="0" * 64, glass=Glass(WHY)))


async def test_expiry_binds(bench: Bench) -> None:
    id_ = await denied(bench)
    broken(bench, id_)
    bench.clock.advance(hours=9)
    await run(bench)
    assert not bench.ehr.sent
    with pytest.raises(CountersignError):
        broken(bench, id_)


async def test_an_expired_change_is_not_opened(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    without_role(bench)
    bench.clock.advance(hours=9)
    with pytest.raises(Conflict, match="expired"):
        broken(bench, id_)


async def test_control_without_expiry_it_would_be_approved(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await staged(bench, phone_change())
    without_role(bench)
    bench.clock.advance(hours=9)
    unguarded = replace(TABLE["break-glass"], unexpired=False)
    monkeypatch.setitem(TABLE, "break-glass", unguarded)
    assert broken(bench, id_) == State.READY


async def of_labelled_note(bench: Bench) -> str:
    take_labels(bench)
    label_note(bench)
    quote = {"source": "DocumentReference/n1", "supports": [0],
             "quote": f"a new mobile number {SECRET}"}  # fmt: skip
    id_ = await staged(bench, phone_change(), evidence=[quote])
    without_role(bench)
    return id_


async def test_what_is_hidden_is_not_approved_by_glass(bench: Bench) -> None:
    id_ = await of_labelled_note(bench)
    with pytest.raises(Conflict, match="hidden from you"):
        broken(bench, id_)
    reveal(bench.workspace, id_, [0])
    assert broken(bench, id_) == State.READY


async def test_control_without_the_check_what_is_hidden_would_be_approved(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await of_labelled_note(bench)
    monkeypatch.setattr("core.review.decide.check_not_hidden", lambda *_: None)
    assert broken(bench, id_) == State.READY


def _freeze(bench: Bench) -> None:
    declare(bench.workspace, {"agent": "scribe-1"}, "drill")


def _unreadable(bench: Bench) -> None:
    bench.consents.answer = "unreadable Consent/c1"  # type: ignore[union-attr]


def _merged(bench: Bench) -> None:
    link = [{"other": {"reference": "Patient/other"}, "type": "replaced-by"}]
    bench.ehr.put(exact_object({**PATIENT, "link": link}))


def _forbidden(bench: Bench) -> None:
    rewrite(bench, "policy", lambda text: text.replace('"TREAT", "HOPERAT"', '"HPAYMT"'))


def _forged(bench: Bench) -> None:
    bench.connection.execute("UPDATE glass SET statement = replace(statement, '.', 'x.')")


def _other_decision(bench: Bench) -> None:
    bench.connection.execute("UPDATE glass SET decision = 'another'")


BINDS = [_freeze, _unreadable, _merged, _forbidden, _forged, _other_decision]


@pytest.mark.parametrize("happens", BINDS)
async def test_what_it_does_not_bypass_stops_the_write(
    bench: Bench, happens: Callable[[Bench], None]
) -> None:
    id_ = await denied(bench)
    broken(bench, id_)
    happens(bench)
    await run(bench)
    assert not bench.ehr.sent


def _no_freeze_check(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(guards, "check_freeze", lambda *_: None)
    patch.setattr(send, "check_freeze", lambda *_: None)


def _no_consent_check(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(refresh, "check_consent", lambda *_: None)


def _no_glass_check(patch: pytest.MonkeyPatch) -> None:
    every = approval.BYPASSABLE
    patch.setattr(approval, "broken_by", lambda *_: every)


@pytest.mark.parametrize(
    ("happens", "off"),
    [
        (_freeze, _no_freeze_check),
        (_unreadable, _no_consent_check),
        (_forged, _no_glass_check),
        (_other_decision, _no_glass_check),
    ],
)
async def test_control_without_the_guard_it_would_be_written(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    happens: Callable[[Bench], None],
    off: Callable[[pytest.MonkeyPatch], None],
) -> None:
    id_ = await denied(bench)
    broken(bench, id_)
    happens(bench)
    off(monkeypatch)
    await run(bench)
    assert bench.ehr.sent
