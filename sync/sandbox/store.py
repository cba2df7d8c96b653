"""The sandbox's chart: every version of every resource, in SQLite.

One connection behind a lock; a write is one transaction, so that what it checked still holds
when it stores. Another process may share the file. `sqlcipher3` is the only SQLite of the house.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlcipher3 import dbapi2 as sqlite

from core.canonical import JsonObject, encode
from core.errors import BadInput
from sync.sandbox.index import entries
from sync.sandbox.search import Query
from sync.sandbox.times import instant

PAGE_BYTES = 8 * 1024 * 1024
_APPLICATION_ID = 0x43535342
_LAYOUT = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS version (
  type TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, updated TEXT NOT NULL,
  method TEXT NOT NULL, body BLOB NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (type, id, version)) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS version_seq ON version (seq);
CREATE INDEX IF NOT EXISTS version_type ON version (type, seq);
CREATE TABLE IF NOT EXISTS current (
  type TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, updated TEXT NOT NULL,
  PRIMARY KEY (type, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS current_updated ON current (type, updated, id);
CREATE TABLE IF NOT EXISTS entry (
  type TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, system TEXT, value TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS entry_value ON entry (type, name, value, system, id);
CREATE INDEX IF NOT EXISTS entry_resource ON entry (type, id);
"""
_VERSIONS = "SELECT type, id, version, updated, method, body, seq FROM version WHERE"
_SELECT = (
    "SELECT v.type, v.id, v.version, v.updated, v.method, v.body, v.seq FROM current c"
    " JOIN version v ON v.type = c.type AND v.id = c.id AND v.version = c.version"
)
_VERSION_COUNT = "SELECT count(*) FROM version WHERE"
_COUNT = "SELECT count(*) FROM current c WHERE"


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of a resource: `updated` is meta.lastUpdated, `body` its JSON as served.

    `method` is the HTTP method that made it; a DELETE has no body. `seq` counts all versions of
    all resources in the order in which they were made.
    """

    type: str
    id: str
    version: int
    updated: str
    method: str
    body: bytes
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the matches, in order; `total` counts all, `more` says that others follow."""

    matches: Sequence[Stored]
    total: int
    more: bool


class Store:
    """The versions and the search index.

    `path` names a file, or is ":memory:"; `clock` returns an aware time. BadInput when the file
    is something else.
    """

    def __init__(self, path: str, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._depth = 0
        try:
            self._connection = sqlite.connect(path, isolation_level=None, check_same_thread=False)
            self._open()
        except sqlite.Error:
            raise BadInput(
                "the sandbox's file cannot be opened as its database",
                field="path",
                remedy="Name another file, or none",
            ) from None

    def close(self) -> None:
        """Close the connection; the store is of no use afterwards."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the write lock for one atomic step; an inner one joins the outer."""
        with self._lock:
            if self._depth:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            else:
                self._connection.execute("COMMIT")
            finally:
                self._depth -= 1

    def read(self, kind: str, id_: str) -> Stored | None:
        """Return the current version, or None."""
        return self._one(f"{_SELECT} WHERE c.type = ? AND c.id = ?", kind, id_)

    def vread(self, kind: str, id_: str, version: int) -> Stored | None:
        """Return one version, or None."""
        return self._one(
            _VERSIONS + " type = ? AND id = ? AND version = ?",
            kind,
            id_,
            version,
        )

    def history(self, kind: str, id_: str, count: int, before: int | None) -> Page:
        """Return versions, newest first, older than `before` where given."""
        with self._lock:
            rows = self._connection.execute(
                _VERSIONS + " type = ? AND id = ? AND version < ? ORDER BY version DESC LIMIT ?",
                (kind, id_, before or 2**62, count + 1),
            )
            matches, more = _cut(rows, count)
            total = self._count("SELECT count(*) FROM version WHERE type = ? AND id = ?", kind, id_)
        return Page(matches, total, more)

    def latest(self, kind: str, id_: str) -> Stored | None:
        """Return the newest version, a deletion too; None where there never was one."""
        return self._one(
            _VERSIONS + " type = ? AND id = ? ORDER BY version DESC LIMIT 1",
            kind,
            id_,
        )

    def changes(
        self,
        kinds: Sequence[str],
        id_: str | None,
        count: int,
        *,
        before: int | None,
        since: str | None,
    ) -> Page:
        """Return what was made of these types (or of one resource), newest first.

        `before` is the `seq` that a page continues below, `since` a FHIR instant in UTC.
        """
        condition = f"type IN ({', '.join('?' * len(kinds))})"
        values: list[str | int] = list(kinds)
        if id_ is not None:
            condition += " AND id = ?"
            values.append(id_)
        if since is not None:
            condition += " AND updated >= ?"
            values.append(since)
        with self._lock:
            total = self._count(" ".join([_VERSION_COUNT, condition]), *values)
            rows = self._connection.execute(
                " ".join([_VERSIONS, condition, "AND seq < ? ORDER BY seq DESC LIMIT ?"]),
                (*values, before or 2**62, count + 1),
            )
            matches, more = _cut(rows, count)
        return Page(matches, total, more)

    def find(self, query: Query) -> Page:
        """Return one page of the current resources that `query` matches."""
        condition, values = query.condition()
        with self._lock:
            total = self._count(" ".join([_COUNT, condition]), *values)
            after, position = query.after()
            rows = self._connection.execute(
                f"{_SELECT} WHERE {condition}{after} ORDER BY {query.order()} LIMIT ?",
                (*values, *position, query.count + 1),
            )
            matches, more = _cut(rows, query.count)
        return Page(matches, total, more)

    def put(self, kind: str, id_: str, resource: JsonObject, method: str) -> Stored:
        """Store `resource` as the next version (the first is 1) and return it.

        Only id, meta.versionId and meta.lastUpdated are set; all else stays as it is.
        """
        with self.transaction():
            version, updated = self._next(kind, id_), instant(self._clock())
            body = encode(stamped(resource, id_, version, updated))
            made = self._add(Stored(kind, id_, version, updated, method, body))
            self._connection.execute(
                "INSERT OR REPLACE INTO current VALUES (?, ?, ?, ?)",
                (kind, id_, made.version, updated),
            )
            self._connection.execute("DELETE FROM entry WHERE type = ? AND id = ?", (kind, id_))
            self._connection.executemany(
                "INSERT INTO entry VALUES (?, ?, ?, ?, ?)",
                [(kind, id_, *entry) for entry in entries(resource)],
            )
        return made

    def delete(self, kind: str, id_: str) -> Stored:
        """Store a deletion as the next version; its history stays, and nothing finds it."""
        with self.transaction():
            updated = instant(self._clock())
            made = self._add(Stored(kind, id_, self._next(kind, id_), updated, "DELETE", b""))
            for of_table in ("DELETE FROM current", "DELETE FROM entry"):
                self._connection.execute(of_table + " WHERE type = ? AND id = ?", (kind, id_))
        return made

    def upcoming(self, kind: str, id_: str) -> tuple[int, str]:
        """Return version and time that a write of this moment would get."""
        with self._lock:
            return self._next(kind, id_), instant(self._clock())

    def _next(self, kind: str, id_: str) -> int:
        """Return the number of a resource's next version."""
        sql = "SELECT coalesce(max(version), 0) + 1 FROM version WHERE type = ? AND id = ?"
        return self._count(sql, kind, id_)

    def _add(self, made: Stored) -> Stored:
        seq = self._count("SELECT coalesce(max(seq), 0) + 1 FROM version")
        self._connection.execute(
            "INSERT INTO version VALUES (?, ?, ?, ?, ?, ?, ?)",
            (made.type, made.id, made.version, made.updated, made.method, made.body, seq),
        )
        return replace(made, seq=seq)

    def _open(self) -> None:
        execute = self._connection.execute
        if self._count("PRAGMA application_id") not in (0, _APPLICATION_ID):
            raise sqlite.DatabaseError
        used = self._count("SELECT count(*) FROM sqlite_master")
        if used and self._count("PRAGMA user_version") != _LAYOUT:
            raise sqlite.DatabaseError
        execute("PRAGMA busy_timeout = 5000")
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = NORMAL")
        execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        execute(f"PRAGMA user_version = {_LAYOUT}")
        self._connection.executescript(_SCHEMA)

    def _one(self, sql: str, *values: str | int) -> Stored | None:
        with self._lock:
            row = self._connection.execute(sql, values).fetchone()
        return Stored(*row) if row else None

    def _count(self, sql: str, *values: str | int) -> int:
        return int(self._connection.execute(sql, values).fetchone()[0])


def stamped(resource: JsonObject, id_: str, version: int, updated: str) -> JsonObject:
    """Return a copy with id, meta.versionId and meta.lastUpdated; other keys keep their order.

    Keys that are there keep their place; a new id follows resourceType, a new meta the id.
    """
    stamps: JsonObject = {"versionId": str(version), "lastUpdated": updated}
    meta: JsonObject = resource.get("meta") or {}
    missing = {name: value for name, value in stamps.items() if name not in meta}
    new: JsonObject = {"id": id_, "meta": {**missing, **meta, **stamps}}
    found: JsonObject = {}
    for name, value in resource.items():
        found[name] = new.get(name, value)
        if name == "resourceType" and "id" not in resource:
            found["id"] = id_
        if "id" in found and "meta" not in resource:
            found.setdefault("meta", new["meta"])
    return found


def _cut(rows: Any, count: int) -> tuple[list[Stored], bool]:
    found: list[Stored] = []
    size = 0
    for row in rows:
        item = Stored(*row)
        size += len(item.body)
        if len(found) == count or (found and size > PAGE_BYTES):
            return found, True
        found.append(item)
    return found, False
