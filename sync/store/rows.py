"""SQL for the read tables: rows in, rows out, and the operations that projectors ask for."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import fields
from typing import TypeVar

from core.ledger.rowops import Put, RowOp, Value
from core.records import (
    ChangeRow,
    ConfigRow,
    DecisionRow,
    ExceptionRow,
    FindingRow,
    FreezeRow,
    NoticeRow,
    OutputRow,
    ProposalRow,
    WriteRow,
)
from core.records_consent import HoldRow
from core.records_failure import FailureRow
from core.records_incident import GlassRow, IncidentRow, ManualRow
from core.records_learnt import LearntRow
from core.records_pace import ActRow
from core.records_recheck import CorrectionRow, RecheckRow
from core.records_traffic import BreakerRow
from sync.store.connection import Connection

Row = TypeVar("Row")

TABLES: dict[type, str] = {
    ProposalRow: "proposal",
    ChangeRow: "change",
    DecisionRow: "decision",
    WriteRow: "write",
    ExceptionRow: "exception",
    FreezeRow: "freeze",
    ConfigRow: "config",
    OutputRow: "output",
    FindingRow: "finding",
    NoticeRow: "notice",
    IncidentRow: "incident",
    ManualRow: "manual",
    GlassRow: "glass",
    HoldRow: "consent_hold",
    ActRow: "act",
    FailureRow: "failure",
    BreakerRow: "breaker",
    LearntRow: "learnt",
    RecheckRow: "recheck",
    CorrectionRow: "correction",
}
"""Which read table holds which rows."""


COLUMNS: dict[type, str] = {
    row: ", ".join(f'"{field.name}"' for field in fields(row)) for row in TABLES
}
"""The quoted column list of each row class, in field order."""


def select(
    connection: Connection, row: type[Row], tail: str, parameters: Sequence[Value] = ()
) -> list[Row]:
    """Return rows of a read table; `tail` is what follows FROM (constant SQL, no values in it)."""
    query = f'SELECT {COLUMNS[row]} FROM "{TABLES[row]}" {tail}'  # noqa: S608
    return [row(*found) for found in connection.execute(query, parameters)]


def apply(connection: Connection, operation: RowOp) -> bool:
    """Carry out what a projector asked for; False where no row was there to change."""
    statement = (
        _insert(operation.table, tuple(operation.values))
        if isinstance(operation, Put)
        else _update(operation.table, tuple(operation.values), tuple(operation.where))
    )
    where = () if isinstance(operation, Put) else operation.where.values()
    changed: int = connection.execute(statement, (*operation.values.values(), *where)).rowcount
    return changed > 0


def clear(connection: Connection) -> None:
    """Empty every read table."""
    for table in TABLES.values():
        connection.execute(f'DELETE FROM "{table}"')  # noqa: S608


def dump(connection: Connection) -> dict[str, list[tuple[Value, ...]]]:
    """Return the content of every read table in key order, for comparison."""
    found: dict[str, list[tuple[Value, ...]]] = {}
    for row, table in TABLES.items():
        query = f'SELECT {COLUMNS[row]} FROM "{table}"'  # noqa: S608
        found[table] = sorted(connection.execute(query).fetchall(), key=repr)
    return found


@functools.cache
def _insert(table: str, names: tuple[str, ...]) -> str:
    listed = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" * len(names))
    return f'INSERT OR REPLACE INTO "{table}" ({listed}) VALUES ({marks})'  # noqa: S608


@functools.cache
def _update(table: str, names: tuple[str, ...], where: tuple[str, ...]) -> str:
    assigned = ", ".join(f'"{name}" = ?' for name in names)
    matched = " AND ".join(f'"{name}" = ?' for name in where)
    return f'UPDATE "{table}" SET {assigned} WHERE {matched}'  # noqa: S608
