"""Reads of single rows that one write asks for again and again, kept while they stand."""

from __future__ import annotations

from sync.store.connection import Connection
from sync.store.kept import ROW_KEYS, Kept, Rest
from sync.store.rows import TABLES, Row, select


class KeptReads:
    """Part of `core.ports.Reads`, for `sync.store.reads.StoreReads`."""

    connection: Connection
    _kept: Kept

    def _own(self, row: type[Row], tail: str, key: str, *more: int) -> list[Row]:
        """Return the rows whose row key is `key`, which `tail` has to ask for first."""
        table = TABLES[row]
        rest = (table, key if table in ROW_KEYS else None)
        return self._keeping(row, tail, (key, *more), rest)

    def _all(self, row: type[Row], tail: str, *parameters: str) -> list[Row]:
        """Return rows that any change of their table may change."""
        return self._keeping(row, tail, parameters, (TABLES[row], None))

    def _keeping(
        self, row: type[Row], tail: str, parameters: tuple[str | int, ...], rest: Rest
    ) -> list[Row]:
        found = self._kept.get(
            (row, tail, parameters),
            lambda: tuple(select(self.connection, row, tail, parameters)),
            (rest,),
        )
        return [*found]


def first(found: list[Row]) -> Row | None:
    """Return the one row that was found, if any was."""
    return found[0] if found else None
