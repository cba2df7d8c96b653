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
from sync.sandbox.preconditions import etag
from sync.sandbox.store import Page, Stored


def searchset(base: str, kind: str, page: Page, parameters: Pairs, cursor: str | None) -> bytes:
    """Return a searchset; `cursor` leads to the next page, None on the last."""
    url = f"{base}/{kind}"
    entries = [_entry(base, item, {"search": {"mode": "match"}}) for item in page.matches]
    return _bundle("searchset", page.total, _links(url, parameters, cursor), entries)


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
    links = _links(found.url, found.parameters, found.cursor)
    if any(name == "_cursor" for name, _ in found.parameters):
        links.append({"relation": "first", "url": _url(found.url, _first(found.parameters))})
    return _bundle("searchset", found.total, links, entries)


def history(base: str, page: Page, url: str, parameters: Pairs) -> bytes:
    """Return a history Bundle of `page`, which is newest first, with a link to older versions."""
    cursor = str(page.matches[-1].version) if page.more and page.matches else None
    entries = [_entry(base, item, _change(item)) for item in page.matches]
    return _bundle("history", page.total, _links(url, parameters, cursor), entries)


def _bundle(kind: str, total: int | None, links: list[JsonObject], entries: list[bytes]) -> bytes:
    counted: JsonObject = {} if total is None else {"total": Number(str(total))}
    head = encode({"resourceType": "Bundle", "type": kind, **counted, "link": links})
    if not entries:
        return head
    return head[:-1] + b',"entry":[' + b",".join(entries) + b"]}"


def _found(base: str, item: Stored, body: bytes, mode: str) -> bytes:
    return _entry(base, replace(item, body=body), {"search": {"mode": mode}})


def _entry(base: str, item: Stored, rest: JsonObject) -> bytes:
    head = encode({"fullUrl": f"{base}/{item.type}/{item.id}"})
    return head[:-1] + b',"resource":' + item.body + b"," + encode(rest)[1:]


def _change(item: Stored) -> JsonObject:
    url = item.type if item.method == "POST" else f"{item.type}/{item.id}"
    return {
        "request": {"method": item.method, "url": url},
        "response": {
            "status": "201 Created" if item.version == 1 else "200 OK",
            "etag": etag(item.version),
            "lastModified": item.updated,
        },
    }


def _links(url: str, parameters: Pairs, cursor: str | None) -> list[JsonObject]:
    links: list[JsonObject] = [{"relation": "self", "url": _url(url, parameters)}]
    if cursor is not None:
        onward = [*_first(parameters), ("_cursor", cursor)]
        links.append({"relation": "next", "url": _url(url, onward)})
    return links


def _first(parameters: Pairs) -> list[tuple[str, str]]:
    return [pair for pair in parameters if pair[0] != "_cursor"]


def _url(url: str, parameters: Pairs) -> str:
    return f"{url}?{urlencode(parameters)}" if parameters else url
