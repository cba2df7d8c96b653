"""Verifying a store: its ledger, and that its read tables equal the replay of the events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from core.adoption import pinned_admins
from core.adoption_check import adoption_problems
from core.adoption_events import ADOPTED
from core.audit.verify import (
    TOLD_EACH,
    Report,
    StoredLeaf,
    StoredTree,
    Tell,
    quiet,
    verify_ledger,
)
from core.errors import CountersignError
from core.ledger.event import Entry, read_body, read_leaf
from core.ledger.projection import project
from core.ledger.recovery_events import given_up
from sync.store import rows
from sync.store.connection import Connection, connect, migrate
from sync.store.reads import StoreReads


def verify_store(
    connection: Connection, heads: Sequence[tuple[str, str]] = (), tell: Tell = quiet
) -> Report:
    """Verify everything in the store; `heads` are (place, signed note) kept outside it.

    Reads one consistent snapshot, event by event. What `tell` raises ends it.
    """
    connection.execute("BEGIN")
    try:
        found = connection.execute("SELECT ledger, size, frontier FROM tree").fetchone()
        leaves = _Leaves(connection)
        notes = connection.execute("SELECT size, note FROM checkpoint ORDER BY size").fetchall()
        tree = None if found is None else StoredTree(*found)
        gone = given_up(StoreReads(connection))
        report = verify_ledger(
            tree, leaves, notes, [one for one in heads if one[1] not in gone], tell
        )
        report.given_up = len(gone)
        if not report.problems:
            adopted = _check_columns(connection, leaves, report)
            _check_adoptions(adopted, report)
            _compare_replay(connection, leaves, report, tell)
    finally:
        connection.execute("ROLLBACK")
    return report


def rebuild(connection: Connection) -> int:
    """Empty the read tables and replay every event into them; returns how many."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        leaves = _Leaves(connection)
        rows.clear(connection)
        count = _replay(connection, leaves)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return count


class _Leaves:
    """The events of one snapshot, read anew each time they are gone through: never all at once."""

    _QUERY = (
        "SELECT leaf.seq, leaf.leaf, leaf.hash, body.salt, body.body"
        " FROM leaf LEFT JOIN body USING (seq) ORDER BY leaf.seq"
    )

    def __init__(self, connection: Connection):
        self._connection = connection

    def __iter__(self) -> Iterator[StoredLeaf]:
        for row in self._connection.execute(self._QUERY):
            yield StoredLeaf(*row)


def _replay(
    connection: Connection, leaves: Iterable[StoredLeaf], tell: Tell = quiet, of: int = 0
) -> int:
    """Replay events into the read tables of `connection`; return how many."""
    count = 0
    for count, stored in enumerate(leaves, 1):
        if count % TOLD_EACH == 1:
            tell("replay", count - 1, of)
        body = None if stored.body is None else read_body(stored.body)
        for operation in project(read_leaf(stored.leaf), body):
            rows.apply(connection, operation)
    return count


def _check_columns(
    connection: Connection, leaves: Iterable[StoredLeaf], report: Report
) -> list[Entry]:
    """Check what the store copies out of leaves for itself: index column and high-water mark.

    Returns the first event and the adoptions among the others.
    """
    highest = ""
    kept: list[Entry] = []
    found = connection.execute("SELECT proposal FROM leaf ORDER BY seq")
    for stored, (proposal,) in zip(leaves, found, strict=True):
        leaf = read_leaf(stored.leaf)
        highest = max(highest, leaf["clock"]["hi"])
        if leaf.get("proposal") != proposal:
            report.add("it is filed under another proposal than its own", stored.seq)
        if not kept or leaf["type"] == ADOPTED:
            kept.append(Entry(stored.seq, leaf, None))
    (hi,) = connection.execute("SELECT hi FROM tree").fetchone()
    if hi != highest:
        report.add("the clock's high-water mark is not that of the events")
    return kept


def _check_adoptions(entries: Sequence[Entry], report: Report) -> None:
    """Check that every policy, roster and profile was put in force by an admin of its time."""
    opening, *adopted = entries
    for seq, problem in adoption_problems(adopted, pinned_admins(opening)):
        report.add(problem, seq)


def _compare_replay(
    connection: Connection, leaves: Iterable[StoredLeaf], report: Report, tell: Tell
) -> None:
    """Replay into an empty store in memory and compare table by table."""
    scratch = connect(":memory:", None)
    try:
        migrate(scratch)
        _replay(scratch, leaves, tell, report.events)
        for row, table in rows.TABLES.items():
            query = f'SELECT {rows.COLUMNS[row]} FROM "{table}"'  # noqa: S608
            _compare_table(table, connection.execute(query), set(scratch.execute(query)), report)
    except CountersignError as error:
        report.add(f"the events cannot be replayed: {error.problem}")
        return
    finally:
        scratch.close()


def _compare_table(table: str, found: Iterable[Any], replayed: set[Any], report: Report) -> None:
    """Compare rows without sorting them: one long step would keep every other thread waiting."""
    count, strange = 0, []
    for row in found:
        count += 1
        if row not in replayed:
            strange.append(row)
    for row in sorted(strange, key=repr):
        report.add(f"a row of {table} is not what the events add up to ({row[0]})")
    if count != len(replayed):
        report.add(f"{table} has {count} rows; the events give {len(replayed)}")
