"""Looking for the same fact: in the chart, in open proposals, and among a proposal's own changes.

What is found stands in the change's body, since it quotes the chart; policy sees a flag and agents
one static code. Source: design §5, ADR 0018.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core import stamps
from core.beside import say
from core.beside.reading import marks, origin, search
from core.canonical import JsonObject, exact
from core.duplicates.keys import KEYS, Keys
from core.duplicates.match import Match, codings, compare, concepts, times
from core.ledger.event import instant
from core.ports import Clock, Ehr, Fetched, Reads
from core.records import ChangeRow
from core.review.content import Erased, read_content
from core.review.permissions import WITHDRAWABLE

CHECKED, NOT_CHECKED = "checked", "not-checked"
NO_KEYS = "no-rule"
"""Nothing says what makes two resources of this type the same."""


async def look(
    ehr: Ehr, reads: Reads, clock: Clock, patient: str, tag: str, resource: JsonObject,
    siblings: Mapping[int, JsonObject], instead_of: str | None = None,
) -> JsonObject:  # fmt: skip
    """Return what is known of the same fact: `state, why, at, found`.

    `tag` is the patient's tag in the store, `siblings` the resources that other changes of the
    same proposal create, by index; what is unsent of `instead_of` gives way to it. A chart that
    cannot be searched raises nothing: `state` says so.
    """
    chart = await look_again(ehr, clock, patient, resource, None)
    others = [*_proposed(reads, tag, resource, instead_of), *_siblings(resource, siblings)]
    return {**chart, "found": [*chart["found"], *others]}


async def look_again(
    ehr: Ehr, clock: Clock, patient: str, resource: JsonObject, operation: str | None
) -> JsonObject:
    """Return the same of the chart alone; what carries our own operation is our own write."""
    keys = KEYS.get(str(resource["resourceType"]))
    at = instant(clock.now())
    if keys is None:
        return {"state": NOT_CHECKED, "why": NO_KEYS, "at": at, "found": []}
    read = await search(ehr, str(resource["resourceType"]), patient, _parameters(resource, keys))
    if read.why_not is not None:
        return {"state": NOT_CHECKED, "why": read.why_not, "at": at, "found": []}
    theirs = [one for one in read.items if not _is_own(one, operation)]
    return {"state": CHECKED, "why": None, "at": at, "found": list(_charted(resource, theirs))}


def appeared(shown: JsonObject, now: JsonObject) -> bool:
    """Tell whether the chart says now what was not shown, or more surely than was shown."""
    known = {(item["reference"], item["strength"]) for item in in_chart(shown)}
    known |= {(reference, "likely") for reference, strength in known if strength == "certain"}
    return any((item["reference"], item["strength"]) not in known for item in in_chart(now))


def in_chart(found: JsonObject) -> list[JsonObject]:
    """Return what was found in the chart, without other proposals."""
    return [item for item in found.get("found") or [] if item["where"] == "chart"]


def _parameters(resource: JsonObject, keys: Keys) -> dict[str, str]:
    """Return what narrows the search; a fact without a code is looked for among all."""
    if keys.narrow is None:
        return {}
    found = {}
    codes = sorted(codings(concepts(resource, keys)))
    plain = [one for one in codes if not any(mark in "".join(one) for mark in ",|$\\")]
    if codes and plain == codes:
        found[keys.narrow] = ",".join(f"{system}|{code}" for system, code in codes)
    when = next(iter(times(resource, keys)), "")
    if keys.dated is not None and len(when) >= 10:
        # A year before covers every zone, and every day that is written with less precision.
        found[keys.dated] = f"ge{int(when[:4]) - 1:04}{when[4:10].replace('-02-29', '-02-28')}"
    return found


def _is_own(item: Fetched, operation: str | None) -> bool:
    return operation is not None and operation in stamps.operations(item.resource)


def _charted(resource: JsonObject, theirs: Iterable[Fetched]) -> Iterable[JsonObject]:
    for item in theirs:
        match = compare(resource, item.resource)
        if match is not None:
            yield {"where": "chart", **_item(item.resource, match), **origin(item)}


def _proposed(
    reads: Reads, tag: str, resource: JsonObject, instead_of: str | None
) -> Iterable[JsonObject]:
    for change in reads.open_creates(tag, str(resource["resourceType"])):
        if change.proposal == instead_of and change.state in WITHDRAWABLE:
            continue
        theirs = _resource_of(reads, change)
        match = None if theirs is None else compare(resource, theirs)
        if match is not None and theirs is not None:
            yield {
                "where": "proposal",
                **_item(theirs, Match("likely", match.same)),
                "proposal": change.proposal,
                "index": exact(change.idx),
                "agent": change.agent,
            }


def _siblings(resource: JsonObject, siblings: Mapping[int, JsonObject]) -> Iterable[JsonObject]:
    for index, theirs in siblings.items():
        match = compare(resource, theirs)
        if match is not None:
            item = _item(theirs, Match("likely", match.same))
            yield {"where": "sibling", **item, "index": exact(index)}


def _resource_of(reads: Reads, change: ChangeRow) -> JsonObject | None:
    try:
        return read_content(reads, change).resource
    except Erased:
        return None


def _item(resource: JsonObject, match: Match) -> JsonObject:
    return {
        "strength": match.strength,
        "same": list(match.same),
        "says": say.what(resource),
        "value": say.value(resource),
        "date": say.date(resource),
        "status": say.status(resource),
        **marks(resource),
    }
