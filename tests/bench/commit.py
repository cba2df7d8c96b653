"""The commit of one decision, against a plain FULL commit of the rows that it writes.

Two figures: the commit (transaction, leaf, tree, projections, signed checkpoint, durable), and the
whole of `decide` around it (every check, and the reviewer's signature). The baseline runs the
standard sqlite3 in a process of its own: two builds of SQLite in one process drop each other's file
locks.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from core.intake.stage import stage
from core.ledger.event import About, Actor, Event
from core.review.decide import Answer, decide
from tests.builders import Bench, document, phone_change, proposal

COUNT = 150
PAIRS = 7


def ratios() -> tuple[list[float], list[float]]:
    """Return commits, and whole decisions, a second over plain commits a second, pair by pair."""
    commits, wholes = [], []
    for _ in range(PAIRS):
        with tempfile.TemporaryDirectory(dir=".") as folder:
            whole, events, rows = _decisions(Path(folder))
            wholes.append(_plain(Path(folder), rows) / whole)
        with tempfile.TemporaryDirectory(dir=".") as folder:
            commit = _commits(Path(folder), events)
            commits.append(_plain(Path(folder), rows) / commit)
    return commits, wholes


def _decisions(folder: Path) -> tuple[float, list[Event], dict[str, list[object]]]:
    """Return the seconds that COUNT decisions took, their events, and the rows of one of them."""
    bench = Bench(folder)
    waiting = asyncio.run(_stage(bench))
    before = _change(bench, waiting[-1][0])
    begun = time.perf_counter()
    for id_, seen in waiting:
        decide(bench.workspace, id_, 0, Answer("approve", seen=seen))
    spent = time.perf_counter() - begun
    events = [_event(bench, id_) for id_, _ in waiting]
    return spent, events, {"before": before, **_rows(bench, waiting[-1][0])}


def _event(bench: Bench, id_: str) -> Event:
    """Return the event of a decision as `decide` made it."""
    (vote,) = bench.ledger.decisions(id_, 0)
    entry = bench.ledger.entry(vote.seq)
    assert entry is not None
    leaf = entry.leaf
    return Event(
        leaf["type"],
        Actor("reviewer", leaf["actor"]["id"], leaf["actor"]["kid"]),
        About(id_, 0, 0, leaf["operation"], leaf["ehr"], leaf["patient"]),
        data=leaf["data"],
        before=leaf["from"],
        after=leaf["to"],
        refs=tuple(leaf["refs"]),
    )


def _commits(folder: Path, events: list[Event]) -> float:
    """Return the seconds that committing the same decisions took in a store of the same content.

    Keys differ from store to store, identifiers do not: both count from one.
    """
    bench = Bench(folder)
    asyncio.run(_stage(bench))
    begun = time.perf_counter()
    for event in events:
        with bench.ledger.transaction() as transaction:
            transaction.append(event)
    return time.perf_counter() - begun


async def _stage(bench: Bench) -> list[tuple[str, str]]:
    found = []
    for number in range(COUNT):
        value = proposal(phone_change(), correlation_id=f"c-{number}")
        staged = await stage(bench.workspace, document(value))
        change = bench.ledger.changes(staged.proposal.id)[0]
        found.append((staged.proposal.id, change.change_digest))
    return found


def _rows(bench: Bench, id_: str) -> dict[str, list[object]]:
    """Return the rows that the last decision wrote, by table."""
    queries = {
        "leaf": "SELECT * FROM leaf ORDER BY seq DESC LIMIT 1",
        "decision": "SELECT * FROM decision ORDER BY seq DESC LIMIT 1",
        "tree": "SELECT * FROM tree",
        "checkpoint": "SELECT * FROM checkpoint ORDER BY size DESC LIMIT 1",
    }
    found = {"change": _change(bench, id_)}
    for table, query in queries.items():
        row = bench.connection.execute(query).fetchone()
        found[table] = [cell.hex() if isinstance(cell, bytes) else cell for cell in row]
    return found


def _change(bench: Bench, id_: str) -> list[object]:
    """Return a change's row, without what SQLite computes itself."""
    names = ", ".join(row[1] for row in bench.connection.execute("PRAGMA table_info(change)"))
    query = f"SELECT {names} FROM change WHERE proposal = ?"  # noqa: S608  our own names
    return list(bench.connection.execute(query, (id_,)).fetchone())


def _plain(folder: Path, rows: dict[str, list[object]]) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.plain", str(folder / "plain.db"), str(COUNT)],
        input=json.dumps(rows), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout)
