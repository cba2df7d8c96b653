"""Opening the store: cipher, pragmas that durability rests on, and migrations.

Source: design §4. `sqlcipher3` is the only SQLite in the process; two builds of SQLite in one
process drop each other's file locks.
"""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from core.errors import BadInput, Failed

MIGRATIONS = (
    "0001.sql", "0002.sql", "0003.sql", "0004.sql", "0005.sql", "0006.sql", "0007.sql",
    "0008.sql", "0009.sql", "0010.sql", "0011.sql", "0012.sql",
)  # fmt: skip
_PRAGMAS = (("synchronous", 2), ("foreign_keys", 1), ("temp_store", 2), ("secure_delete", 1))
BUSY_MS = 20_000

Connection = Any
"""A `sqlcipher3` connection (the package ships no type information)."""

Busy = dbapi2.OperationalError
DatabaseError = dbapi2.DatabaseError


class WrongKey(BadInput):
    """The store does not open with this key."""

    code = "wrong-key"


def connect(path: Path | str, key: bytes | None) -> Connection:
    """Open the store at `path` with a raw 32-byte key, or keyless with None.

    Asserts write-ahead log, synchronous FULL, foreign keys, memory temp files and overwriting of
    what is deleted; raises WrongKey or Failed.
    """
    connection = dbapi2.connect(
        str(path), timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
    )
    try:
        if key is not None:
            connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        _set_pragmas(connection)
    except dbapi2.DatabaseError as error:
        connection.close()
        if "not a database" in str(error):
            raise WrongKey(
                "the store does not open with this key",
                remedy="Check the passphrase, and that the key file belongs to this workspace",
            ) from None
        raise
    return connection


def migrate(connection: Connection) -> None:
    """Bring the schema to the newest version, one transaction a step."""
    version = _version(connection)
    if version > len(MIGRATIONS):
        raise Failed(
            f"the store has schema version {version}; this release knows {len(MIGRATIONS)}",
            remedy="Open it with the release that wrote it, or a newer one",
        )
    for number in range(version + 1, len(MIGRATIONS) + 1):
        script = _script(MIGRATIONS[number - 1])
        connection.execute("BEGIN IMMEDIATE")
        try:
            if _version(connection) < number:
                for statement in script.split(";\n"):
                    if statement.strip():
                        connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def _script(name: str) -> str:
    return importlib.resources.files("sync.store.migrations").joinpath(name).read_text("utf-8")


def _version(connection: Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _set_pragmas(connection: Connection) -> None:
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # Else copies of rows stay in the free space of pages, and an erased body is not gone.
    connection.execute("PRAGMA secure_delete = ON")
    for name, wanted in _PRAGMAS:
        found = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if found != wanted:
            raise Failed(f"SQLite runs with {name} = {found}; the store needs {wanted}")
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    if mode not in ("wal", "memory"):
        raise Failed(
            f"SQLite runs with journal_mode = {mode}; the store needs wal",
            remedy="Put the workspace on a local disk",
        )
