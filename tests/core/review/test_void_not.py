"""What moves beside an approved change and voids nothing, and an edit, which is decided anew."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.lifecycle import State
from core.review.content import read_content
from core.review.decide import Answer, decide
from core.review.edit import edit as edit_change
from core.review.edit import editable
from sync.keys.ring import KeyRing, generate
from tests.builders import Bench, phone_change
from tests.core.gateway.scenario import approve, change, edit, run, staged
from tests.core.review.voids import (
    CHART,
    ROUTE,
    _joins,
    adopt_policy,
    adopt_roster,
    approved,
    reference,
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


STRICT = ("rebase = true", "rebase = false")


@pytest.mark.parametrize("rebase", [True, False])
@pytest.mark.parametrize("type_", [*CHART, "Patient"])
async def test_another_element_is_rebased_where_the_route_lets_it(
    bench: Bench, type_: str, *, rebase: bool
) -> None:
    id_ = await approved(bench, type_, *(() if rebase else (STRICT,)))
    edit(bench, reference(type_), language="de")
    await run(bench)
    row = change(bench, id_)
    if rebase:
        assert row.state == State.VERIFIED and row.rebased_digest is not None
        assert bench.ehr.current(reference(type_))["language"] == "de"
    else:
        assert (bench.ehr.sent, row.state, row.void) == ([], State.PENDING, "base-moved")


SAME: dict[str, Callable[[Bench], object]] = {
    "a comment": lambda bench: adopt_policy(bench, ("version = 1", "# read again\nversion = 1")),
    "another name": lambda bench: adopt_policy(bench, ('name = "Sample policy"', 'name = "Ours"')),
    "another rule": lambda bench: adopt_policy(
        bench, ('id = "medication-proposal"', 'id = "medication-drafts"')
    ),
    "another route": lambda bench: adopt_policy(bench, ('expires = "4h"', 'expires = "2h"')),
    "another agent": lambda bench: adopt_policy(
        bench, ('agents = ["front-desk-1", "scribe-1"]', 'agents = ["front-desk-2", "scribe-1"]')
    ),
    "a colleague": lambda bench: _hire(bench),
}


def _hire(bench: Bench) -> None:
    other = generate().signers["reviewer"]
    adopt_roster(
        bench,
        _joins("new", "nurse", other),
    )  # fmt: skip


@pytest.mark.parametrize("name", SAME)
async def test_an_edit_of_the_documents_that_leaves_the_verdict_equal_voids_nothing(
    bench: Bench, name: str
) -> None:
    id_ = await approved(bench)
    before = [bench.ledger.config(kind) for kind in ("policy", "roster")]
    SAME[name](bench)
    assert [bench.ledger.config(kind) for kind in ("policy", "roster")] != before
    await run(bench)
    row = change(bench, id_)
    assert (row.state, row.void) == (State.VERIFIED, None) and len(bench.ehr.sent) == 2
    assert [vote.void for vote in bench.ledger.decisions(id_, 0)] == [None]


async def test_an_edited_change_is_checked_judged_and_decided_anew(bench: Bench) -> None:
    """With two people needed, the first one's approval does not cover what the second edits."""
    adopt_policy(bench, (ROUTE, ROUTE.replace("quorum = 1", "quorum = 2")))
    ring = _second_coordinator(bench)
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    before = change(bench, id_)
    assert before.state == State.PENDING
    draft = copy.deepcopy(editable(before, read_content(bench.ledger, before)))
    draft["telecom"][1]["value"] = "555 0177"
    second = replace(bench.workspace, reviewer="desk", keys=ring)
    digest = edit_change(second, id_, 0, draft, before.change_digest)
    after = change(bench, id_)
    assert [vote.void for vote in bench.ledger.decisions(id_, 0)] == ["edited"]
    assert after.verdict_digest and after.revision == 1 and after.change_digest == digest
    # Where two must decide, the editor alone never suffices.
    decide(second, id_, 0, Answer("approve", seen=digest))
    await run(bench)
    assert change(bench, id_).state == State.PENDING and bench.ehr.sent == []
    approve(bench, id_)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED
    assert bench.ehr.current("Patient/example")["telecom"][1]["value"] == "555 0177"


def _second_coordinator(bench: Bench) -> KeyRing:
    ring = generate()
    signer = ring.signers["reviewer"]
    adopt_roster(
        bench,
        _joins("desk", "coordinator", signer),
    )  # fmt: skip
    return replace(bench.ring, signers={**bench.ring.signers, "reviewer": signer})
