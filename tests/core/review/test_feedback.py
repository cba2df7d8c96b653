"""Decisions as CDS Hooks feedback: the specification's members, and no words unless asked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import BadInput
from core.review.decide import Answer, decide
from core.review.feedback import SYSTEM, cds_feedback, override_reason, override_reasons
from core.review.reasons import REJECT_REASONS
from tests.builders import Bench, phone_change
from tests.core.gateway.scenario import approve, staged

WORDS = "her sister's number"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_an_approval_accepts_the_suggestion(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    (vote,) = bench.ledger.decisions(id_, 0)
    assert cds_feedback("card-1", "s-1", vote) == {
        "card": "card-1",
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": "s-1"}],
        "outcomeTimestamp": vote.at,
    }


async def test_a_rejection_overrides_with_the_coded_reason_and_no_words(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    decide(bench.workspace, id_, 0, Answer("reject", reason="wrong-patient", note=WORDS))
    (vote,) = bench.ledger.decisions(id_, 0)
    told = cds_feedback("card-1", "s-1", vote)
    assert told == {
        "card": "card-1",
        "outcome": "overridden",
        "overrideReason": {
            "reason": {
                "system": "urn:countersign:reject-reason",
                "code": "wrong-patient",
                "display": REJECT_REASONS["wrong-patient"],
            }
        },
        "outcomeTimestamp": vote.at,
    }
    asked = cds_feedback("card-1", "s-1", vote, comment=WORDS)
    assert asked["overrideReason"]["userComment"] == WORDS


async def test_a_deferral_is_no_outcome(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    until = bench.clock.now() + timedelta(hours=1)
    decide(bench.workspace, id_, 0, Answer("defer", until=until))
    with pytest.raises(BadInput) as caught:
        cds_feedback("card-1", "s-1", bench.ledger.decisions(id_, 0)[0])
    assert caught.value.field == "outcome"


def test_every_reason_has_its_coding() -> None:
    assert [one["code"] for one in override_reasons()] == list(REJECT_REASONS)
    assert {one["system"] for one in override_reasons()} == {SYSTEM}
    with pytest.raises(BadInput):
        override_reason("because")
