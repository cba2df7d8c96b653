"""The send step looks again: what nobody saw beside the change sends it back, unsent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.gateway import beside as guarding
from core.gateway.beside import check_beside
from core.gateway.guards import Stopped
from core.gateway.returned import Returned
from core.lifecycle import State
from core.review.content import Content, read_content
from tests.builders import CONDITION, Bench, exact_object
from tests.core.gateway.scenario import approve, approved_problem, change, run

SCT = "http://snomed.info/sct"
ORDER: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "status": "draft",
    "intent": "proposal",
    "medicationCodeableConcept": {"coding": [{"system": SCT, "code": "27658006"}]},
    "subject": {"reference": "Patient/example"},
}
MESSAGE: dict[str, Any] = {
    "resourceType": "Communication",
    "status": "preparation",
    "subject": {"reference": "Patient/example"},
    "recipient": [{"reference": "RelatedPerson/r1"}],
    "payload": [{"contentString": "Please call."}],
}
MOTHER: dict[str, Any] = {
    "resourceType": "RelatedPerson",
    "id": "r1",
    "active": True,
    "patient": {"reference": "Patient/example"},
    "name": [{"given": ["Mo"], "family": "Synthetic"}],
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def charted(**elements: Any) -> Any:
    return exact_object({**CONDITION, "id": "c7", **elements})


async def test_a_duplicate_that_appeared_since_returns_it_and_a_second_look_may_send_it(
    bench: Bench,
) -> None:
    id_ = await approved_problem(bench)
    bench.ehr.put(charted())
    await run(bench)
    row = change(bench, id_)
    assert row.state == State.PENDING and row.void == "duplicate-appeared" and not bench.ehr.sent
    assert row.tier == "high"
    (found,) = read_content(bench.ledger, row).beside["duplicates"]["found"]
    assert found["reference"] == "Condition/c7" and found["strength"] == "certain"
    approve(bench, id_)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED


async def test_control_without_the_second_look_it_is_doubled(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarding, "appeared", lambda *_: False)
    id_ = await approved_problem(bench)
    bench.ehr.put(charted())
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED


async def test_a_chart_that_does_not_answer_the_search_waits(bench: Bench) -> None:
    id_ = await approved_problem(bench)
    bench.ehr.unsearched = frozenset({"Condition"})
    done = await run(bench)
    assert done.unreachable and change(bench, id_).state == State.READY and not bench.ehr.sent
    bench.ehr.unsearched = frozenset()
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED


async def test_a_search_that_is_no_longer_offered_returns_it(bench: Bench) -> None:
    id_ = await approved_problem(bench)
    bench.ehr.unsearchable = frozenset({"Condition"})
    await run(bench)
    assert change(bench, id_).void == "duplicates-not-checked" and not bench.ehr.sent


async def test_what_a_lost_answer_left_behind_is_our_own(bench: Bench) -> None:
    id_ = await approved_problem(bench)
    bench.ehr.faults.append("lost-request")
    await run(bench)
    await run(bench)
    sent = [request for request in bench.ehr.sent if request.type == "Condition"]
    assert change(bench, id_).state == State.VERIFIED and len(sent) == 2


async def other(bench: Bench, resource: dict[str, Any], beside: dict[str, Any]) -> Content:
    id_ = await approved_problem(bench)
    found = read_content(bench.ledger, change(bench, id_))
    return replace(found, resource=exact_object(resource), beside=beside)


async def test_a_recipient_who_is_no_longer_theirs_stops_the_message(bench: Bench) -> None:
    content = await other(bench, MESSAGE, {"duplicates": {"state": "checked", "found": []}})
    row = bench.ledger.changes_in(State.READY)[0]
    bench.ehr.put(exact_object(MOTHER))
    await check_beside(bench.workspace, row, content, "Patient/example")
    for gone in ({"active": False}, {"patient": {"reference": "Patient/other"}}):
        bench.ehr.put(exact_object({**MOTHER, **gone}))
        with pytest.raises(Stopped) as caught:
            await check_beside(bench.workspace, row, content, "Patient/example")
        assert caught.value.why == "recipient-not-theirs" and caught.value.consequence == "void"


async def test_a_reaction_charted_since_returns_the_order(bench: Bench) -> None:
    shown = {"duplicates": {"state": "checked", "found": []}, "medication": {"conflicts": []}}
    content = await other(bench, ORDER, shown)
    row = bench.ledger.changes_in(State.READY)[0]
    await check_beside(bench.workspace, row, content, "Patient/example")
    bench.ehr.put(
        exact_object({
            "resourceType": "AllergyIntolerance", "id": "a1",
            "patient": {"reference": "Patient/example"},
            "code": {"coding": [{"system": SCT, "code": "27658006"}]},
        })
    )  # fmt: skip
    with pytest.raises(Returned) as caught:
        await check_beside(bench.workspace, row, content, "Patient/example")
    assert caught.value.why == "reaction-charted"
    assert caught.value.content.beside["medication"]["conflicts"][0]["reference"] == (
        "AllergyIntolerance/a1"
    )
