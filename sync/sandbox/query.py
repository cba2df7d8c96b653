"""A question to the store: which resources, in which order, from where and how many."""

from __future__ import annotations

from dataclasses import dataclass

from sync.sandbox.conditions import Condition
from sync.sandbox.sorting import Key, beyond, order

DEFAULT_COUNT = 50


@dataclass(frozen=True, slots=True)
class Query:
    """A question to the store, over a table `c` (type, id, updated).

    `conditions` are SQL with their values, `keys` the order; `position` holds the values that
    the last resource of the page before has for the keys, None at the start.
    """

    conditions: tuple[Condition, ...]
    keys: tuple[Key, ...] = (Key("_lastUpdated"), Key("_id"))
    count: int = DEFAULT_COUNT
    position: tuple[str, ...] | None = None

    def condition(self) -> Condition:
        """Return the SQL of all conditions and its values."""
        sql = " AND ".join(text for text, _ in self.conditions)
        return sql, tuple(value for _, values in self.conditions for value in values)

    def after(self) -> Condition:
        """Return the SQL that skips everything up to `position`, and its values."""
        if self.position is None:
            return "", ()
        sql, values = beyond(self.keys, self.position)
        return f" AND {sql}", values

    def order(self) -> str:
        """Return the SQL terms to order by."""
        return order(self.keys)


def of_type(kind: str) -> Condition:
    """Return the condition that holds for the resources of one type."""
    return "c.type = ?", (kind,)
