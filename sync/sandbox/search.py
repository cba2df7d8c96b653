"""Searches: from the parameters of a URL, a form or If-None-Exist to one query of the store.

Repeated parameters must all hold. What is not known is refused with 400; a caller that prefers
`handling=lenient` has unknown parameters ignored, and is told so.
Source: FHIR R4 search.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sync.sandbox.conditions import MAX_VALUES, Condition, condition, is_known, unknown
from sync.sandbox.exchange import Pairs
from sync.sandbox.including import Include, parse_include
from sync.sandbox.outcome import OutcomeError, refusal
from sync.sandbox.query import DEFAULT_COUNT, Query, of_type
from sync.sandbox.sorting import Cursor, parse_cursor, parse_sort
from sync.sandbox.subsetting import Subset, parse_subset

__all__ = [
    "Query",
    "Search",
    "parse_condition",
    "parse_count",
    "single_values",
    "type_search",
    "whole_number",
]

MAX_COUNT = 1000
MAX_ALL_VALUES = 2 * MAX_VALUES
TOTALS = ("none", "estimate", "accurate")
INCLUDES = ("_include", "_revinclude")
RESULT = ("_sort", "_count", "_cursor", "_format", "_total", "_summary", "_elements")
"""The parameters that shape a result, each at most once; `INCLUDES` may be repeated."""


@dataclass(frozen=True, slots=True)
class Search:
    """A type-level search as it was understood.

    `used` are the parameters that took effect, `ignored` refusals of those that did not;
    `cursor` is where the page continues.
    """

    kind: str
    query: Query
    used: Pairs
    ignored: tuple[OutcomeError, ...]
    cursor: Cursor | None
    with_total: bool
    subset: Subset | None
    includes: tuple[Include, ...]


def type_search(kind: str, base: str, pairs: Pairs, *, lenient: bool = False) -> Search:
    """Return a search of resource type `kind`; raises 400 for what is not supported."""
    result = single_values(pairs, RESULT)
    filters: list[tuple[str, str]] = []
    ignored: list[OutcomeError] = []
    for position, (name, text) in enumerate(pairs):
        if name.partition(":")[0] in (*RESULT, *INCLUDES):
            _check_plain(name)
        elif is_known(kind, name):
            filters.append((name, text))
        elif lenient:
            ignored.append(unknown(kind, name, position))
        else:
            raise unknown(kind, name, position)
    used = [(name, text) for name, text in pairs if _is_used(kind, name)]
    subset = parse_subset(kind, result.get("_summary"), result.get("_elements"))
    count = 0 if result.get("_summary") == "count" else parse_count(result.get("_count"))
    includes = [parse_include(kind, name, text) for name, text in pairs if name in INCLUDES]
    if includes and result.get("_summary") == "text":
        raise refusal(400, "invalid", "_summary=text goes without _include and _revinclude")
    keys = parse_sort(kind, result.get("_sort"))
    return Search(
        kind,
        Query(_conditions(kind, base, filters), keys, count),
        used,
        tuple(ignored),
        parse_cursor(result.get("_cursor")),
        _with_total(result.get("_total")),
        subset,
        tuple(includes),
    )


def parse_condition(kind: str, base: str, pairs: Pairs) -> Query:
    """Return the query of a conditional interaction: filters only, at least one."""
    if not pairs:
        raise refusal(400, "required", "a condition needs a search parameter")
    for position, (name, _) in enumerate(pairs):
        if not is_known(kind, name):
            raise unknown(kind, name, position)
    return Query(_conditions(kind, base, pairs), count=2)


def single_values(pairs: Pairs, names: Iterable[str]) -> dict[str, str]:
    """Return the values of the parameters `names` that are given; raises 400 for a repeated one."""
    found: dict[str, str] = {}
    for name in names:
        values = [text for given, text in pairs if given == name]
        if len(values) > 1:
            raise refusal(400, "invalid", f"{name} stands twice")
        if values:
            found[name] = values[0]
    return found


def parse_count(text: str | None) -> int:
    """Return a page size; too large a one is cut to 1000, as FHIR permits."""
    return DEFAULT_COUNT if text is None else min(whole_number("_count", text), MAX_COUNT)


def whole_number(name: str, text: str) -> int:
    """Return the value of parameter `name`; raises 400 unless it is a whole number."""
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise refusal(400, "value", f"{name} must be a whole number")
    return int(text)


def _check_plain(name: str) -> None:
    head, colon, _ = name.partition(":")
    if colon:
        what = "follows references one step; " if head in INCLUDES else ""
        raise refusal(400, "not-supported", f"{head} {what}takes no modifier")


def _is_used(kind: str, name: str) -> bool:
    return name in RESULT or name in INCLUDES or is_known(kind, name)


def _with_total(text: str | None) -> bool:
    if text is not None and text not in TOTALS:
        raise refusal(400, "value", f"_total is one of {', '.join(TOTALS)}")
    return text != "none"


def _conditions(kind: str, base: str, filters: Pairs) -> tuple[Condition, ...]:
    found = [condition(kind, base, name, text) for name, text in filters]
    if sum(len(values) for _, values in found) > MAX_ALL_VALUES:
        raise refusal(400, "too-costly", "there are too many values in all")
    return (of_type(kind), *found)
