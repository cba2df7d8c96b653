"""The tree against RFC 9162's own recursive definition."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ledger import merkle

LEAVES = [f"leaf {number}".encode() for number in range(1100)]
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]


def naive(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162 §2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = naive(leaves[:split]), naive(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


@pytest.mark.parametrize("size", [*range(71), 127, 128, 129, 1000, 1023, 1024, 1025])
def test_root_is_that_of_the_definition(size: int) -> None:
    wanted = naive(LEAVES[:size])
    assert merkle.root_of(HASHES[:size]) == wanted
    frontier: merkle.Frontier = ()
    for number in range(size):
        frontier = merkle.append(frontier, number, HASHES[number])
    assert merkle.root(frontier) == wanted
    assert len(frontier) == size.bit_count()


def test_known_roots() -> None:
    """Source: the reference vectors of Certificate Transparency implementations."""
    leaves = ["", "00", "10", "2021", "3031", "40414243"]
    hashes = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in leaves]
    assert merkle.root_of([]).hex() == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
    assert merkle.root_of(hashes[:1]).hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )
    assert merkle.root_of(hashes[:2]).hex() == (
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    )


def test_leaf_and_node_are_domain_separated() -> None:
    one, other = HASHES[:2]
    assert merkle.leaf_hash(one + other) != merkle.node_hash(one, other)
    assert merkle.node_hash(one, other) != merkle.node_hash(other, one)


def test_an_append_leaves_the_earlier_frontier_as_it_was() -> None:
    before: merkle.Frontier = (HASHES[0],)
    assert merkle.append(before, 1, HASHES[1]) != before == (HASHES[0],)


@pytest.mark.parametrize("size", range(1, 41))
def test_every_inclusion_proof_holds(size: int) -> None:
    head = naive(LEAVES[:size])
    for index in range(size):
        proof = merkle.inclusion_proof(HASHES[:size], index)
        assert len(proof) <= (size - 1).bit_length()
        assert merkle.includes(HASHES[index], index, size, proof, head)


@pytest.mark.parametrize("size", range(1, 41))
def test_every_mutated_inclusion_proof_fails(size: int) -> None:
    head = naive(LEAVES[:size])
    for index in range(size):
        leaf = HASHES[index]
        proof = merkle.inclusion_proof(HASHES[:size], index)
        for other in (*range(-1, size + 2), index + 64, -index - 1):
            assert other == index or not merkle.includes(leaf, other, size, proof, head)
        assert not merkle.includes(leaf, index, size, proof, flipped(head))
        assert not merkle.includes(flipped(leaf), index, size, proof, head)
        for step in range(len(proof)):
            mutated = (*proof[:step], flipped(proof[step]), *proof[step + 1 :])
            assert not merkle.includes(leaf, index, size, mutated, head)
            assert not merkle.includes(leaf, index, size, proof[:step], head)
            assert not merkle.includes(leaf, index, size, proof[step + 1 :], head)
        for longer in ((*proof, head), (head, *proof), (*proof, proof[-1] if proof else leaf)):
            assert not merkle.includes(leaf, index, size, longer, head)


@pytest.mark.parametrize("size", range(1, 41))
def test_a_proof_for_another_size_fails(size: int) -> None:
    """Some neighbouring sizes share a leaf's path; the root, which is signed with its size, never.

    So a size is refused where the path's length or turns differ, and always with its own root.
    """
    for index in range(size):
        leaf, proof = HASHES[index], merkle.inclusion_proof(HASHES[:size], index)
        for other in range(size + 10):
            if other != size:
                head = naive(LEAVES[:other])
                assert not merkle.includes(leaf, index, other, proof, head)
        for other in (0, index, -1):
            assert not merkle.includes(leaf, index, other, proof, naive(LEAVES[:size]))


def flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 1, *data[1:]])


@given(st.lists(st.binary(max_size=4), max_size=40), st.data())
def test_any_changed_leaf_changes_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    whole = merkle.root_of(hashes)
    assert whole == naive(leaves)
    if leaves:
        place = data.draw(st.integers(0, len(leaves) - 1))
        mutated = [*hashes[:place], merkle.leaf_hash(leaves[place] + b"x"), *hashes[place + 1 :]]
        assert merkle.root_of(mutated) != whole
        assert merkle.root_of(hashes[:place]) != whole


def test_control_without_domain_separation_a_node_passes_as_a_leaf(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(merkle, "leaf_hash", lambda leaf: hashlib.sha256(b"\x01" + leaf).digest())
    with pytest.raises(AssertionError):
        test_leaf_and_node_are_domain_separated()
