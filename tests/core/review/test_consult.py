"""Asking a colleague: signed, told, answered, shown to both, and gating nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.adoption import adopt
from core.errors import BadInput, Conflict, Refused
from core.lifecycle import State
from core.review.consult import colleagues, consult
from core.review.decide import Answer, decide
from core.statement import verify
from core.view import proposal_json, view_proposal
from core.workspace import Workspace, roster_in_force
from sync.keys.ring import generate
from tests.builders import Bench, phone_change
from tests.core.gateway.scenario import approve, change, run, staged

WORDS = "Is this her sister's number?"


class Pair(Bench):
    """A bench at which two people sit in turn."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.other = generate()
        roster = self.ledger.config("roster")
        assert roster is not None
        kid, x = self.other.signer("reviewer").kid, self.other.public("reviewer")
        key = f'{{kid = "{kid}", x = "{x}"}}'
        person = f'[[people]]\nid = "dr-okafor"\nroles = ["physician"]\nkeys = [{key}]\n'
        adopt(self.workspace, "roster", f"{roster.document}\n{person}")

    def sit(self, name: str) -> Workspace:
        ring = self.ring if name == "dr-lee" else self.other
        return replace(self.workspace, reviewer=name, keys=ring)


@pytest.fixture
def bench(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


async def test_a_colleague_is_asked_told_and_answers(bench: Pair) -> None:
    id_ = await staged(bench, phone_change())
    asked = consult(bench.sit("dr-lee"), id_, 0, "dr-okafor", WORDS)
    (notice,) = [one for one in bench.ledger.notices(id_, 0) if one.kind == "consult"]
    assert notice.to == '["person:dr-okafor"]'
    answer = consult(bench.sit("dr-okafor"), id_, 0, None, "No, her own.")
    assert (answer.to, answer.answers, asked.answers) == ("dr-lee", asked.id, None)
    row = bench.ledger.proposal(id_)
    assert row is not None
    shown = proposal_json(view_proposal(bench.ledger, row))["consults"]
    assert [(one["by"], one["to"], one["note"]) for one in shown] == [
        ("dr-lee", "dr-okafor", WORDS),
        ("dr-okafor", "dr-lee", "No, her own."),
    ]


async def test_it_is_signed_and_the_words_stand_in_the_body_only(bench: Pair) -> None:
    id_ = await staged(bench, phone_change())
    said = consult(bench.sit("dr-lee"), id_, 0, "dr-okafor", WORDS)
    entry = next(one for one in bench.ledger.trail(id_) if one.leaf["type"] == "change.consulted")
    keys = roster_in_force(bench.ledger).keys_for("consult")
    payload = verify(entry.leaf["data"]["statement"], "consult", keys).payload
    assert payload["change"] == change(bench, id_).change_digest and payload["id"] == said.id
    assert entry.body is not None and "sister" not in str(entry.leaf) + str(payload)
    note = verify(entry.body["statement"], "note", roster_in_force(bench.ledger).keys_for("note"))
    assert (note.payload["text"], note.payload["consult"]) == (WORDS, said.id)


async def test_it_gates_nothing(bench: Pair) -> None:
    id_ = await staged(bench, phone_change())
    before = change(bench, id_)
    consult(bench.sit("dr-lee"), id_, 0, "dr-okafor", WORDS)
    assert change(bench, id_) == before
    approve(bench, id_)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED


@pytest.mark.parametrize("to", ["dr-lee", "nobody", "person:dr-okafor"])
async def test_only_somebody_else_in_the_roster(bench: Pair, to: str) -> None:
    id_ = await staged(bench, phone_change())
    with pytest.raises(BadInput) as caught:
        consult(bench.sit("dr-lee"), id_, 0, to, WORDS)
    assert caught.value.field == "to"
    assert colleagues(roster_in_force(bench.ledger), "dr-lee") == ["dr-okafor"]


async def test_what_cannot_be(bench: Pair) -> None:
    id_ = await staged(bench, phone_change())
    size = bench.ledger.size
    with pytest.raises(BadInput, match="missing"):
        consult(bench.sit("dr-lee"), id_, 0, "dr-okafor", "  ")
    with pytest.raises(Conflict, match="nobody asked"):
        consult(bench.sit("dr-lee"), id_, 0, None, WORDS)
    with pytest.raises(Refused, match="key"):
        stranger = replace(bench.sit("dr-lee"), keys=generate())
        consult(stranger, id_, 0, "dr-okafor", WORDS)
    assert bench.ledger.size == size
    decide(bench.workspace, id_, 0, Answer("reject", reason="not-needed"))
    with pytest.raises(Conflict, match="rejected"):
        consult(bench.sit("dr-lee"), id_, 0, "dr-okafor", WORDS)
