"""Bundles of stored resources, put together from their stored bytes without parsing them again.

Source: FHIR R4 bundle.html (searchset, history).
"""

from __future__ import annotations

from urllib.parse import urlencode

from core.canonical import JsonObject, Number, encode
from sync.sandbox.exchange import Pairs
from sync.sandbox.preconditions import etag
from sync.sandbox.store import Page, Stored


def searchset(base: str, kind: str, page: Page, parameters: Pairs, cursor: str | None) -> bytes:
    """Return a searchset; `cursor` leads to the next page, None on the last."""
    url = f"{base}/{kind}"
    entries = [_entry(base, item, {"search": {"mode": "match"}}) for item in page.matches]
    return _bundle("searchset", page.total, _links(url, parameters, cursor), entries)


def history(base: str, page: Page, url: str, parameters: Pairs) -> bytes:
    """Return a history Bundle of `page`, which is newest first, with a link to older versions."""
    cursor = str(page.matches[-1].version) if page.more and page.matches else None
    entries = [_entry(base, item, _change(item)) for item in page.matches]
    return _bundle("history", page.total, _links(url, parameters, cursor), entries)


def _bundle(kind: str, total: int, links: list[JsonObject], entries: list[bytes]) -> bytes:
    head = encode(
        {"resourceType": "Bundle", "type": kind, "total": Number(str(total)), "link": links}
    )
    if not entries:
        return head
    return head[:-1] + b',"entry":[' + b",".join(entries) + b"]}"


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
        onward = [pair for pair in parameters if pair[0] != "_cursor"]
        links.append({"relation": "next", "url": _url(url, [*onward, ("_cursor", cursor)])})
    return links


def _url(url: str, parameters: Pairs) -> str:
    return f"{url}?{urlencode(parameters)}" if parameters else url
