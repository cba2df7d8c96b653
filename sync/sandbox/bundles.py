"""Bundles of stored resources, put together from their stored bytes without parsing them again.

Source: FHIR R4 bundle.html (searchset, history).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from core.canonical import JsonObject, Number, encode
from sync.sandbox.exchange import Pairs
from sync.sandbox.outcome import Issue, outcome
from sync.sandbox.store import Stored


@dataclass(frozen=True, slots=True)
class Results:
    """What a search found, for one Bundle.

    `url` and `parameters` make the self link; `total` is None where it is not to be told;
    `cursor` leads to the next page, None on the last.
    """

    url: str
    parameters: Pairs
    matches: Sequence[Stored]
    total: int | None
    cursor: str | None = None
    included: Sequence[Stored] = ()
    issues: Sequence[Issue] = ()
    subset: Callable[[bytes], bytes] | None = None


def results(base: str, found: Results) -> bytes:
    """Return the searchset of a page of results: matches, what they include, then what to say."""
    part = found.subset or (lambda body: body)
    entries = [
        *(_found(base, item, part(item.body), "match") for item in found.matches),
        *(_found(base, item, item.body, "include") for item in found.included),
    ]
    if found.issues:
        said: JsonObject = {"resource": outcome(found.issues), "search": {"mode": "outcome"}}
        entries.append(encode(said))
    led = links(found.url, found.parameters, found.cursor)
    if any(name == "_cursor" for name, _ in found.parameters):
        led.append({"relation": "first", "url": _url(found.url, _first(found.parameters))})
    return _bundle("searchset", found.total, led, entries)


def _bundle(kind: str, total: int | None, led: list[JsonObject], entries: list[bytes]) -> bytes:
    counted: JsonObject = {} if total is None else {"total": Number(str(total))}
    head = encode({"resourceType": "Bundle", "type": kind, **counted, "link": led})
    if not entries:
        return head
    return head[:-1] + b',"entry":[' + b",".join(entries) + b"]}"


def _found(base: str, item: Stored, body: bytes, mode: str) -> bytes:
    return _entry(base, replace(item, body=body), {"search": {"mode": mode}})


def _entry(base: str, item: Stored, rest: JsonObject) -> bytes:
    head = encode({"fullUrl": f"{base}/{item.type}/{item.id}"})
    return head[:-1] + b',"resource":' + item.body + b"," + encode(rest)[1:]


def links(url: str, parameters: Pairs, cursor: str | None) -> list[JsonObject]:
    """Return the links of a page: itself, and the next where `cursor` leads to one."""
    found: list[JsonObject] = [{"relation": "self", "url": _url(url, parameters)}]
    if cursor is not None:
        onward = [*_first(parameters), ("_cursor", cursor)]
        found.append({"relation": "next", "url": _url(url, onward)})
    return found


def _first(parameters: Pairs) -> list[tuple[str, str]]:
    return [pair for pair in parameters if pair[0] != "_cursor"]


def _url(url: str, parameters: Pairs) -> str:
    return f"{url}?{urlencode(parameters)}" if parameters else url
