"""Asking again for what a person rejected: denied on the same grounds, shown on others."""

from __future__ import annotations

from typing import Any

import pytest

from core.adoption import adopt
from core.intake import survey
from core.intake.stage import Staged, stage
from core.review.decide import Answer, decide
from core.view import view_proposal
from core.workspace import document as document_in_force
from tests.builders import PHONE_PATCH, Bench, document, phone_change, problem_change, proposal
from tests.core.gateway.scenario import approve, change, edit, run, staged

EVIDENCE = [{"source": "DocumentReference/n1", "quote": "a new mobile number", "supports": [0]}]


async def rejected(bench: Bench, **overrides: Any) -> str:
    id_ = await staged(bench, phone_change(), correlation_id="first", **overrides)
    decide(bench.workspace, id_, 0, Answer("reject", reason="not-supported"))
    return id_


async def again(bench: Bench, *changes: dict[str, Any], **overrides: Any) -> Staged:
    body = proposal(*(changes or (phone_change(),)), correlation_id="again", **overrides)
    return await stage(bench.workspace, document(body))


def codes(found: Staged) -> list[str]:
    return [str(reason["code"]) for reason in found.reasons]


async def test_the_same_on_the_same_evidence_is_denied(bench: Bench) -> None:
    await rejected(bench)
    found = await again(bench, rationale="Other words.", confidence=0.99)
    assert (found.outcome, codes(found)) == ("denied", ["already-rejected"])


async def test_control_without_the_look_back_it_waits_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rejected(bench)
    monkeypatch.setattr(survey, "was_rejected", lambda *_: False)
    assert (await again(bench)).outcome == "review"


async def test_another_quote_is_looked_at_with_the_earlier_answer_beside_it(bench: Bench) -> None:
    await rejected(bench)
    found = await again(bench, evidence=EVIDENCE)
    assert found.outcome == "review"
    (view,) = view_proposal(bench.ledger, found.proposal).changes
    assert [one["reason"] for one in view.rejected_before] == ["not-supported"]


async def test_another_base_value_is_looked_at_anew(bench: Bench) -> None:
    await rejected(bench)
    telecom = [dict(item) for item in bench.ehr.current("Patient/example")["telecom"]]
    telecom[1]["value"] = "555 0122"
    edit(bench, telecom=telecom)
    assert (await again(bench, phone_change(base_version="2"))).outcome == "review"


@pytest.mark.parametrize("what", ["other-value", "other-change"])
async def test_something_else_is_nothing_rejected(bench: Bench, what: str) -> None:
    await rejected(bench, evidence=[])
    changes = {
        "other-value": phone_change(patch=[{**PHONE_PATCH[0], "value": "555 0177"}]),
        "other-change": problem_change(),
    }
    found = await again(bench, changes[what], evidence=[])
    assert found.outcome == "review"
    assert not view_proposal(bench.ledger, found.proposal).changes[0].rejected_before


async def test_what_was_approved_is_no_rejection(bench: Bench) -> None:
    id_ = await staged(bench, phone_change(), correlation_id="first")
    approve(bench, id_)
    assert (await again(bench)).outcome == "review"


async def test_a_policy_may_only_show_it(bench: Bench) -> None:
    await rejected(bench)
    policy = document_in_force(bench.ledger, "policy").document
    shown = policy.replace('rejected = "deny"', 'rejected = "show"')
    assert shown != policy
    adopt(bench.workspace, "policy", shown)
    found = await again(bench)
    assert found.outcome == "review"
    row = change(bench, found.proposal.id)
    assert row.asked and row.grounds and row.asked != row.grounds


async def test_what_an_agent_asked_for_stays_known_after_the_base_moved(bench: Bench) -> None:
    id_ = await staged(bench, phone_change(), correlation_id="first")
    asked = change(bench, id_).asked
    approve(bench, id_)
    edit(bench, gender="male")
    await run(bench)
    assert change(bench, id_).asked == asked
