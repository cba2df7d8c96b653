"""Verifying stored rows, without a store: each problem is found and named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.audit import verify as module
from core.audit.verify import (
    Problem,
    Report,
    StoredLeaf,
    StoredTree,
    Verified,
    heads_words,
    verify_ledger,
)
from core.canonical import Json, Number, encode
from core.ledger import checkpoint, merkle
from core.ledger.checkpoint import Checkpoint
from core.ledger.event import Actor, Event, Interval, commitment, make_leaf
from core.statement import unb64url
from sync.keys.ring import Ed25519Signer

KEY = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SALT = b"s" * 32
BODY = b'{"reason":"words"}'
SIZE = 9


def stored(
    seq: int, *, body: bytes | None = None, type_: str = "freeze.set", **data: Json
) -> StoredLeaf:
    committed = None if body is None else commitment(SALT, body)
    event = Event(type_, Actor("system", "x"), data=data)
    leaf = encode(
        make_leaf(event, ledger=KEY.kid, seq=seq, clock=Interval(NOW, NOW), commitment=committed)
    )
    return StoredLeaf(seq, leaf, merkle.leaf_hash(leaf), None if body is None else SALT, body)


def ledger(size: int = SIZE) -> list[StoredLeaf]:
    opening = stored(0, type_="ledger.opened", checkpoint={"kid": KEY.kid, "x": KEY.x})
    return [opening, *(stored(seq, body=BODY if seq % 2 else None) for seq in range(1, size))]


def tree(leaves: list[StoredLeaf]) -> StoredTree:
    frontier: merkle.Frontier = ()
    for size, leaf in enumerate(leaves):
        frontier = merkle.append(frontier, size, leaf.hash)
    return StoredTree(KEY.kid, len(leaves), b"".join(frontier))


def note(leaves: list[StoredLeaf], size: int | None = None) -> tuple[int, str]:
    size = len(leaves) if size is None else size
    head = Checkpoint(KEY.kid, size, merkle.root_of(leaf.hash for leaf in leaves[:size]))
    return size, checkpoint.sign(head, KEY, unb64url(KEY.x))


def verified(leaves: list[StoredLeaf], *heads: tuple[str, str]) -> Report:
    notes = [note(leaves, size) for size in range(1, len(leaves) + 1)]
    return verify_ledger(tree(leaves), leaves, notes, heads)


def told(report: Report) -> list[str]:
    assert not report.ok
    return [str(problem) for problem in report.problems]


def test_a_whole_ledger() -> None:
    report = verified(ledger())
    assert report.ok and not report.problems
    assert (report.events, report.checkpoints, report.bodies) == (SIZE, SIZE, 4)
    assert set(report.roots) == set(range(1, SIZE + 1))


def test_no_ledger_and_no_events_are_failures() -> None:
    assert told(verify_ledger(None, [], [])) == ["there is no ledger in this store"]
    assert "no events were examined" in told(verified([]))
    assert not Report().ok


def test_problem_names_its_event() -> None:
    assert str(Problem("it is wrong", 7)) == "event 7: it is wrong"
    assert str(Problem("it is wrong")) == "it is wrong"


@pytest.mark.parametrize("seq", range(SIZE))
def test_altered_leaf_is_named(seq: int) -> None:
    leaves, whole = ledger(), ledger()
    changed = leaves[seq].leaf.replace(b'"system"', b'"reviewer"')
    leaves[seq] = replace(leaves[seq], leaf=changed)
    notes = [note(whole, size) for size in range(1, SIZE + 1)]
    report = verify_ledger(tree(whole), leaves, notes)
    assert f"event {seq}: its bytes differ from its stored hash" in told(report)
    # With its hash made anew, the tree and every head from there on are another's.
    leaves[seq] = replace(leaves[seq], hash=merkle.leaf_hash(changed))
    found = told(verify_ledger(tree(leaves), leaves, notes))
    assert len([item for item in found if "signed over other events" in item]) == SIZE - seq


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda leaf: replace(leaf, body=b'{"reason":"other"}'), "not the one that it committed"),
        (lambda leaf: replace(leaf, salt=b"t" * 32), "not the one that it committed"),
        (lambda leaf: replace(leaf, body=None, salt=None), "no event says that it was erased"),
        (lambda leaf: replace(leaf, body=None), "no event says that it was erased"),
    ],
    ids=["body", "salt", "both gone", "body gone"],
)
def test_altered_body_is_named(change: Callable[[StoredLeaf], StoredLeaf], words: str) -> None:
    leaves = ledger()
    leaves[3] = change(leaves[3])
    (found,) = told(verified(leaves))
    assert found.startswith("event 3: ") and words in found


def test_body_of_an_event_that_committed_to_none_is_named() -> None:
    leaves = ledger()
    leaves[2] = replace(leaves[2], salt=SALT, body=BODY)
    assert told(verified(leaves)) == ["event 2: its body is not the one that it committed to"]


def test_erased_body_is_whole() -> None:
    leaves = [*ledger(), stored(SIZE, type_="body.erased", erased=Number("3"), reason="code")]
    assert told(verified(leaves)) == ["event 3: its body was erased, and is there again"]
    leaves[3] = replace(leaves[3], body=None, salt=None)
    assert verified(leaves).ok


@pytest.mark.parametrize(
    "erased", [Number("5"), Number("-3"), Number("3.0"), "3", None, [Number("3")]]
)
def test_erasing_something_else_excuses_nothing(erased: Json) -> None:
    leaves = [*ledger(), stored(SIZE, type_="body.erased", erased=erased, reason="code")]
    leaves[3] = replace(leaves[3], body=None, salt=None)
    assert "event 3: its body is gone, and no event says that it was erased" in told(
        verified(leaves)
    )


def test_leaf_of_another_ledger_or_place_is_named() -> None:
    leaves = ledger()
    elsewhere = leaves[4].leaf.replace(KEY.kid.encode(), b"another")
    leaves[4] = replace(leaves[4], leaf=elsewhere, hash=merkle.leaf_hash(elsewhere))
    leaves[5] = replace(stored(7, body=BODY), seq=5)
    wanted = [f"event {seq}: it names another ledger or place" for seq in (4, 5)]
    assert told(verified(leaves)) == wanted


def test_unreadable_leaf_is_named() -> None:
    leaves = ledger()
    leaves[4] = StoredLeaf(4, b"{", merkle.leaf_hash(b"{"), None, None)
    assert told(verified(leaves)) == ["event 4: its bytes are not a readable event"]


def test_gap_is_named() -> None:
    leaves = ledger()
    del leaves[4]
    assert "event 4: event 4 is missing; the next one found is 5" in told(verified(leaves))


@pytest.mark.parametrize("x", [None, "", "é", "AA", 7])
def test_opening_must_name_the_key_that_the_ledger_is_called_after(x: object) -> None:
    leaves = ledger()
    data = {"x": Number("7") if x == 7 else x}
    leaves[0] = stored(0, type_="ledger.opened", checkpoint=data)
    assert "event 0: the opening event names another key than the ledger's id" in told(
        verified(leaves)
    )
    leaves[0] = stored(0, type_="ledger.opened")
    assert "event 0: the opening event is missing or unreadable" in told(verified(leaves))


def test_last_checkpoint_must_cover_all() -> None:
    leaves = ledger()
    report = verify_ledger(tree(leaves), leaves, [note(leaves, SIZE - 1)])
    assert told(report) == [f"the newest checkpoint covers {SIZE - 1} of {SIZE} events"]
    assert told(verify_ledger(tree(leaves), leaves, [])) == [
        f"the newest checkpoint covers 0 of {SIZE} events"
    ]


def test_checkpoint_filed_under_another_size_is_named() -> None:
    leaves = ledger()
    _, earlier = note(leaves, SIZE - 1)
    report = verify_ledger(tree(leaves), leaves, [(SIZE, earlier)])
    assert f"checkpoint {SIZE} is filed under another size" in told(report)


def test_stored_tree_must_be_that_of_the_events() -> None:
    leaves = ledger()
    for wrong in (
        replace(tree(leaves), size=SIZE + 1),
        replace(tree(leaves), frontier=b"\x00" * 64),
        replace(tree(leaves), frontier=b""),
    ):
        found = told(verify_ledger(wrong, leaves, [note(leaves)]))
        assert found[0].startswith("the stored tree has")


def test_larger_head_shows_a_cut_and_an_equal_one_a_rewrite() -> None:
    leaves = ledger()
    _, head = note(leaves)
    (found,) = told(verified(leaves[:5], ("the keyring", head)))
    assert found == (
        f"event 5: the keyring was signed over {SIZE} events; the store has 5: "
        "its tail was cut or an old backup restored"
    )
    other = [*leaves[:-1], stored(SIZE - 1, body=BODY, other="x")]
    (found,) = told(verified(other, ("the keyring", head)))
    assert found == f"event {SIZE - 1}: the keyring was signed over other events than the first 9"
    assert verified(leaves, ("the keyring", head)).ok


def test_heads_are_not_counted_as_checkpoints() -> None:
    leaves = ledger()
    report = verified(leaves, ("a", note(leaves)[1]), ("b", note(leaves, 3)[1]))
    assert report.ok and report.checkpoints == SIZE


def test_control_without_the_head_check_a_cut_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_check_head", lambda *_: None)
    with pytest.raises(AssertionError):
        test_larger_head_shows_a_cut_and_an_equal_one_a_rewrite()


def test_heads_that_hold_are_named_and_others_are_not() -> None:
    leaves = ledger()
    _, head = note(leaves)
    assert verified(leaves, ("a", head), ("b", note(leaves, 3)[1])).matched == ["a", "b"]
    assert verified(leaves).matched == []
    assert heads_words(verified(leaves)).startswith("no head")
    assert heads_words(verified(leaves, ("a", head))) == "matches a"
    assert verified(leaves[:5], ("a", head), ("b", note(leaves, 3)[1])).matched == ["b"]
    other = [*leaves[:-1], stored(SIZE - 1, body=BODY, other="x")]
    assert verified(other, ("a", head)).matched == []
    assert verified(leaves, ("a", "no note")).matched == []


def test_it_is_told_how_far_it_is_and_what_that_raises_ends_it() -> None:
    leaves = ledger()
    told: list[tuple[str, int, int]] = []

    def tell(what: str, done: int, of: int) -> None:
        told.append((what, done, of))

    notes = [note(leaves)]
    assert verify_ledger(tree(leaves), leaves, notes, (), tell).ok
    assert told == [("events", 0, SIZE)]

    def stop(*_: object) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        verify_ledger(tree(leaves), leaves, notes, (), stop)


def test_unanchored_are_those_beyond_the_published_head() -> None:
    assert Verified(verified(ledger()), 4, "").unanchored == SIZE - 4
