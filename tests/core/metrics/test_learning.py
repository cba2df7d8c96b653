"""Rates by what they may differ by, from decisions that were really made."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.metrics.learning import DIMENSIONS, Learnt, learn
from core.review.content import read_content
from core.review.decide import Answer, decide
from core.review.edit import edit, editable
from core.review.recall import recall
from tests.builders import Bench, phone_change, problem_change
from tests.core.gateway.scenario import approve, change, staged


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def decided(bench: Bench) -> None:
    """One approved, one edited and approved, one rejected, one recalled, one left."""
    approve(bench, await staged(bench, phone_change(), correlation_id="a"))
    corrected = await staged(bench, phone_change(), correlation_id="b")
    row = change(bench, corrected)
    resource = editable(row, read_content(bench.ledger, row))
    resource["telecom"][1]["value"] = "555 0198"
    edit(bench.workspace, corrected, 0, resource, row.change_digest)
    approve(bench, corrected)
    wrong = await staged(bench, problem_change(), correlation_id="c", evidence=[])
    decide(bench.workspace, wrong, 0, Answer("reject", reason="negated"))
    taken_back = await staged(bench, phone_change(), correlation_id="d")
    approve(bench, taken_back)
    recall(bench.workspace, taken_back, 0)
    await staged(bench, phone_change(), correlation_id="e")


def group(bench: Bench, by: str, name: str) -> Learnt:
    found = {one.name: one for one in learn(bench.ledger.judged(0), by)}  # type: ignore[arg-type]
    return found[name]


async def test_counts_by_agent_say_what_people_made_of_it(bench: Bench) -> None:
    await decided(bench)
    found = group(bench, "agent", "scribe-1")
    assert (found.decided, found.approved.hits, found.edited.hits, found.rejected.hits) == (
        3, 2, 1, 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("by", "name", "counts"),
    [
        ("model", "model-a@1", (3, 2, 1, 1)),
        ("prompt", "intake@3", (3, 2, 1, 1)),
        ("rule", "patient-contact", (2, 2, 1, 0)),
        ("rule", "visit-documentation", (1, 0, 0, 1)),
        ("route", "coordinator", (2, 2, 1, 0)),
        ("type", "Condition", (1, 0, 0, 1)),
        ("element", "Patient.telecom", (2, 2, 1, 0)),
        ("element", "Condition.code", (1, 0, 0, 1)),
        ("reason", "negated", (1, 0, 0, 1)),
    ],
)
async def test_every_dimension(bench: Bench, by: str, name: str, counts: tuple[int, ...]) -> None:
    await decided(bench)
    found = group(bench, by, name)
    assert (
        found.decided, found.approved.hits, found.edited.hits, found.rejected.hits,
    ) == counts  # fmt: skip


async def test_a_reason_is_counted_of_all_that_was_decided(bench: Bench) -> None:
    await decided(bench)
    assert group(bench, "reason", "negated").rejected.of == 3


async def test_only_what_was_decided_since_counts(bench: Bench) -> None:
    await decided(bench)
    size = bench.ledger.size
    assert all(not learn(bench.ledger.judged(size), by) for by in DIMENSIONS)
    approve(bench, await staged(bench, phone_change(), correlation_id="f"))
    assert [one.decided for one in learn(bench.ledger.judged(size), "agent")] == [1]
