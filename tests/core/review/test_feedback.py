"""Why a change was rejected, as CDS Hooks codes it: coded, and without a word of the reviewer's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import BadInput
from core.feed import feed
from core.review.decide import Answer, decide
from core.review.feedback import SYSTEM, override_reason
from core.review.reasons import REJECT_REASONS
from tests.builders import Bench, phone_change
from tests.core.gateway.scenario import approve, staged

WORDS = "her sister's number"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_the_feed_tells_a_rejection_with_the_coded_reason_and_no_words(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    decide(bench.workspace, id_, 0, Answer("reject", reason="wrong-patient", note=WORDS))
    (told,) = feed(bench.ledger, 0)
    assert told["override_reasons"] == [
        {
            "system": "urn:countersign:reject-reason",
            "code": "wrong-patient",
            "display": REJECT_REASONS["wrong-patient"],
        }
    ]
    assert WORDS not in json.dumps(told, default=str)


async def test_what_was_not_rejected_has_none(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    (told,) = feed(bench.ledger, 0)
    assert "override_reasons" not in told


def test_every_reason_has_its_coding() -> None:
    for code, words in REJECT_REASONS.items():
        assert override_reason(code) == {"system": SYSTEM, "code": code, "display": words}
    with pytest.raises(BadInput):
        override_reason("because")
