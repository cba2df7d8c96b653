"""A code that an adopted map calls the same: ours after a lost answer, and found when typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.adoption import adopt
from core.canonical import JsonObject
from core.concept_maps import KIND
from core.ledger.event import instant
from core.lifecycle import State
from core.review.byhand import Entry, enter
from tests.builders import CONDITION, PATIENT, Bench, exact_object, problem_change
from tests.core.concept_map_samples import ICD, SNOMED, concept_map, target, text
from tests.core.gateway.scenario import approved_phone, change, run, staged

CODE = CONDITION["code"]["coding"][0]["code"]


def married(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def recoded(resource: JsonObject) -> JsonObject:
    if resource["resourceType"] != "Patient":
        return resource
    return {**resource, "maritalStatus": married(ICD, "A00")}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def mapped(bench: Bench, equivalence: str | None) -> None:
    if equivalence is not None:
        adopt(bench.workspace, KIND, text(concept_map({CODE: [target("A00", equivalence)]})))


@pytest.mark.parametrize(
    ("equivalence", "state"),
    [(None, "denied"), ("wider", "denied"), ("equivalent", "verified")],
)
async def test_an_update_with_a_lost_answer_is_ours_where_a_map_says_so(
    bench: Bench, equivalence: str | None, state: str
) -> None:
    mapped(bench, equivalence)
    bench.ehr.put(exact_object({**PATIENT, "maritalStatus": married(SNOMED, CODE)}))
    id_ = await approved_phone(bench)
    bench.ehr.transform = recoded
    bench.ehr.faults = ["lost-response"]
    await run(bench)
    assert change(bench, id_).state == state


@pytest.mark.parametrize(
    ("equivalence", "state"),
    [(None, State.MANUAL_ENTRY), ("wider", State.MANUAL_ENTRY), ("equivalent", State.VERIFIED)],
)
async def test_a_problem_typed_in_the_code_of_the_ehr_is_found_where_a_map_says_so(
    bench: Bench, equivalence: str | None, state: State
) -> None:
    mapped(bench, equivalence)
    id_ = await staged(bench, problem_change(), evidence=[])
    enter(bench.workspace, id_, 0, Entry(change(bench, id_).change_digest))
    typed = {**CONDITION["code"], "coding": [{"system": ICD, "code": "A00"}]}
    bench.ehr.put(exact_object({**CONDITION, "id": "typed", "code": typed}))
    chain = bench.ehr.versions["Condition/typed"]
    chain[-1]["meta"]["lastUpdated"] = instant(bench.clock.now())
    await run(bench)
    assert change(bench, id_).state == state
    assert not bench.ehr.sent
