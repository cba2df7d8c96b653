"""Whether the policy and roster in force are those that admins signed.

The gateway asks this in the transaction of every intent: a document put into the store by any other
way than a signed adoption lets nothing through. Source: design §7, §14.5.
"""

from __future__ import annotations

from core.adoption import pinned_admins
from core.adoption_check import adoption_problems
from core.errors import Failed
from core.ledger.event import Entry
from core.ports import Reads
from core.workspace import document


class Untrusted(Failed):
    """A document in force is not backed by a chain of signed adoptions."""

    code = "untrusted-document"


def check_in_force(reads: Reads, *kinds: str) -> None:
    """Raise Untrusted unless each document of `kinds` was adopted by an admin of its time."""
    reads.while_unchanged(("in-force", *kinds), lambda: _check(reads, kinds))


def _check(reads: Reads, kinds: tuple[str, ...]) -> None:
    opening = reads.entry(0)
    if opening is None:
        raise Untrusted("the ledger has no opening event")
    entries: dict[int, Entry] = {}
    for kind in {"roster", *kinds}:
        entries |= _chain(reads, kind)
    ordered = [entries[seq] for seq in sorted(entries)]
    problems = adoption_problems(ordered, pinned_admins(opening))
    if problems:
        raise Untrusted(problems[0][1], remedy="Run `countersign audit verify`")


def _chain(reads: Reads, kind: str) -> dict[int, Entry]:
    """Return the adoptions of one kind, from the one in force back to the first."""
    row = document(reads, kind)
    found: dict[int, Entry] = {}
    seq: int | None = row.seq
    while seq is not None:
        entry = reads.entry(seq)
        if entry is None or seq in found or entry.leaf.get("data", {}).get("kind") != kind:
            raise Untrusted(f"the adoption of {kind} is not in the ledger")
        found[seq] = entry
        before = entry.leaf["data"].get("prev_seq")
        seq = None if before is None else int(before.text)
    newest = found[row.seq].leaf["data"]
    if (newest["document"], newest["digest"]) != (row.document, row.digest):
        raise Untrusted(f"the {kind} in force is not the one that was adopted")
    return found
