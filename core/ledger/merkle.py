"""The RFC 9162 Merkle tree over leaf hashes, kept as a frontier of perfect subtrees.

Source: RFC 9162 §2.1. A frontier of a tree of size n holds one hash a set bit of n, largest
subtree first, so an append costs O(log n) hashes and no leaf is read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

Frontier = tuple[bytes, ...]

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ leaf)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def append(frontier: Frontier, size: int, hashed: bytes) -> Frontier:
    """Return the frontier of the tree of `size + 1` leaves."""
    kept = list(frontier)
    while size & 1:
        hashed = node_hash(kept.pop(), hashed)
        size >>= 1
    return (*kept, hashed)


def root(frontier: Frontier) -> bytes:
    """Return the tree head of a frontier."""
    if not frontier:
        return EMPTY_ROOT
    found = frontier[-1]
    for left in reversed(frontier[:-1]):
        found = node_hash(left, found)
    return found


def root_of(hashes: Iterable[bytes]) -> bytes:
    """Return the tree head over all `hashes`, leaf by leaf."""
    frontier: Frontier = ()
    for size, hashed in enumerate(hashes):
        frontier = append(frontier, size, hashed)
    return root(frontier)


def inclusion_proof(hashes: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the audit path of leaf `index` in the tree over `hashes` (RFC 9162 §2.1.3.1)."""
    size = len(hashes)
    if size == 1:
        return ()
    split = _split(size)
    if index < split:
        return (*inclusion_proof(hashes[:split], index), root_of(hashes[split:]))
    return (*inclusion_proof(hashes[split:], index - split), root_of(hashes[:split]))


def includes(
    hashed: bytes, index: int, size: int, proof: Sequence[bytes], tree_head: bytes
) -> bool:
    """Verify an audit path (RFC 9162 §2.1.3.2); wrong sizes and lengths are refused."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, hashed
    for step in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(step, found)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            found = node_hash(found, step)
        place >>= 1
        last >>= 1
    return last == 0 and found == tree_head


def _split(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)
