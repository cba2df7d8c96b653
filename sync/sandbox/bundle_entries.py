"""The entries of a batch or transaction, as the requests that they stand for.

Source: FHIR R4 bundle.html (Bundle.entry.request), http.html §3.1.0.11.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers

from core.canonical import Json, JsonObject, encode
from sync.sandbox.exchange import FHIR_JSON
from sync.sandbox.outcome import OutcomeError, refusal
from sync.sandbox.patching import MEDIA

METHODS = ("DELETE", "POST", "PUT", "PATCH", "GET", "HEAD")
"""In the order in which a transaction carries them out; PUT and PATCH are one step."""
URN = re.compile(r"urn:(?:uuid|oid):[A-Za-z0-9.-]{1,128}")
_CONDITIONS = {
    "ifMatch": "If-Match",
    "ifNoneMatch": "If-None-Match",
    "ifNoneExist": "If-None-Exist",
    "ifModifiedSince": "If-Modified-Since",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: where it stands, what it asks for, and what its resource is called meanwhile."""

    place: int
    method: str
    path: str
    """Below the base, with a leading slash."""
    query: str
    conditions: Mapping[str, str] = field(default_factory=dict)
    resource: JsonObject | None = None
    urn: str | None = None

    @property
    def step(self) -> int:
        """The step of a transaction that it belongs to."""
        return {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2}.get(self.method, 3)

    @property
    def type(self) -> str:
        """The first part of the path."""
        return self.path.split("/")[1]

    def headers(self, prefer: str | None) -> Headers:
        """Return the headers of the request that it stands for."""
        found = {"accept": FHIR_JSON, **self.conditions}
        if self.resource is not None:
            found["content-type"] = MEDIA if self.method == "PATCH" else FHIR_JSON
        if prefer is not None:
            found["prefer"] = prefer
        return Headers(found)

    def body(self, names: Mapping[str, str]) -> bytes:
        """Return its body, with what `names` maps rewritten; a patch comes out of a Binary."""
        if self.resource is None:
            return b""
        if self.method == "PATCH":
            return _patch(self.resource)
        return encode(renamed(self.resource, names))


def read_entry(base: str, place: int, given: Json) -> Entry:
    """Return entry `place` of a Bundle; raises 400 for what no request can be made of."""
    entry = given if isinstance(given, dict) else {}
    request = entry.get("request")
    if not isinstance(request, dict):
        raise _malformed("has no request")
    method, url = request.get("method"), request.get("url")
    if method not in METHODS or not isinstance(url, str):
        raise _malformed("needs a method and a url")
    path, _, query = url.removeprefix(base).lstrip("/").partition("?")
    resource = entry.get("resource")
    if resource is not None and not isinstance(resource, dict):
        raise _malformed("holds a resource that is no object")
    if (resource is None) == (method in ("POST", "PUT", "PATCH")) and not path.endswith("_search"):
        raise _malformed("holds a resource where its method needs none, or none where it does")
    full = entry.get("fullUrl")
    urn = full if isinstance(full, str) and URN.fullmatch(full) else None
    return Entry(place, method, f"/{path}", query, _conditions(request), resource, urn)


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Return a copy in which every string that is one of `names` stands as what it maps to."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, list):
        return [renamed(item, names) for item in value]
    if isinstance(value, dict):
        return {key: renamed(item, names) for key, item in value.items()}
    return value


def searched_references(value: Any) -> set[str]:
    """Return the conditional references (`Patient?identifier=…`) in a resource."""
    if isinstance(value, list):
        return {found for item in value for found in searched_references(item)}
    if not isinstance(value, dict):
        return set()
    found = {one for item in value.values() for one in searched_references(item)}
    reference = value.get("reference")
    if isinstance(reference, str) and re.match(r"[A-Z][A-Za-z]{1,63}\?", reference):
        found.add(reference)
    return found


def _conditions(request: JsonObject) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, header in _CONDITIONS.items():
        value = request.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            raise _malformed(f"has a malformed {name}")
        found[header.lower()] = value
    return found


def _patch(binary: JsonObject) -> bytes:
    data = binary.get("data")
    if binary.get("resourceType") != "Binary" or binary.get("contentType") != MEDIA:
        raise refusal(400, "invalid", f"a PATCH in a Bundle is a Binary of {MEDIA}")
    try:
        return base64.b64decode(str(data), validate=True)
    except (binascii.Error, ValueError):
        raise refusal(400, "value", "the Binary's data is not base64") from None


def _malformed(what: str) -> OutcomeError:
    return refusal(400, "invalid", f"the entry {what}")
