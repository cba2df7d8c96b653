"""The baseline of `commit`: the same rows into the same tables by plain sqlite3, WAL and FULL.

Each change stands in its table as it was before the decision, so that its indexes move here too.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from importlib import resources

Row = list[object]


def main(path: str, count: int) -> None:
    """Print the seconds that `count` commits of the rows on standard input took."""
    rows: dict[str, Row] = {
        table: [bytes.fromhex(cell) if _is_hex(table, cell) else cell for cell in row]
        for table, row in json.load(sys.stdin).items()
    }
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    scripts = resources.files("sync.store.migrations").iterdir()
    for script in sorted(scripts, key=lambda found: found.name):
        if script.name.endswith(".sql"):
            connection.executescript(script.read_text("utf-8"))
    before = rows.pop("before")
    for number in range(count):
        _write(connection, {"change": _keyed("change", before, number)})
    begun = time.perf_counter()
    for number in range(count):
        connection.execute("BEGIN IMMEDIATE")
        _write(connection, {table: _keyed(table, row, number) for table, row in rows.items()})
        connection.execute("COMMIT")
    sys.stdout.write(f"{time.perf_counter() - begun}\n")


def _write(connection: sqlite3.Connection, rows: dict[str, Row]) -> None:
    for table, row in rows.items():
        marks = ", ".join("?" * len(row))
        connection.execute(f'INSERT OR REPLACE INTO "{table}" VALUES ({marks})', row)  # noqa: S608


def _keyed(table: str, row: Row, number: int) -> Row:
    """Return the row under a key of its own; the tree has one row only."""
    if table == "tree":
        return row
    key: object = f"{number:036}" if table in ("change", "decision") else number
    return [key, *row[1:]]


def _is_hex(table: str, cell: object) -> bool:
    binary = table in ("leaf", "tree") and isinstance(cell, str) and len(cell) >= 64
    return binary and set(str(cell)) <= set("0123456789abcdef")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
