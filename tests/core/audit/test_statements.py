"""Signatures of events: whose key, and that anything altered shows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from core.adoption import adopt
from core.audit import statements as module
from core.audit.statements import check_statement, roster_before, statements_of
from core.canonical import Json, JsonObject, Number
from core.ledger.event import Entry
from core.statement import peek, sign
from core.workspace import document
from tests.builders import Bench
from tests.core.gateway.scenario import approve, staged


def entry(bench: Bench, seq: int) -> Entry:
    found = bench.ledger.entry(seq)
    assert found is not None
    return found


def texts(one: Entry) -> list[str]:
    return statements_of(one.leaf, (one.body or {}).get("statement"))


def decision(bench: Bench) -> Entry:
    entries = (entry(bench, seq) for seq in range(bench.ledger.size))
    return next(one for one in entries if one.leaf["type"] == "decision.recorded")


def problem(bench: Bench, leaf: JsonObject, text: str) -> str | None:
    return check_statement(bench.ledger, decision(bench).seq, leaf, text).problem


def test_every_statement_of_a_story_holds_and_has_an_owner(story: Bench) -> None:
    kinds: Counter[tuple[str, str]] = Counter()
    for seq in range(story.ledger.size):
        one = entry(story, seq)
        for text in texts(one):
            found = check_statement(story.ledger, seq, one.leaf, text)
            assert (found.problem, found.revoked) == (None, False), (seq, found)
            kinds[found.kind, str(found.owner)] += 1
    assert {kind for kind, _ in kinds} >= {
        "adoption", "proposal", "admission", "decision", "note", "rebase", "outcome",
    }  # fmt: skip
    owners = {owner for _, owner in kinds}
    assert owners >= {"dr-lee", "the gateway", "agent scribe-1"}


def test_the_first_adoption_is_signed_by_an_admin_pinned_at_the_opening(story: Bench) -> None:
    assert roster_before(story.ledger, 1) is None
    one = entry(story, 1)
    assert check_statement(story.ledger, 1, one.leaf, texts(one)[0]).problem is None


@pytest.mark.parametrize(
    ("member", "value", "words"),
    [
        ("outcome", "reject", "differs from it in outcome"),
        ("reviewer", "dr-who", "differs from it in reviewer"),
        ("change", "0" * 64, "differs from it in change"),
    ],
)
def test_a_leaf_that_says_otherwise_shows(
    story: Bench, member: str, value: Json, words: str
) -> None:
    leaf = decision(story).leaf
    altered = {**leaf, "data": {**leaf["data"], member: value}}
    assert words in str(problem(story, altered, leaf["data"]["statement"]))


def test_another_index_reference_or_signer_shows(story: Bench) -> None:
    leaf = decision(story).leaf
    text = leaf["data"]["statement"]
    assert problem(story, leaf, text) is None
    assert "in index" in str(problem(story, {**leaf, "index": Number("7")}, text))
    for refs in (None, [], ["x"], [{"kind": "decision", "digest": "00"}]):
        assert "another statement" in str(problem(story, {**leaf, "refs": refs}, text))
    actor = {**leaf["actor"], "kid": "other"}
    assert "another key" in str(problem(story, {**leaf, "actor": actor}, text))


def test_an_altered_or_foreign_signature_shows(story: Bench) -> None:
    leaf = decision(story).leaf
    text = leaf["data"]["statement"]
    head, payload, signature = text.split(".")
    swapped = "A" if signature[0] != "A" else "B"
    cut = f"{head}.{payload}.{swapped}{signature[1:]}"
    assert problem(story, leaf, cut) == "the signature does not hold"
    stranger = sign("decision", peek(text), story.ring.signer("checkpoint"))
    found = check_statement(story.ledger, decision(story).seq, leaf, stranger.text)
    assert found.owner is None and found.revoked
    assert found.problem == "signed by a key that is not enrolled for decision"


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "é.é.é"])
def test_what_is_no_statement_has_a_problem(story: Bench, text: str) -> None:
    found = check_statement(story.ledger, 9, decision(story).leaf, text)
    assert found.problem and (found.kind, found.kid) == ("", "")


async def test_a_key_revoked_later_signed_validly_then(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    id_ = await staged(bench)
    approve(bench, id_)
    one = decision(bench)
    roster = document(bench.ledger, "roster").document
    kid = bench.ring.signer("submitter").kid
    submitted = next(
        entry(bench, seq)
        for seq in range(bench.ledger.size)
        if entry(bench, seq).leaf["type"] == "proposal.submitted"
    )
    gone = roster.replace(f'kid = "{kid}"', f'kid = "{kid}"\nrevoked = true')
    assert gone != roster
    adopt(bench.workspace, "roster", gone)
    found = check_statement(bench.ledger, submitted.seq, submitted.leaf, texts(submitted)[0])
    assert (found.problem, found.revoked) == (None, True)
    assert found.owner == "the submitter of the command line"
    later = check_statement(bench.ledger, bench.ledger.size, submitted.leaf, texts(submitted)[0])
    assert later.problem == "signed by a key that is not enrolled for proposal"
    still = check_statement(bench.ledger, one.seq, one.leaf, texts(one)[0])
    assert (still.problem, still.revoked) == (None, False)


def test_control_without_the_comparison_an_altered_leaf_passes(
    story: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_COMPARED", {})
    with pytest.raises(AssertionError):
        test_a_leaf_that_says_otherwise_shows(story, "outcome", "reject", "differs from it")
