"""The order of matches, total and the same on every page, and where a page continues.

A page continues after a version of a resource, which never changes: what is written meanwhile
moves no other resource across the border between two pages.
Source: FHIR R4 search.html §3.1.1.5.1 (_sort); its silence on missing values is filled here: a
resource without a value comes last in both directions.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sync.sandbox.conditions import Condition
from sync.sandbox.index import PRESENT, Entry
from sync.sandbox.outcome import refusal
from sync.sandbox.parameters import known

SORTABLE = ("token", "date", "string", "uri")
_LAST = 0x10FFFF
_CURSOR = re.compile(r"([A-Za-z]{1,64})~([A-Za-z0-9.-]{1,64})~(\d{1,15})", re.ASCII)
# In `_type`, Patient comes first where several types stand in one Bundle.
STORED_KEYS = {
    "_id": "c.id",
    "_lastUpdated": "c.updated",
    "_type": "CASE c.type WHEN 'Patient' THEN '' ELSE c.type END",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One thing to sort by: `_id`, `_lastUpdated`, `_type` or a search parameter."""

    name: str
    down: bool = False

    def sql(self) -> str:
        """Return the SQL term over a table `c`; of several values the first in order counts."""
        if self.name in STORED_KEYS:
            return STORED_KEYS[self.name]
        # Left to choose, SQLite walks through all values of the parameter for each resource.
        pick, lacking = ("max", "''") if self.down else ("min", f"char({_LAST})")
        return (
            f"coalesce((SELECT {pick}(e.value) FROM entry e INDEXED BY entry_resource"  # noqa: S608 - the name is one of FHIR's
            f" WHERE e.type = c.type AND e.id = c.id AND e.name = '{self.name}'"
            f" AND e.value <> ''), {lacking})"
        )

    def value(self, kind: str, id_: str, updated: str, found: AbstractSet[Entry]) -> str:
        """Return what `sql` yields for one resource with the index entries `found`."""
        if self.name in STORED_KEYS:
            stored = {"_id": id_, "_lastUpdated": updated}
            return stored.get(self.name, "" if kind == "Patient" else kind)
        values = [one.value for one in found if one.name == self.name and one.value != PRESENT]
        if self.down:
            return max(values, default="")
        return min(values, default=chr(_LAST))


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last resource of the page before, as the version that stood there."""

    type: str
    id: str
    version: int

    def __str__(self) -> str:
        return f"{self.type}~{self.id}~{self.version}"


def parse_sort(kind: str, text: str | None) -> tuple[Key, ...]:
    """Return the keys of `_sort` (None: as last updated); the id makes the order total."""
    keys: list[Key] = []
    sortable = [name for name, one in known(kind).items() if one.type in SORTABLE]
    for item in ("_lastUpdated" if text is None else text).split(","):
        name = item.removeprefix("-")
        if name not in ("_id", "_lastUpdated", *sortable):
            raise refusal(
                400,
                "not-supported",
                f"_sort takes, for {kind}: _id, _lastUpdated, {', '.join(sortable)}",
            )
        keys.append(Key(name, item.startswith("-")))
    if all(key.name != "_id" for key in keys):
        keys.append(Key("_id", keys[-1].down))
    return tuple(keys)


def parse_cursor(text: str | None) -> Cursor | None:
    """Return the cursor of a page's link; raises 400 for anything else."""
    if text is None:
        return None
    found = _CURSOR.fullmatch(text)
    if not found:
        raise bad_cursor()
    return Cursor(found[1], found[2], int(found[3]))


def bad_cursor() -> Exception:
    """Return the refusal of a cursor that no link of this search bears."""
    return refusal(400, "value", "_cursor is not one of this search's links")


def order(keys: tuple[Key, ...]) -> str:
    """Return the SQL terms to order by."""
    return ", ".join(f"{key.sql()}{' DESC' if key.down else ''}" for key in keys)


def beyond(keys: tuple[Key, ...], position: tuple[str, ...]) -> Condition:
    """Return the condition that a resource comes after `position`, the values of all keys."""
    terms = [key.sql() for key in keys]
    if len({key.down for key in keys}) == 1:
        sign = "<" if keys[0].down else ">"
        marks = ", ".join("?" * len(keys))
        return f"({', '.join(terms)}) {sign} ({marks})", position
    parts: list[str] = []
    values: list[str] = []
    for depth, key in enumerate(keys):
        same = [f"{term} = ?" for term in terms[:depth]]
        parts.append(" AND ".join([*same, f"{terms[depth]} {'<' if key.down else '>'} ?"]))
        values += position[: depth + 1]
    return "(" + " OR ".join(f"({part})" for part in parts) + ")", tuple(values)
