"""The FHIR interactions read and vread, also conditional.

Source: FHIR R4 http.html §3.1.0.2, §3.1.0.3 and §3.1.0.1.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from starlette.datastructures import Headers

from sync.sandbox.bodies import is_type
from sync.sandbox.exchange import Answer, Call, pairs
from sync.sandbox.outcome import OutcomeError, refusal
from sync.sandbox.preconditions import etag, not_modified
from sync.sandbox.store import Store, Stored
from sync.sandbox.times import http_date


@dataclass(frozen=True, slots=True)
class Reads:
    """The reads on one store."""

    store: Store

    def read(self, call: Call) -> Answer:
        """Answer the current version; 304 when the caller knows it, 410 when it is deleted."""
        kind = known_type(call, "r")
        no_parameters(call)
        found = self.store.read(kind, call.path["id"])
        if found is None:
            raise absent(self.store, kind, call.path["id"])
        if not_modified(call.headers, found.version) or _not_since(call.headers, found.updated):
            return Answer(304, headers=version_headers(found), stored=found)
        return Answer(200, found.body, version_headers(found), stored=found)

    def vread(self, call: Call) -> Answer:
        """Answer one version; 410 for the one that is a deletion."""
        kind = known_type(call, "r")
        no_parameters(call)
        version = call.path["version"]
        if not (version.isascii() and version.isdigit() and len(version) < 16):
            raise refusal(404, "not-found", "there is no such version")
        found = self.store.vread(kind, call.path["id"], int(version))
        if found is None:
            raise refusal(404, "not-found", "there is no such resource or version")
        if found.method == "DELETE":
            raise gone()
        return Answer(200, found.body, version_headers(found), stored=found)


def known_type(call: Call, interaction: str) -> str:
    """Return the type of the URL; raises 404 for an unknown one, 403 where the scopes lack it."""
    kind = call.path["type"]
    if not is_type(kind):
        raise refusal(404, "not-supported", "there is no such resource type here")
    call.require(kind, interaction)
    return kind


def no_parameters(call: Call) -> None:
    """Raise 400 for parameters of an interaction that takes none."""
    if any(name != "_format" for name, _ in pairs(call.query)):
        raise refusal(400, "not-supported", "this interaction takes no parameters")


def absent(store: Store, kind: str, id_: str) -> OutcomeError:
    """Return 410 for a resource that was deleted, 404 for one that never was."""
    if store.latest(kind, id_) is not None:
        return gone()
    return refusal(404, "not-found", "there is no such resource")


def gone() -> OutcomeError:
    """Return the refusal of what is deleted."""
    return refusal(410, "deleted", "the resource is deleted; its history is there")


def version_headers(stored: Stored) -> dict[str, str]:
    """Return ETag and Last-Modified."""
    return {"ETag": etag(stored.version), "Last-Modified": http_date(stored.updated)}


def _not_since(headers: Headers, updated: str) -> bool:
    """Tell whether nothing changed since If-Modified-Since, which If-None-Match overrides."""
    text = headers.get("if-modified-since")
    if text is None or "if-none-match" in headers:
        return False
    try:
        since = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        raise refusal(400, "invalid", "If-Modified-Since is not an HTTP date") from None
    if since.tzinfo is None:
        raise refusal(400, "invalid", "If-Modified-Since names no time zone")
    return datetime.fromisoformat(updated).replace(microsecond=0) <= since
