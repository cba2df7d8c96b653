"""The last rung: a create that only searches fence, and only where the route takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.adoption import adopt
from core.gateway import around
from core.intake.stage import stage
from core.ports import Capability
from tests.builders import Bench, document, problem_change, proposal
from tests.core.gateway.scenario import approve, change, run, staged


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    found = Bench(tmp_path)

    async def poor(type_: str) -> Capability:
        return Capability(
            create=True, update=True, update_create=False, conditional_create=False,
            versioned=True, search=type_ not in found.ehr.unsearchable,
        )  # fmt: skip

    monkeypatch.setattr(found.ehr, "capability", poor)
    return found


def allow(bench: Bench, *, unfenced: bool = True) -> None:
    row = bench.ledger.config("policy")
    assert row is not None
    plain = 'id = "clinician"\n'
    said = f"{plain}unfenced = {str(unfenced).lower()}\n"
    text = row.document.replace("unfenced = true\n", "").replace("unfenced = false\n", "")
    adopt(bench.workspace, "policy", text.replace(plain, said))


def conditions(bench: Bench) -> int:
    return sum(reference.startswith("Condition/") for reference in bench.ehr.versions)


async def test_without_the_word_in_the_route_it_is_denied(bench: Bench) -> None:
    found = await stage(bench.workspace, document(proposal(problem_change(), evidence=[])))
    assert found.outcome == "denied"
    assert [item["code"] for item in found.reasons] == ["no-safe-write"]


async def test_where_not_even_a_search_is_offered_it_is_denied(bench: Bench) -> None:
    allow(bench)
    bench.ehr.unsearchable = frozenset({"Condition"})
    found = await stage(bench.workspace, document(proposal(problem_change(), evidence=[])))
    assert found.outcome == "denied"


async def test_it_is_searched_for_then_posted_once_and_the_rung_is_on_record(bench: Bench) -> None:
    allow(bench)
    id_ = await staged(bench, problem_change(), evidence=[])
    assert change(bench, id_).rung == "search-around"
    approve(bench, id_)
    bench.ehr.searched.clear()
    await run(bench)
    assert change(bench, id_).state == "verified" and conditions(bench) == 1
    assert bench.ehr.sent[0].headers == {} and bench.ehr.sent[0].method == "POST"
    assert bench.ehr.searched.count("Condition") >= 2
    [intent] = [e.leaf for e in bench.ledger.trail(id_) if e.leaf["type"] == "write.intended"]
    assert intent["data"]["rung"] == "search-around"


@pytest.mark.parametrize("guarded", [True, False])
async def test_what_is_in_the_chart_already_is_not_posted_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """With its control: without the search the second request makes a second resource."""
    allow(bench)
    id_ = await staged(bench, problem_change(), evidence=[])
    approve(bench, id_)
    operation = change(bench, id_).operation
    own = {"system": "urn:countersign:operation", "value": operation}
    # It bears our operation and says something else, so that no duplicate by meaning stops it.
    bench.ehr.put({"resourceType": "Condition", "id": "x", "identifier": [own]})
    if not guarded:
        monkeypatch.setattr(around, "UNFENCED", "another")
    await run(bench)
    assert conditions(bench) == (1 if guarded else 2)
    if guarded:
        assert [one.class_ for one in bench.ledger.exceptions(id_, 0)] == ["found-before-sending"]


@pytest.mark.parametrize("fault", ["lost-request", "lost-response", 500])
async def test_a_lost_answer_is_never_followed_by_another_request(bench: Bench, fault) -> None:
    allow(bench)
    id_ = await staged(bench, problem_change(), evidence=[])
    approve(bench, id_)
    bench.ehr.faults = [fault]
    for _ in range(3):
        await run(bench)
    posts = [one for one in bench.ehr.sent if one.type == "Condition"]
    assert len(posts) == 1
    assert change(bench, id_).state == ("verified" if fault == "lost-response" else "exception")


async def test_a_route_that_no_longer_takes_it_gets_it_back(bench: Bench) -> None:
    allow(bench)
    id_ = await staged(bench, problem_change(), evidence=[])
    approve(bench, id_)
    allow(bench, unfenced=False)
    await run(bench)
    assert conditions(bench) == 0 and change(bench, id_).state != "verified"
