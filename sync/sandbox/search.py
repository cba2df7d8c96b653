"""Searches: from the parameters of a URL, a form or If-None-Exist to one SQL condition.

Repeated parameters must all hold, comma-separated values are alternatives. What is not known is
refused with 400, never ignored: an ignored filter finds too much.
Source: FHIR R4 search.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sync.sandbox.dates import comparison
from sync.sandbox.exchange import Pairs
from sync.sandbox.index import split_reference
from sync.sandbox.outcome import refusal
from sync.sandbox.parameters import TOKENS, parameters
from sync.sandbox.times import instant

DEFAULT_COUNT = 50
MAX_COUNT = 1000
MAX_VALUES = 200
COMMON = ("_id", "_lastUpdated")
SORTS = ("_lastUpdated", "-_lastUpdated", "_id", "-_id")
_RESULT = ("_sort", "_count", "_cursor", "_format")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_COMMA = re.compile(r"(?<!\\),")
_BAR = re.compile(r"(?<!\\)\|")
_ESCAPED = re.compile(r"\\([\\,|$])")

Condition = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Query:
    """A search of one resource type, over a table `c` (type, id, updated).

    `conditions` are SQL with their values; `cursor` is the last resource of the page before.
    """

    type: str
    conditions: tuple[Condition, ...]
    sort: str = "_lastUpdated"
    count: int = DEFAULT_COUNT
    cursor: tuple[str, ...] | None = None

    def condition(self) -> Condition:
        """Return the SQL of all conditions and its values."""
        sql = " AND ".join(["c.type = ?", *(text for text, _ in self.conditions)])
        return sql, (self.type, *(value for _, values in self.conditions for value in values))

    def after(self) -> Condition:
        """Return the SQL that skips everything up to the cursor, and its values."""
        if self.cursor is None:
            return "", ()
        sign = "<" if self.sort.startswith("-") else ">"
        if self.sort.endswith("_id"):
            return f" AND c.id {sign} ?", self.cursor
        return f" AND (c.updated, c.id) {sign} (?, ?)", self.cursor

    def order(self) -> str:
        """Return the SQL terms to order by; the id makes the order total."""
        down = " DESC" if self.sort.startswith("-") else ""
        return f"c.id{down}" if self.sort.endswith("_id") else f"c.updated{down}, c.id{down}"

    def cursor_after(self, updated: str, id_: str) -> str:
        """Return the cursor that continues after the resource named."""
        return id_ if self.sort.endswith("_id") else f"{updated}~{id_}"


def parse_search(kind: str, base: str, pairs: Pairs) -> Query:
    """Return the query of a type-level search; raises 400 for what is not supported."""
    for name in _RESULT:
        if sum(name == found for found, _ in pairs) > 1:
            raise refusal(400, "invalid", f"{name} stands twice")
    result = dict(pair for pair in pairs if pair[0] in _RESULT)
    sort = result.get("_sort", "_lastUpdated")
    if sort not in SORTS:
        raise refusal(400, "not-supported", "_sort takes one of " + ", ".join(SORTS))
    filters = [pair for pair in pairs if pair[0] not in _RESULT]
    return Query(
        kind,
        _conditions(kind, base, filters),
        sort,
        parse_count(result.get("_count")),
        _parse_cursor(sort, result.get("_cursor")),
    )


def parse_condition(kind: str, base: str, pairs: Pairs) -> Query:
    """Return the query of If-None-Exist: filters only, at least one."""
    if not pairs:
        raise refusal(400, "required", "If-None-Exist needs a search parameter")
    return Query(kind, _conditions(kind, base, pairs), count=2)


def parse_count(text: str | None) -> int:
    """Return a page size; too large a one is cut to 1000, as FHIR permits."""
    return DEFAULT_COUNT if text is None else min(whole_number("_count", text), MAX_COUNT)


def whole_number(name: str, text: str) -> int:
    """Return the value of parameter `name`; raises 400 unless it is a whole number."""
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise refusal(400, "value", f"{name} must be a whole number")
    return int(text)


def _conditions(kind: str, base: str, pairs: Pairs) -> tuple[Condition, ...]:
    known = (*COMMON, *parameters(kind))
    found: list[Condition] = []
    for position, (name, text) in enumerate(pairs):
        if name not in known:
            raise refusal(
                400,
                "not-supported",
                f"search parameter {position + 1} is not one of {kind}'s: {', '.join(known)}",
            )
        alternatives = [_alternative(name, base, item) for item in _alternatives(text)]
        sql = " OR ".join(text for text, _ in alternatives)
        values = tuple(value for _, values in alternatives for value in values)
        if name in COMMON:
            found.append((f"({sql})", values))
        else:
            wrapped = (
                "c.id IN (SELECT e.id FROM entry e WHERE e.type = ? AND e.name = ?"  # noqa: S608 - both are bound values; `sql` is made of this module's constants
                f" AND ({sql}))"
            )
            found.append((wrapped, (kind, name, *values)))
    return tuple(found)


def _alternatives(text: str) -> list[str]:
    found = _COMMA.split(text)
    if len(found) > MAX_VALUES:
        raise refusal(400, "too-costly", f"at most {MAX_VALUES} values are taken")
    if not all(found):
        raise refusal(400, "value", "a search value is empty")
    return found


def _alternative(name: str, base: str, text: str) -> Condition:
    if name == "_id":
        return "c.id = ?", (_unescaped(text),)
    if name == "_lastUpdated":
        return _last_updated(text)
    if name in TOKENS:
        return _token(name, text)
    return _reference(name, base, _unescaped(text))


def _last_updated(text: str) -> Condition:
    prefix, low_moment, high_moment = comparison(text)
    low, high = instant(low_moment), instant(high_moment)
    forms: dict[str, Callable[[], Condition]] = {
        "eq": lambda: ("(c.updated >= ? AND c.updated < ?)", (low, high)),
        "ne": lambda: ("(c.updated < ? OR c.updated >= ?)", (low, high)),
        "gt": lambda: ("c.updated >= ?", (high,)),
        "ge": lambda: ("c.updated >= ?", (low,)),
        "lt": lambda: ("c.updated < ?", (low,)),
        "le": lambda: ("c.updated < ?", (high,)),
    }
    return forms[prefix]()


def _token(name: str, text: str) -> Condition:
    parts = [_unescaped(part) for part in _BAR.split(text)]
    if len(parts) == 1:
        return "e.value = ?", (parts[0],)
    system, value = parts[0], "|".join(parts[1:])
    if len(parts) > 2:
        raise refusal(400, "value", "a token is system|value; escape a bar in the value as \\|")
    if name == "status" and system:
        raise refusal(400, "not-supported", "status is searched without a code system")
    if not system and not value:
        raise refusal(400, "value", "a search value is empty")
    if not system:
        return "(e.system IS NULL AND e.value = ?)", (value,)
    if not value:
        return "e.system = ?", (system,)
    return "(e.system = ? AND e.value = ?)", (system, value)


def _reference(name: str, base: str, text: str) -> Condition:
    if _ID.fullmatch(text):
        kind = "Patient" if name == "patient" else None
        if kind:
            return "(e.system IN (?, ?) AND e.value = ?)", (kind, f"{base}/{kind}", text)
        return "(instr(e.system, '/') = 0 AND e.value = ?)", (text,)
    found = split_reference(text)
    if not found:
        raise refusal(400, "value", "a reference is an id, Type/id or an absolute URL")
    kind = found[0].removeprefix(f"{base}/")
    if "/" in kind:
        return "(e.system = ? AND e.value = ?)", (kind, found[1])
    return "(e.system IN (?, ?) AND e.value = ?)", (kind, f"{base}/{kind}", found[1])


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _parse_cursor(sort: str, text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    updated, _, id_ = text.rpartition("~")
    if not _ID.fullmatch(id_) or bool(updated) == sort.endswith("_id"):
        raise refusal(400, "value", "_cursor is not one of this search's links")
    return (id_,) if sort.endswith("_id") else (updated, id_)
