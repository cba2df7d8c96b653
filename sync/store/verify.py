"""Verifying a store: its ledger, and that its read tables equal the replay of the events."""

from __future__ import annotations

from collections.abc import Sequence

from core.adoption import ADOPTED, adoption_problems, pinned_admins
from core.audit.verify import Report, StoredLeaf, StoredTree, verify_ledger
from core.errors import CountersignError
from core.ledger.event import Entry, read_body, read_leaf
from core.ledger.projection import project
from sync.store import rows
from sync.store.connection import Connection, connect, migrate


def verify_store(connection: Connection, heads: Sequence[tuple[str, str]] = ()) -> Report:
    """Verify everything in the store; `heads` are (place, signed note) kept outside it.

    Reads one consistent snapshot.
    """
    connection.execute("BEGIN")
    try:
        found = connection.execute("SELECT ledger, size, frontier FROM tree").fetchone()
        leaves = _leaves(connection)
        notes = connection.execute("SELECT size, note FROM checkpoint ORDER BY size").fetchall()
        tree = None if found is None else StoredTree(*found)
        report = verify_ledger(tree, leaves, notes, heads)
        if not report.problems:
            _check_columns(connection, leaves, report)
            _check_adoptions(leaves, report)
            _compare_replay(connection, leaves, report)
    finally:
        connection.execute("ROLLBACK")
    return report


def rebuild(connection: Connection) -> int:
    """Empty the read tables and replay every event into them; returns how many."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        leaves = _leaves(connection)
        rows.clear(connection)
        _replay(connection, leaves)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return len(leaves)


def _leaves(connection: Connection) -> list[StoredLeaf]:
    query = (
        "SELECT leaf.seq, leaf.leaf, leaf.hash, body.salt, body.body"
        " FROM leaf LEFT JOIN body USING (seq) ORDER BY leaf.seq"
    )
    return [StoredLeaf(*row) for row in connection.execute(query)]


def _replay(connection: Connection, leaves: Sequence[StoredLeaf]) -> None:
    for stored in leaves:
        body = None if stored.body is None else read_body(stored.body)
        for operation in project(read_leaf(stored.leaf), body):
            rows.apply(connection, operation)


def _check_columns(connection: Connection, leaves: Sequence[StoredLeaf], report: Report) -> None:
    """Check what the store copies out of leaves for itself: index column and high-water mark."""
    marks: list[str] = []
    found = connection.execute("SELECT proposal FROM leaf ORDER BY seq").fetchall()
    for stored, (proposal,) in zip(leaves, found, strict=True):
        leaf = read_leaf(stored.leaf)
        marks.append(leaf["clock"]["hi"])
        if leaf.get("proposal") != proposal:
            report.add("it is filed under another proposal than its own", stored.seq)
    (hi,) = connection.execute("SELECT hi FROM tree").fetchone()
    if hi != max(marks):
        report.add("the clock's high-water mark is not that of the events")


def _check_adoptions(leaves: Sequence[StoredLeaf], report: Report) -> None:
    """Check that every policy, roster and profile was put in force by an admin of its time."""
    entries = [Entry(stored.seq, read_leaf(stored.leaf), None) for stored in leaves]
    adopted = (entry for entry in entries if entry.leaf["type"] == ADOPTED)
    for seq, problem in adoption_problems(adopted, pinned_admins(entries[0])):
        report.add(problem, seq)


def _compare_replay(connection: Connection, leaves: Sequence[StoredLeaf], report: Report) -> None:
    """Replay into an empty store in memory and compare table by table."""
    scratch = connect(":memory:", None)
    try:
        migrate(scratch)
        _replay(scratch, leaves)
        live, replayed = rows.dump(connection), rows.dump(scratch)
    except CountersignError as error:
        report.add(f"the events cannot be replayed: {error.problem}")
        return
    finally:
        scratch.close()
    for table, found in live.items():
        known = set(replayed[table])
        for row in found:
            if row not in known:
                report.add(f"a row of {table} is not what the events add up to ({row[0]})")
        if len(found) != len(replayed[table]):
            report.add(f"{table} has {len(found)} rows; the events give {len(replayed[table])}")
