"""By which way a wrong write is put right, said before anybody proposes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.incident.freeze import declare
from core.reconcile.became import became
from core.reconcile.steps import ask_correction
from core.reconcile.ways import way_back
from tests.builders import Bench
from tests.core.gateway.failed import is_a
from tests.core.gateway.scenario import change, edit, run
from tests.core.reconcile.again import condition, until_due, verified_phone, verified_problem


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_what_went_out_as_an_update_can_be_updated_again(bench: Bench) -> None:
    id_ = await verified_phone(bench)
    assert way_back(bench.ledger, change(bench, id_)).by == "api"
    is_a(bench, "generic-r4")
    assert way_back(bench.ledger, change(bench, id_)).by == "api", "the server offered it"


@pytest.mark.parametrize(
    ("name", "by", "source"),
    [
        ("sandbox", "api", ""),
        ("generic-r4", "unknown", ""),
        ("epic", "hand", "fhir.epic.com/interconnect-fhir-oauth/api/FHIR/R4/metadata, 2026-08-14"),
        ("veradigm", "hand", "developer.veradigm.com/Fhir/ProcessOverview, 2026-08-14"),
    ],
)
async def test_a_create_is_put_right_as_its_ehr_lets_it(
    bench: Bench, name: str, by: str, source: str
) -> None:
    id_ = await verified_problem(bench)
    if name != "sandbox":
        is_a(bench, name)
    way = way_back(bench.ledger, change(bench, id_))
    assert way.by == by and (not source or way.source == source)
    assert (by == "hand") is ("a person types it there" in way.words)


async def test_what_policy_denied_says_why(bench: Bench) -> None:
    id_ = await verified_problem(bench)
    edit(bench, condition(bench), code={"text": "something else"})
    until_due(bench, id_)
    await run(bench)
    ask_correction(bench.workspace, id_, 0, "somebody changed it")
    (row,) = bench.ledger.corrections(id_, 0)
    assert became(bench.ledger, row) == "proposed next round"
    declare(bench.workspace, {"type": "Condition"}, "nothing is written now")
    await run(bench)
    (row,) = bench.ledger.corrections(id_, 0)
    assert row.proposed is not None
    said = became(bench.ledger, row)
    assert said.startswith(f"it is proposal {row.proposed[:8]}, denied: ")
    assert "frozen" in said
