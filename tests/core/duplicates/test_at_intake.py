"""Duplicates at intake: a certain one is denied, a likely one shown, an unread chart said."""

from __future__ import annotations

from typing import Any

import pytest

from core.intake import survey as surveying
from core.intake.stage import Staged, stage
from core.review.content import Content, read_content
from tests.builders import CONDITION, Bench, document, exact_object, problem_change, proposal

CHARTED = {**CONDITION, "id": "c7", "recordedDate": "2024-05-06", "note": [{"text": "SECRET"}]}
RESOLVED = {
    **CHARTED,
    "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-"
                                   "clinical", "code": "resolved"}]},
}  # fmt: skip


async def submit(bench: Bench, *changes: dict[str, Any], **more: Any) -> Staged:
    value = proposal(*(changes or (problem_change(),)), **{"evidence": [], **more})
    return await stage(bench.workspace, document(value))


def content(bench: Bench, staged: Staged, index: int = 0) -> Content:
    row = bench.ledger.change(staged.proposal.id, index)
    assert row is not None
    return read_content(bench.ledger, row)


def codes(staged: Staged) -> set[str]:
    return {reason["code"] for reason in staged.reasons}


def tier(bench: Bench, staged: Staged) -> str | None:
    row = bench.ledger.change(staged.proposal.id, 0)
    return None if row is None else row.tier


async def test_a_fact_of_the_chart_is_denied_and_the_agent_learns_a_code(bench: Bench) -> None:
    bench.ehr.put(exact_object(CHARTED))
    staged = await submit(bench)
    assert staged.outcome == "denied" and "duplicate" in codes(staged)
    told = str(staged.reasons)
    assert not any(word in told for word in ("c7", "2024", "SECRET", "59621000", "Condition"))


async def test_control_without_the_search_it_passes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveying, "is_certain", lambda _: False)
    bench.ehr.put(exact_object(CHARTED))
    assert (await submit(bench)).outcome == "review"


async def test_a_likely_one_is_shown_and_the_tier_rises_and_nothing_is_blocked(
    bench: Bench,
) -> None:
    bench.ehr.put(exact_object(RESOLVED))
    staged = await submit(bench)
    (found,) = content(bench, staged).beside["duplicates"]["found"]
    assert found["reference"] == "Condition/c7" and found["version"] == "1"
    assert found["date"] == "2024-05-06" and found["status"].startswith("resolved")
    assert staged.outcome == "review" and codes(staged) == {"duplicate-possible"}
    assert tier(bench, staged) == "high"


async def test_what_the_chart_says_alone_never_reaches_the_agent(bench: Bench) -> None:
    bench.ehr.put(exact_object(RESOLVED))
    likely = (await submit(bench)).reasons
    bench.ehr.versions.pop("Condition/c7")
    bench.ehr.unsearchable = frozenset({"Condition"})
    unread = (await submit(bench, correlation_id="c-2")).reasons
    assert likely == unread


@pytest.mark.parametrize("how", ["unsearchable", "unsearched"])
async def test_a_chart_that_is_not_searched_never_passes_in_silence(bench: Bench, how: str) -> None:
    setattr(bench.ehr, how, frozenset({"Condition"}))
    staged = await submit(bench)
    found = content(bench, staged).beside["duplicates"]
    assert found["state"] == "not-checked" and found["why"] in ("not-offered", "not-reached")
    assert tier(bench, staged) == "high" and staged.outcome == "review"


async def test_nothing_of_the_kind_leaves_the_verdict_alone(bench: Bench) -> None:
    staged = await submit(bench)
    assert content(bench, staged).beside["duplicates"]["found"] == []
    assert tier(bench, staged) == "medium" and not staged.reasons


async def test_an_open_proposal_of_another_is_shown(bench: Bench) -> None:
    first = await submit(bench)
    second = await submit(bench, correlation_id="c-2")
    (found,) = content(bench, second).beside["duplicates"]["found"]
    assert found["where"] == "proposal" and found["agent"] == "scribe-1"
    assert found["proposal"] == first.proposal.id and found["strength"] == "likely"
    assert second.outcome == "review"


async def test_two_changes_of_one_proposal_know_each_other(bench: Bench) -> None:
    staged = await submit(bench, problem_change(), problem_change())
    for index in (0, 1):
        (found,) = content(bench, staged, index).beside["duplicates"]["found"]
        assert found["where"] == "sibling" and int(found["index"].text) == 1 - index


async def test_another_patients_fact_is_no_duplicate(bench: Bench) -> None:
    bench.ehr.put(exact_object({**CHARTED, "subject": {"reference": "Patient/other"}}))
    assert (await submit(bench)).outcome == "review"
