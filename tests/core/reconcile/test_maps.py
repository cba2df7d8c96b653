"""A code that an EHR replaced is verified only where an adopted map calls both the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.adoption import adopt
from core.adoption_check import adoption_problems
from core.adoption_events import document_digest
from core.canonical import JsonObject
from core.concept_maps import KIND
from core.errors import BadInput
from core.reconcile import maps
from tests.builders import CONDITION, Bench
from tests.core.concept_map_samples import ICD, concept_map, target, text
from tests.core.gateway.scenario import approved_problem, change, run

CODE = CONDITION["code"]["coding"][0]["code"]
DISPLAY = "As the EHR calls it"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    found = Bench(tmp_path)
    found.ehr.transform = translated
    return found


def translated(resource: JsonObject) -> JsonObject:
    if resource["resourceType"] != "Condition":
        return resource
    coding = [{"system": ICD, "code": "A00", "display": DISPLAY}]
    return {**resource, "code": {**resource["code"], "coding": coding}}


def mapped(equivalence: str) -> str:
    return text(concept_map({CODE: [target("A00", equivalence)]}))


@pytest.mark.parametrize(
    ("equivalence", "state"),
    [
        (None, "exception"),
        ("wider", "exception"),
        ("equivalent", "verified"),
        ("equal", "verified"),
    ],
)
async def test_an_adopted_map_decides_what_a_replaced_code_is(
    bench: Bench, equivalence: str | None, state: str
) -> None:
    if equivalence is not None:
        adopt(bench.workspace, KIND, mapped(equivalence))
    id_ = await approved_problem(bench)
    await run(bench)
    assert change(bench, id_).state == state


async def test_the_newest_adopted_maps_count(bench: Bench) -> None:
    adopt(bench.workspace, KIND, mapped("equal"))
    adopt(bench.workspace, KIND, mapped("inexact"))
    id_ = await approved_problem(bench)
    await run(bench)
    assert change(bench, id_).state == "exception"


def test_maps_are_signed_into_the_ledger_as_every_document_is(bench: Bench) -> None:
    row = adopt(bench.workspace, KIND, mapped("equal"))
    entry = bench.ledger.entry(bench.ledger.size - 1)
    assert entry is not None
    assert entry.leaf["data"]["digest"] == row.digest
    entries = [bench.ledger.entry(seq) for seq in range(bench.ledger.size)]
    pinned = {bench.workspace.keys.signer("reviewer").kid: bench.workspace.keys.public("reviewer")}
    assert adoption_problems([one for one in entries if one is not None], pinned) == []


def test_a_map_that_is_not_active_is_not_adopted(bench: Bench) -> None:
    draft = text(concept_map({CODE: [target("A00", "equal")]}, status="draft"))
    with pytest.raises(BadInput):
        adopt(bench.workspace, KIND, draft)
    assert bench.ledger.config(KIND) is None


@pytest.mark.parametrize("signed", [True, False])
async def test_maps_that_nobody_signed_count_as_none(
    bench: Bench, signed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopt(bench.workspace, KIND, mapped("inexact"))
    id_ = await approved_problem(bench)
    row = bench.ledger.config(KIND)
    assert row is not None
    forged = mapped("equal")
    bench.connection.execute(
        "UPDATE config SET document = ?, digest = ? WHERE kind = ?",
        (forged, document_digest(forged), KIND),
    )
    if not signed:
        monkeypatch.setattr(maps, "check_in_force", lambda *_: None)
    await run(bench)
    assert change(bench, id_).state == ("exception" if signed else "verified")
