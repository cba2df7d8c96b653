"""The story of a proposal in words, with nothing of the chart in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.audit.trail import Line, trail
from tests.builders import Bench
from tests.core.gateway.scenario import approve, approved_problem, run, staged
from tests.sync.store.story import VALUES, live


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_every_event_of_one_proposal_in_order(bench: Bench) -> None:
    id_ = await staged(bench)
    approve(bench, id_)
    await run(bench)
    lines = trail(bench.ledger.trail(id_))
    assert [line.seq for line in lines] == sorted(line.seq for line in lines)
    assert [line.type for line in lines if line.index in (None, 0)] == [
        "proposal.submitted", "change.proposed", "change.evaluated", "change.admitted",
        "decision.recorded", "write.intended", "write.receipt", "provenance.recorded",
        "reconciliation.recorded",
    ]  # fmt: skip
    told = {line.type: line.text for line in lines if line.index in (None, 0)}
    assert told["proposal.submitted"] == "from scribe-1 (c-1)"
    assert told["change.proposed"].endswith("Patient.telecom.value changed; → proposed")
    assert "pending-human-review → ready-for-write" in told["decision.recorded"]
    assert told["decision.recorded"].startswith("approve by dr-lee as ")
    assert told["write.receipt"].startswith("answer 201, version 2")
    assert told["reconciliation.recorded"].endswith("persisted → verified")


async def test_who_did_it_stands_on_each_line(bench: Bench) -> None:
    id_ = await approved_problem(bench)
    await run(bench)
    kinds = {line.type: line.actor.split()[0] for line in trail(bench.ledger.trail(id_))}
    assert kinds["decision.recorded"] == "reviewer" and kinds["write.intended"] == "gateway"
    assert kinds["proposal.submitted"] in ("agent", "submitter")


async def test_trail_holds_no_chart_content_and_names_every_kind(bench: Bench) -> None:
    await live(bench)
    ids = [row[0] for row in bench.connection.execute("SELECT id FROM proposal")]
    lines = [line for id_ in ids for line in trail(bench.ledger.trail(id_))]
    words = "\n".join(f"{line.actor} {line.text}" for line in lines)
    assert not [value for value in VALUES if value in words]
    silent = {line.type for line in lines if not line.text}
    assert not silent


def test_as_json_leaves_an_absent_index_out() -> None:
    line = Line(3, "t", "freeze.set", "system x", None, "words")
    wanted = {"seq": 3, "at": "t", "type": "freeze.set", "actor": "system x", "text": "words"}
    assert line.as_json() == wanted
    assert Line(3, "t", "freeze.set", "system x", 0, "words").as_json() == wanted | {"index": 0}


def test_nothing_has_no_trail() -> None:
    assert trail([]) == []
