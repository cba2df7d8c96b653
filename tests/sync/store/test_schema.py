"""Migrations add up to the declared tables, and rows to their classes."""

from dataclasses import fields

import pytest
from sqlmodel import SQLModel

from core.errors import Failed
from sync.store import (
    incident_tables,
    learnt_tables,
    recheck_tables,
    sync_tables,
    tables,
    traffic_tables,
)
from sync.store.connection import WrongKey, connect, migrate
from sync.store.rows import TABLES


def _columns(connection, table: str) -> list[tuple[str, str, int, int]]:
    found = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    return [(name, kind, notnull, key) for _, name, kind, notnull, _, key in found]


def test_migrations_add_up_to_the_declared_tables() -> None:
    from sqlalchemy.dialects import sqlite
    from sqlalchemy.schema import CreateIndex, CreateTable

    assert tables.Leaf.__tablename__ == "leaf"
    assert incident_tables.IncidentTable.__tablename__ == "incident"
    assert recheck_tables.RecheckTable.__tablename__ == "recheck"
    assert sync_tables.Cursor.__tablename__ == "cursor"
    assert learnt_tables.LearntTable.__tablename__ == "learnt"
    assert traffic_tables.BreakerTable.__tablename__ == "breaker"
    migrated, declared = connect(":memory:", None), connect(":memory:", None)
    migrate(migrated)
    dialect = sqlite.dialect()
    for table in SQLModel.metadata.sorted_tables:
        declared.execute(str(CreateTable(table).compile(dialect=dialect)))
        for index in table.indexes:
            declared.execute(str(CreateIndex(index).compile(dialect=dialect)))
    query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    names = [row[0] for row in declared.execute(query)]
    assert names == [row[0] for row in migrated.execute(query)]
    for name in names:
        assert _columns(migrated, name) == _columns(declared, name)
    query = query.replace("'table'", "'index'")
    assert declared.execute(query).fetchall() == migrated.execute(query).fetchall()


@pytest.mark.parametrize(("row", "table"), TABLES.items())
def test_row_classes_are_their_tables(row: type, table: str) -> None:
    connection = connect(":memory:", None)
    migrate(connection)
    assert [field.name for field in fields(row)] == [
        name for name, *_ in _columns(connection, table)
    ]


def test_encrypted_store_needs_its_key(tmp_path) -> None:
    path = tmp_path / "store.db"
    connection = connect(path, b"k" * 32)
    migrate(connection)
    connection.close()
    assert not path.read_bytes().startswith(b"SQLite format 3")
    for key in (None, b"x" * 32):
        with pytest.raises(WrongKey):
            connect(path, key)
    connect(path, b"k" * 32).close()


def test_newer_schema_is_refused(tmp_path) -> None:
    connection = connect(tmp_path / "store.db", None)
    connection.execute("PRAGMA user_version = 99")
    with pytest.raises(Failed, match="schema version 99"):
        migrate(connection)
