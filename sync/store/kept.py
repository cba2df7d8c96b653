"""What was read from the store, kept until anything that it rests on may have changed.

A write reads its own rows and the documents in force some sixty times over; those reads, and the
signatures under the documents, were most of what its guards took (measured).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from core.ledger.rowops import Put, RowOp
from sync.store.connection import Connection

Made = TypeVar("Made")

Rest = tuple[str, str | int | None]
"""A read table and one value of its row key (`ROW_KEYS`), or None for all of its rows."""

DOCUMENTS: tuple[Rest, ...] = (("config", None),)
"""What values made of the documents in force rest on, besides the adoptions in the ledger."""

ROW_KEYS = {
    "proposal": "id",
    "change": "proposal",
    "decision": "proposal",
    "glass": "proposal",
    "correction": "proposal",
    "write": "operation",
    "failure": "operation",
    "manual": "operation",
    "recheck": "operation",
    "breaker": "ehr",
    "leaf": "seq",
}
"""Read table → the column by which its rows are told apart here."""

MOST = 512
"""So many values are kept; one more, and all of them are read anew."""


class Kept:
    """Values that rest on rows of the read tables, over one connection.

    SQLite tells what other connections committed (`data_version`) and how many rows this one wrote
    (`total_changes`); a write that the ledger did not vouch for makes everything be read anew.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._found: dict[Hashable, Any] = {}
        self._resting: dict[str, dict[str | int | None, set[Hashable]]] = {}
        self._stamp: tuple[int, int] | None = None
        self._locked = False
        self._still = False

    def get(
        self, key: Hashable, make: Callable[[], Made], rests: Iterable[Rest] = DOCUMENTS
    ) -> Made:
        """Return what `make` returned for `key`; what it raises is not kept.

        Neither is what it made while something was written, half of before and half of after; nor
        what is read in a transaction of somebody else: rolled back, it leaves no trace in what
        SQLite counts. What is returned is shared, and for nobody to change.
        """
        if self._connection.in_transaction and not self._locked:
            return make()
        self.check()
        if key in self._found:
            found: Made = self._found[key]
            return found
        stamp = self._stamp
        made = make()
        if self._stamp == stamp:
            self._keep(key, made, rests)
        return made

    def check(self) -> None:
        """Forget everything if something was written since the last stamp."""
        now = self._now()
        if now != self._stamp:
            self._forget()
            self._stamp = now

    def written(self, rows: Iterable[Rest]) -> None:
        """Take up that the ledger itself wrote these rows, and nothing else did, since `check`."""
        for table, value in rows:
            resting = self._resting.get(table)
            if resting:
                for one in (*resting,) if value is None else (None, value):
                    for key in resting.pop(one, ()):
                        self._found.pop(key, None)
        self._stamp = self._now()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold while this connection alone can write: nothing others do needs to be asked for.

        What was read before an error may have been rolled back, and is forgotten.
        """
        still, self._still = self._still, False
        self.check()
        self._locked = True
        try:
            yield
        except BaseException:
            self._forget()
            raise
        finally:
            self._locked, self._still = False, still

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Ask once for what others committed: what they commit within the block comes after it."""
        if self._locked or self._still:
            yield
            return
        self.check()
        self._still = True
        try:
            yield
        finally:
            self._still = False

    def _keep(self, key: Hashable, made: Any, rests: Iterable[Rest]) -> None:
        if len(self._found) >= MOST:
            self._forget()
        self._found[key] = made
        for table, value in rests:
            self._resting.setdefault(table, {}).setdefault(value, set()).add(key)

    def _forget(self) -> None:
        self._found.clear()
        self._resting.clear()

    def _now(self) -> tuple[int, int]:
        if (self._locked or self._still) and self._stamp is not None:
            return self._stamp[0], self._connection.total_changes
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return version, self._connection.total_changes


def rest_of(operation: RowOp) -> Rest:
    """Return the rows that an operation of a projector may change."""
    key = ROW_KEYS.get(operation.table)
    if key is None:
        return operation.table, None
    if isinstance(operation, Put):
        return operation.table, operation.values.get(key)
    return operation.table, None if key in operation.values else operation.where.get(key)
