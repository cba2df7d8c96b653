"""History of a resource, of a type and of the system: newest first, whatever is written meanwhile.

A page continues below the number of a version, and numbers only grow.
Source: FHIR R4 http.html §3.1.0.9, bundle.html (history).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from core.canonical import JsonObject, Number, encode
from core.fhir.tables import resource_types
from sync.sandbox.bodies import is_type
from sync.sandbox.bundles import links
from sync.sandbox.dates import bounds
from sync.sandbox.exchange import Answer, Call, Pairs, pairs
from sync.sandbox.media import check_accept
from sync.sandbox.outcome import refusal
from sync.sandbox.preconditions import etag
from sync.sandbox.reading import known_type
from sync.sandbox.search import parse_count, single_values, whole_number
from sync.sandbox.store import Page, Store, Stored
from sync.sandbox.times import instant

PARAMETERS = ("_count", "_since", "_cursor", "_format")


@dataclass(frozen=True, slots=True)
class Histories:
    """The histories on one store."""

    store: Store

    def of_resource(self, call: Call) -> Answer:
        """Answer the versions of one resource; 404 where there never was one."""
        kind, id_ = known_type(call, "r"), call.path["id"]
        if self.store.latest(kind, id_) is None:
            raise refusal(404, "not-found", "there is no such resource")
        return self._answer(call, [kind], id_, f"{call.base}/{kind}/{id_}/_history")

    def of_type(self, call: Call) -> Answer:
        """Answer what was made of one type."""
        kind = known_type(call, "r")
        return self._answer(call, [kind], None, f"{call.base}/{kind}/_history")

    def of_system(self, call: Call) -> Answer:
        """Answer what was made of every type that the caller may read; 403 for none."""
        kinds = [
            kind for kind in sorted(resource_types()) if is_type(kind) and call.allows(kind, "r")
        ]
        if not kinds:
            call.require("*", "r")
        return self._answer(call, kinds, None, f"{call.base}/_history")

    def _answer(self, call: Call, kinds: Sequence[str], id_: str | None, url: str) -> Answer:
        given = pairs(call.query)
        if any(name not in PARAMETERS for name, _ in given):
            raise refusal(400, "not-supported", f"history takes {', '.join(PARAMETERS)} only")
        asked = single_values(given, PARAMETERS)
        check_accept(call.headers, [asked["_format"]] if "_format" in asked else [])
        cursor = asked.get("_cursor")
        page = self.store.changes(
            kinds,
            id_,
            parse_count(asked.get("_count")),
            before=None if cursor is None else whole_number("_cursor", cursor),
            since=_since(asked.get("_since")),
        )
        return Answer(200, _bundle(call.base, page, url, given))


def _since(text: str | None) -> str | None:
    if text is None:
        return None
    if "T" not in text or bounds(text) is None:
        raise refusal(400, "value", "_since is an instant, such as 2026-11-23T09:00:00Z")
    return instant(datetime.fromisoformat(text).astimezone(UTC))


def _bundle(base: str, page: Page, url: str, parameters: Pairs) -> bytes:
    cursor = str(page.matches[-1].seq) if page.more and page.matches else None
    head = encode(
        {
            "resourceType": "Bundle",
            "type": "history",
            "total": Number(str(page.total)),
            "link": links(url, parameters, cursor),
        }
    )
    if not page.matches:
        return head
    entries = b",".join(_entry(base, item) for item in page.matches)
    return head[:-1] + b',"entry":[' + entries + b"]}"


def _entry(base: str, item: Stored) -> bytes:
    head = encode({"fullUrl": f"{base}/{item.type}/{item.id}"})
    resource = b',"resource":' + item.body if item.body else b""
    return head[:-1] + resource + b"," + encode(_change(item))[1:]


def _change(item: Stored) -> JsonObject:
    url = item.type if item.method == "POST" else f"{item.type}/{item.id}"
    status = {"DELETE": "204 No Content"}.get(item.method, "200 OK")
    return {
        "request": {"method": item.method, "url": url},
        "response": {
            "status": "201 Created" if item.version == 1 else status,
            "etag": etag(item.version),
            "lastModified": item.updated,
        },
    }
