"""What was read from the documents in force, kept until anything of them may have changed.

A write asks for the policy, the roster and their adoptions some twenty times; the signatures under
them were most of what its guards took (measured).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sync.store.connection import Connection

Made = TypeVar("Made")

TABLES = frozenset({"config", "breaker"})
"""The read tables on which kept values may rest, besides the adoptions in the ledger."""


class Kept:
    """Values that rest on `TABLES`, over one connection.

    SQLite tells what other connections committed (`data_version`) and how many rows this one wrote
    (`total_changes`); a write that the ledger did not vouch for makes everything be read anew.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._found: dict[Hashable, Any] = {}
        self._stamp: tuple[int, int] | None = None
        self._locked = False

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what `make` returned for `key`; what it raises is not kept.

        Neither is what is read in a transaction of somebody else: rolled back, it leaves no trace
        in what SQLite counts.
        """
        if self._connection.in_transaction and not self._locked:
            return make()
        self.check()
        if key not in self._found:
            self._found[key] = make()
        found: Made = self._found[key]
        return found

    def check(self) -> None:
        """Forget everything if something was written since the last stamp."""
        now = self._now()
        if now != self._stamp:
            self._found.clear()
            self._stamp = now

    def written(self, tables: set[str]) -> None:
        """Take up that the ledger itself wrote to `tables`, and nothing else did, since `check`."""
        if tables & TABLES:
            self._found.clear()
        self._stamp = self._now()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold while this connection alone can write: nothing others do needs to be asked for.

        What was read before an error may have been rolled back, and is forgotten.
        """
        self.check()
        self._locked = True
        try:
            yield
        except BaseException:
            self._found.clear()
            raise
        finally:
            self._locked = False

    def _now(self) -> tuple[int, int]:
        if self._locked and self._stamp is not None:
            return self._stamp[0], self._connection.total_changes
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return version, self._connection.total_changes
