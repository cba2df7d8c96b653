"""The FHIR interactions: read, vread, update, history and create.

Each takes a Call and returns an Answer or raises OutcomeError; none knows of sockets.
Source: FHIR R4 http.html.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.canonical import encode
from sync.sandbox import bundles
from sync.sandbox.bodies import Validate, is_id, is_type, resource_from
from sync.sandbox.exchange import Answer, Call, Pairs, pairs
from sync.sandbox.media import check_content_type, preference
from sync.sandbox.outcome import Issue, outcome, refusal
from sync.sandbox.preconditions import (
    check_update,
    create_condition,
    etag,
    not_modified,
    update_condition,
)
from sync.sandbox.search import parse_condition, parse_count, whole_number
from sync.sandbox.store import Store, Stored
from sync.sandbox.times import http_date

ID_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Interactions:
    """The interactions on one store; `validate` judges what is written, `new_id` names it."""

    store: Store
    validate: Validate
    new_id: Callable[[], str]

    def read(self, call: Call) -> Answer:
        """Answer the current version, or 304 when If-None-Match names it."""
        kind = _known_type(call, "r")
        _no_parameters(call)
        found = _found(self.store.read(kind, call.path["id"]))
        if not_modified(call.headers, found.version):
            return Answer(304, headers=_version_headers(found))
        return Answer(200, found.body, _version_headers(found))

    def vread(self, call: Call) -> Answer:
        """Answer one version."""
        kind = _known_type(call, "r")
        _no_parameters(call)
        version = call.path["version"]
        if not (version.isascii() and version.isdigit() and len(version) < 16):
            raise refusal(404, "not-found", "there is no such version")
        found = _found(self.store.vread(kind, call.path["id"], int(version)))
        return Answer(200, found.body, _version_headers(found))

    def history(self, call: Call) -> Answer:
        """Answer the versions of one resource, newest first; takes `_count`."""
        kind = _known_type(call, "r")
        given = _parameters(call)
        if len(dict(given)) != len(given) or not dict(given).keys() <= {"_count", "_cursor"}:
            raise refusal(400, "not-supported", "history takes _count, once, and nothing else")
        asked = dict(given)
        count = parse_count(asked.get("_count"))
        before = whole_number("_cursor", asked["_cursor"]) if "_cursor" in asked else None
        id_ = call.path["id"]
        page = self.store.history(kind, id_, count, before)
        if not page.total:
            raise refusal(404, "not-found", "there is no such resource")
        url = f"{call.base}/{kind}/{id_}/_history"
        return Answer(200, bundles.history(call.base, page, url, given))

    def create(self, call: Call) -> Answer:
        """Store a new resource under an id of ours; with If-None-Exist only if none matches.

        A conditional create needs scope c alone: whoever may create may learn that what it was
        about to create is there. The body of a match is shown only to who may read it.
        """
        kind = _known_type(call, "c")
        _no_parameters(call)
        check_content_type(call.headers)
        condition = create_condition(call.headers)
        query = condition and parse_condition(kind, call.base, pairs(condition))
        resource = resource_from(call.body, kind, self.validate)
        with self.store.transaction():
            if query:
                page = self.store.find(query)
                if page.total > 1:
                    raise refusal(412, "multiple-matches", "If-None-Exist matches several")
                if page.matches:
                    return _matched(call, page.matches[0])
            made = self.store.put(kind, self._unused_id(kind), resource, "POST")
        return _written(call, made, 201)

    def update(self, call: Call) -> Answer:
        """Store the next version of a resource, or the first under the client's id."""
        kind, id_ = _known_type(call, "u"), call.path["id"]
        _no_parameters(call)
        check_content_type(call.headers)
        condition = update_condition(call.headers)
        if not is_id(id_):
            raise refusal(400, "value", "the URL's id does not have the form of an id")
        resource = resource_from(call.body, kind, self.validate)
        if "id" not in resource:
            raise refusal(400, "required", "the resource has no id", expression=f"{kind}.id")
        if resource["id"] != id_:
            raise refusal(400, "invalid", "the URL's id is another", expression=f"{kind}.id")
        with self.store.transaction():
            current = self.store.read(kind, id_)
            check_update(condition, current.version if current else None)
            made = self.store.put(kind, id_, resource, "PUT")
        return _written(call, made, 200 if current else 201)

    def _unused_id(self, kind: str) -> str:
        for _ in range(ID_ATTEMPTS):
            found = self.new_id()
            if self.store.read(kind, found) is None:
                return found
        raise refusal(500, "exception", "no unused id was found")


def _known_type(call: Call, interaction: str) -> str:
    kind = call.path["type"]
    if not is_type(kind):
        raise refusal(404, "not-supported", "there is no such resource type here")
    call.require(kind, interaction)
    return kind


def _parameters(call: Call) -> Pairs:
    return pairs(call.query)


def _no_parameters(call: Call) -> None:
    if any(name != "_format" for name, _ in _parameters(call)):
        raise refusal(400, "not-supported", "this interaction takes no parameters")


def _found(stored: Stored | None) -> Stored:
    if stored is None:
        raise refusal(404, "not-found", "there is no such resource or version")
    return stored


def _version_headers(stored: Stored) -> dict[str, str]:
    return {"ETag": etag(stored.version), "Last-Modified": http_date(stored.updated)}


def _written(call: Call, stored: Stored, status: int) -> Answer:
    headers = _version_headers(stored)
    if status == 201:
        headers["Location"] = _location(call, stored)
    wanted = preference(call.headers)
    if wanted == "OperationOutcome":
        done = outcome([Issue("informational", "the resource is stored", severity="information")])
        return Answer(status, encode(done), headers)
    return Answer(status, b"" if wanted == "minimal" else stored.body, headers)


def _matched(call: Call, stored: Stored) -> Answer:
    answer = _written(call, stored, 200)
    body = answer.body if call.allows(stored.type, "r") else b""
    return Answer(200, body, {**answer.headers, "Location": _location(call, stored)})


def _location(call: Call, stored: Stored) -> str:
    return f"{call.base}/{stored.type}/{stored.id}/_history/{stored.version}"
