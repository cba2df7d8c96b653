"""Searches: what may stand in a URL, and page after page until there is no more.

Source: FHIR R4 search.html and bundle.html; design §14.7 (no PHI in URLs).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlencode

from core.canonical import JsonObject
from core.ports import Fetched
from sync.fhir.answers import document, fetched, require_ok
from sync.fhir.channel import Answer, Bounds, Outgoing
from sync.fhir.errors import Unreadable
from sync.fhir.urls import Base, split_reference
from sync.wire import httpx

OURS = "urn:countersign:"
FORM = "application/x-www-form-urlencoded"
MAX_PAGES_BYTES = 4
"""How many times the bytes of one answer all pages together may have."""
HEADERS = {
    "Accept": "application/fhir+json",
    "Cache-Control": "no-cache",
    # An ignored parameter finds too much, and too much looks like a duplicate.
    "Prefer": "handling=strict",
}
# Parameters about the result, not about the patient.
_RESULT = frozenset({"_count", "_sort", "_lastUpdated"})
_TOKENS = frozenset({"identifier", "_tag", "code"})
Ask = Callable[[Outgoing], Awaitable[Answer]]


async def search(
    name: str, base: Base, ask: Ask, type_: str, parameters: Mapping[str, str], bounds: Bounds
) -> list[Fetched]:
    """Return all matches of that type, each resource once; `ask` sends one request.

    Raises Unreachable when any page cannot be had: part of the matches is no answer.
    """
    outgoing = first_page(base, type_, parameters)
    seen: set[tuple[str, bytes | None]] = set()
    found: dict[str, Fetched] = {}
    size = 0
    for _ in range(bounds.max_pages):
        page = (str(outgoing.url), outgoing.content)
        if page in seen:
            raise Unreadable(f"{name} answers a search with a page that follows itself")
        seen.add(page)
        answer = await ask(outgoing)
        require_ok(name, answer)
        size += len(answer.body)
        if size > MAX_PAGES_BYTES * bounds.max_bytes:
            raise Unreadable(f"{name} answers a search with too many bytes")
        bundle = document(name, answer)
        for match in _matches(name, bundle, type_):
            found.setdefault(match.reference, match)
        link = _next(name, base, bundle)
        if link is None:
            return list(found.values())
        outgoing = _following(base, link, outgoing, type_)
    raise Unreadable(f"{name} answers a search with more than {bounds.max_pages} pages")


def first_page(base: Base, type_: str, parameters: Mapping[str, str]) -> Outgoing:
    """Return the request of a search.

    A GET when every parameter is one of ours or a plain reference; all else may tell of a
    patient, so it goes into the body of a POST.
    """
    url = base.of_type(type_)
    query = urlencode(parameters)
    if all(_is_opaque(key, value) for key, value in parameters.items()):
        return Outgoing("GET", url.copy_with(query=query.encode("ascii")), HEADERS)
    return _post(base, type_, query.encode("ascii"))


def _is_opaque(key: str, value: str) -> bool:
    if key in _TOKENS:
        return value.startswith(OURS)
    if key == "target":
        split_reference(value)
        return True
    return key in _RESULT


def _post(base: Base, type_: str, form: bytes) -> Outgoing:
    return Outgoing("POST", base.at(type_, "_search"), {**HEADERS, "Content-Type": FORM}, form)


def _following(base: Base, link: httpx.URL, before: Outgoing, type_: str) -> Outgoing:
    # The next link of a POST repeats its parameters, which stay out of URLs here too.
    if before.method == "POST" and base.is_type(link, type_):
        return _post(base, type_, link.query)
    return Outgoing("GET", link, HEADERS)


def _next(name: str, base: Base, bundle: JsonObject) -> httpx.URL | None:
    links = bundle.get("link", [])
    if not isinstance(links, list) or not all(isinstance(link, dict) for link in links):
        raise Unreadable(f"{name} answers a search with malformed links")
    following = [link.get("url") for link in links if link.get("relation") == "next"]
    if not following:
        return None
    url = base.within(following[0]) if len(following) == 1 else None
    if url is None:
        raise Unreadable(
            f"{name} answers a search with a next page outside its own address",
            remedy="Check that the configured base URL is the one the server calls itself",
        )
    return url


def _matches(name: str, bundle: JsonObject, type_: str) -> list[Fetched]:
    entries = bundle.get("entry", [])
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "searchset":
        raise Unreadable(f"{name} answers a search with something else than its result")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Unreadable(f"{name} answers a search with malformed entries")
    return [
        fetched(name, resource, type_)
        for entry in entries
        if isinstance(resource := entry.get("resource"), dict) and _is_match(entry, resource)
    ]


def _is_match(entry: JsonObject, resource: JsonObject) -> bool:
    role = entry.get("search")
    mode = role.get("mode", "match") if isinstance(role, dict) else "match"
    return mode == "match" and resource.get("resourceType") != "OperationOutcome"
