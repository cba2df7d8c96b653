"""Held for consent: read again with growing pauses, then shown to a person; never allowed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import Refused, Unreachable
from core.intake.hold import DEADLINE, LONGEST_PAUSE
from core.intake.stage import stage
from core.ledger.event import Entry, Event, moment
from core.review.decide import Answer, decide
from sync.store.ledger import StoreTransaction
from tests.builders import Bench, document, phone_change, problem_change, proposal
from tests.core.gateway.scenario import approve, change, edit, run
from tests.fakes import FakeConsents


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def says(bench: Bench, answer: str, error: Exception | None = None) -> FakeConsents:
    assert isinstance(bench.consents, FakeConsents)
    bench.consents.answer, bench.consents.error = answer, error
    return bench.consents


async def held(bench: Bench, *changes: dict[str, Any], answer: str = "unreadable x") -> str:
    says(bench, answer)
    found = await stage(bench.workspace, document(proposal(*(changes or (phone_change(),)))))
    assert found.state == "proposed" and found.outcome == "review"
    return found.proposal.id


async def past_the_deadline(bench: Bench) -> None:
    for _ in range(20):
        bench.clock.advance(minutes=1)
        await run(bench)


def codes(bench: Bench, id_: str) -> set[str]:
    return {reason["code"] for reason in change(bench, id_).reason_list}


async def test_read_again_it_is_admitted_as_if_it_had_been_readable(bench: Bench) -> None:
    id_ = await held(bench)
    says(bench, "permit Consent/c1")
    bench.clock.advance(seconds=30)
    assert (await run(bench)).settled == 1
    row = change(bench, id_)
    assert row.state == "pending-human-review" and row.consent == "permit Consent/c1"
    assert not codes(bench, id_) and not bench.ledger.holds()
    approve(bench, id_)
    await run(bench)
    assert len(bench.ehr.sent) >= 1


async def test_it_is_not_read_before_it_is_due(bench: Bench) -> None:
    id_ = await held(bench)
    reads = says(bench, "permit").reads
    bench.clock.advance(seconds=29)
    await run(bench)
    assert says(bench, "permit").reads == reads and change(bench, id_).state == "proposed"


async def test_one_search_a_round_for_all_changes_of_a_proposal(bench: Bench) -> None:
    await held(bench, phone_change(), problem_change())
    reads = says(bench, "unreadable").reads
    bench.clock.advance(seconds=30)
    await run(bench)
    assert says(bench, "unreadable").reads == reads + 1


async def test_a_no_that_comes_while_it_is_held_denies(bench: Bench) -> None:
    id_ = await held(bench)
    says(bench, "deny Consent/c1 was revoked")
    bench.clock.advance(seconds=30)
    await run(bench)
    assert change(bench, id_).state == "denied" and "consent-denied" in codes(bench, id_)
    assert not bench.ledger.holds()


async def test_at_the_deadline_a_person_sees_it_and_cannot_approve(bench: Bench) -> None:
    id_ = await held(bench)
    await past_the_deadline(bench)
    row = change(bench, id_)
    assert row.state == "pending-human-review" and "consent-unreadable" in codes(bench, id_)
    (hold,) = bench.ledger.holds()
    assert moment(row.since) - moment(hold.since) == DEADLINE
    with pytest.raises(Refused, match="Consents"):
        approve(bench, id_)
    decide(bench.workspace, id_, 0, Answer("reject", reason="not-supported"))
    bench.clock.advance(hours=2)
    await run(bench)
    assert not bench.ledger.holds() and change(bench, id_).state == "rejected"


async def test_shown_to_a_person_it_is_still_read_again(bench: Bench) -> None:
    id_ = await held(bench)
    await past_the_deadline(bench)
    says(bench, "permit Consent/c1")
    bench.clock.advance(hours=1)
    await run(bench)
    approve(bench, id_)
    await run(bench)
    assert bench.ehr.sent


async def test_revoked_after_a_person_saw_it_is_denied(bench: Bench) -> None:
    id_ = await held(bench)
    await past_the_deadline(bench)
    says(bench, "deny Consent/c1 was revoked")
    bench.clock.advance(hours=1)
    await run(bench)
    assert change(bench, id_).state == "denied"


async def test_settled_then_revoked_before_sending_is_not_sent(bench: Bench) -> None:
    id_ = await held(bench)
    says(bench, "permit")
    bench.clock.advance(seconds=30)
    await run(bench)
    approve(bench, id_)
    says(bench, "deny")
    await run(bench)
    assert not bench.ehr.sent and change(bench, id_).state == "pending-human-review"


async def test_the_pauses_grow_and_are_bounded(bench: Bench) -> None:
    await held(bench)
    pauses = []
    for _ in range(13):
        (hold,) = bench.ledger.holds()
        pauses.append(moment(hold.due) - bench.clock.now())
        bench.clock.advance(seconds=pauses[-1].total_seconds())
        await run(bench)
    assert pauses[:4] == [timedelta(seconds=30 * 2**n) for n in range(4)]
    assert max(pauses) == pauses[-1] == LONGEST_PAUSE


def automatic(bench: Bench) -> None:
    """Let the sample's rule for contact details approve without a person."""
    from core.adoption import adopt

    text = bench.ledger.config("policy").document
    before, start, rule = text.partition('[[allow]]\nid = "patient-contact"')
    rule = rule.replace('route = "coordinator"', 'route = "auto"', 1)
    paths = 'paths = ["Patient.telecom", "Patient.address", "Patient.name"]'
    assert start and "enabled = false" in before
    before = before.replace("enabled = false", f"enabled = true\n{paths}", 1)
    adopt(bench.workspace, "policy", before + start + rule)


async def test_an_automatic_one_waits_too_and_is_shown_to_a_person(bench: Bench) -> None:
    automatic(bench)
    id_ = await held(bench)
    await past_the_deadline(bench)
    row = change(bench, id_)
    assert row.state == "pending-human-review" and row.route is not None
    assert not bench.ehr.sent
    says(bench, "permit")
    bench.clock.advance(hours=1)
    await run(bench)
    assert change(bench, id_).outcome == "auto" and bench.ehr.sent


async def test_control_the_automatic_one_would_be_sent_at_once(bench: Bench) -> None:
    automatic(bench)
    says(bench, "permit")
    await stage(bench.workspace, document(proposal(phone_change())))
    await run(bench)
    assert bench.ehr.sent


async def test_lost_consents_are_said_to_be_unreachable(bench: Bench) -> None:
    id_ = await held(bench)
    says(bench, "", Unreachable("gone"))
    bench.clock.advance(seconds=30)
    assert (await run(bench)).unreachable
    assert change(bench, id_).state == "proposed"


async def test_the_verdict_is_the_one_of_now(bench: Bench) -> None:
    from core.adoption import adopt

    id_ = await held(bench)
    text = bench.ledger.config("policy").document
    assert 'id = "patient-contact"' in text
    adopt(bench.workspace, "policy", text.replace('id = "patient-contact"', 'id = "renamed"'))
    says(bench, "permit")
    bench.clock.advance(seconds=30)
    await run(bench)
    row = change(bench, id_)
    assert row.revision == 1 and row.rules == '["renamed"]'
    approve(bench, id_)
    await run(bench)
    assert bench.ehr.sent


@pytest.mark.parametrize("answer", ["permit", "deny", "unreadable"])
@pytest.mark.parametrize("nth", range(1, 6))
async def test_a_crash_at_the_nth_append_loses_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, answer: str, nth: int
) -> None:
    id_ = await held(bench)
    for _ in range(14):
        bench.clock.advance(minutes=1)
        await run(bench)
    before, holding = change(bench, id_), bench.ledger.holds()
    bench.clock.advance(minutes=5)
    says(bench, answer)
    done, append = [0], StoreTransaction.append

    def failing(transaction: StoreTransaction, event: Event) -> Entry:
        entry = append(transaction, event)
        done[0] += 1
        if done[0] == nth:
            raise Crash
        return entry

    with monkeypatch.context() as patched:
        patched.setattr(StoreTransaction, "append", failing)
        try:
            await run(bench)
        except Crash:
            assert change(bench, id_) == before and bench.ledger.holds() == holding
        else:
            assert done[0] < nth
    await run(bench)
    wanted = "denied" if answer == "deny" else "pending-human-review"
    assert change(bench, id_).state == wanted


class Crash(BaseException):
    """The process is gone."""


async def test_control_without_the_check_a_person_could_approve(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await held(bench)
    await past_the_deadline(bench)
    monkeypatch.setattr("core.review.decide.check_consent_read", lambda *_: None)
    approve(bench, id_)
    assert change(bench, id_).state == "ready-for-write"
    await run(bench)
    assert not bench.ehr.sent


async def test_control_without_the_hold_it_would_wait_for_review(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.intake.survey.is_held", lambda *_: False)
    says(bench, "unreadable")
    found = await stage(bench.workspace, document(proposal(phone_change())))
    assert found.state == "pending-human-review"


async def test_a_base_that_moved_while_it_was_held_is_caught_at_sending(bench: Bench) -> None:
    id_ = await held(bench)
    edit(bench, telecom=[{"system": "phone", "value": "555 7777"}])
    says(bench, "permit")
    bench.clock.advance(seconds=30)
    await run(bench)
    approve(bench, id_)
    await run(bench)
    assert not bench.ehr.sent
