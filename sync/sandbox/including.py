"""`_include` and `_revinclude`: resources that matches refer to, or that refer to matches.

One step, by relative references and absolute ones of this base. What the caller may not read is
left out, and said to be left out: the same words whether or not there was any.
Source: FHIR R4 search.html §3.1.1.5.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.canonical import RESPONSE, parse_object
from core.fhir import is_resource_type
from sync.sandbox.bodies import is_type
from sync.sandbox.conditions import Condition
from sync.sandbox.exchange import Call
from sync.sandbox.index import entries
from sync.sandbox.outcome import Issue, refusal
from sync.sandbox.parameters import includes, known, reverse_includes
from sync.sandbox.query import Query, of_type
from sync.sandbox.sorting import Key

if TYPE_CHECKING:
    from sync.sandbox.store import Store, Stored

MAX_INCLUDED = 1000
MAX_BYTES = 8 * 1024 * 1024
_CHUNK = 400
_TOO_MANY = Issue(
    "incomplete",
    "not all resources to include are here; ask for fewer matches at a time",
    severity="warning",
)


@dataclass(frozen=True, slots=True)
class Include:
    """References by `parameter` of resources of type `source`; `target` is their only type, if set.

    With `reverse` the matches are referred to, else they refer.
    """

    source: str
    parameter: str
    target: str | None
    reverse: bool


@dataclass(frozen=True, slots=True)
class Included:
    """What came in beside the matches, and what has to be said of what did not."""

    resources: Sequence[Stored]
    issues: Sequence[Issue]


def parse_include(kind: str, name: str, text: str) -> Include:
    """Return what `_include` or `_revinclude` asks for in a search of `kind`; raises 400."""
    reverse = name == "_revinclude"
    source, _, rest = text.partition(":")
    parameter, colon, target = rest.partition(":")
    taken = reverse_includes(kind) if reverse else includes(kind)
    if f"{source}:{parameter}" not in taken:
        raise refusal(
            400,
            "not-supported",
            f"{name} takes Type:parameter or Type:parameter:Type; here the first two are "
            + ("those that may refer to" if reverse else "reference parameters of")
            + f" {kind}",
        )
    targets = known(source)[parameter].targets
    if colon and (not is_resource_type(target) or (targets and target not in targets)):
        raise refusal(400, "value", f"{name}: {source}:{parameter} does not lead to that type")
    return Include(source, parameter, target or None, reverse)


def included(
    store: Store, call: Call, kind: str, matches: Sequence[Stored], wanted: Iterable[Include]
) -> Included:
    """Return the resources to include for the matches, none twice and no match again."""
    seen = {(match.type, match.id) for match in matches}
    found: list[Stored] = []
    issues: dict[str, Issue] = {}
    size = 0
    for type_, one, condition in _questions(call.base, kind, matches, wanted):
        # Who refers to a match is found by searching, what a match refers to by reading.
        if not all(call.allows(type_, letter) for letter in ("rs" if one.reverse else "r")):
            issues[type_] = _left_out(type_)
            continue
        for stored in _resources(store, type_, condition):
            if (stored.type, stored.id) in seen:
                continue
            size += len(stored.body)
            if len(found) == MAX_INCLUDED or size > MAX_BYTES:
                return Included(found, [*issues.values(), _TOO_MANY])
            seen.add((stored.type, stored.id))
            found.append(stored)
    return Included(found, list(issues.values()))


def _questions(
    base: str, kind: str, matches: Sequence[Stored], wanted: Iterable[Include]
) -> Iterator[tuple[str, Include, Condition]]:
    """Yield the types to include with the reason and a condition on their resources."""
    for one in wanted:
        if not one.reverse:
            for type_, ids in sorted(_targets(base, matches, one).items()):
                for some in _chunks(sorted(ids)):
                    yield type_, one, (f"c.id IN ({_marks(some)})", tuple(some))
        elif one.target in (None, kind):
            for some in _chunks([match.id for match in matches]):
                sql = (
                    "c.id IN (SELECT e.id FROM entry e WHERE e.type = ? AND e.name = ?"  # noqa: S608 - bound values
                    f" AND e.system IN (?, ?) AND e.value IN ({_marks(some)}))"
                )
                values = (one.source, one.parameter, kind, f"{base}/{kind}", *some)
                yield one.source, one, (sql, values)


def _targets(base: str, matches: Sequence[Stored], one: Include) -> dict[str, set[str]]:
    """Return the ids, by type, that the matches refer to."""
    found: dict[str, set[str]] = {}
    for match in matches:
        for entry in entries(parse_object(match.body, RESPONSE)):
            type_ = (entry.system or "").removeprefix(f"{base}/")
            if entry.name == one.parameter and one.target in (None, type_) and is_type(type_):
                found.setdefault(type_, set()).add(entry.value)
    return found


def _resources(store: Store, kind: str, condition: Condition) -> Iterator[Stored]:
    query = Query((of_type(kind), condition), (Key("_id"),), MAX_INCLUDED)
    while True:
        page = store.find(query)
        yield from page.matches
        if not page.more:
            return
        query = replace(query, position=(page.matches[-1].id,))


def _left_out(kind: str) -> Issue:
    return Issue(
        "suppressed",
        f"{kind} resources are not included: the token's scopes do not permit it",
        severity="warning",
    )


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))
