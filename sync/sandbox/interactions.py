"""The FHIR interactions that write: create, update, patch and delete, also conditional.

Each takes a Call and returns an Answer or raises OutcomeError; none knows of sockets. What a
condition demands is checked in the transaction that stores, so that of many only one wins.
Source: FHIR R4 http.html.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.canonical import JsonObject, encode
from sync.sandbox.bodies import Validate, check_resource, is_id, resource_from
from sync.sandbox.exchange import Answer, Call, pairs
from sync.sandbox.manner import PLAIN, Arrival, Manner
from sync.sandbox.media import check_content_type, preference
from sync.sandbox.outcome import Issue, outcome, refusal
from sync.sandbox.patching import MEDIA, operations_from, patched
from sync.sandbox.preconditions import (
    check_update,
    create_condition,
    delete_condition,
    update_condition,
)
from sync.sandbox.reading import absent, known_type, no_parameters, version_headers
from sync.sandbox.search import parse_condition
from sync.sandbox.store import Store, Stored

ID_ATTEMPTS = 8
Transform = Callable[[JsonObject], JsonObject]


def unchanged(resource: JsonObject) -> JsonObject:
    """Store what was sent."""
    return resource


@dataclass(frozen=True, slots=True)
class Interactions:
    """The writes on one store; `validate` judges what is written, `new_id` names it."""

    store: Store
    validate: Validate
    new_id: Callable[[], str]
    transform: Transform = unchanged
    """What this server makes of a resource before it stores it."""
    manner: Manner = PLAIN
    """The ways of the server that the sandbox plays."""

    def create(self, call: Call) -> Answer:
        """Store a new resource under an id of ours; with If-None-Exist only if none matches.

        A conditional create needs scope c alone: whoever may create may learn that what it was
        about to create is there. The body of a match is shown only to who may read it.
        """
        kind = known_type(call, "c")
        no_parameters(call)
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
            made = self._put(call, kind, self.unused_id(kind), resource, "POST")
        return _written(call, made, 201)

    def update(self, call: Call) -> Answer:
        """Store the next version of a resource, or the first under the client's id."""
        kind, id_ = known_type(call, "u"), call.path["id"]
        no_parameters(call)
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
            made = self._put(call, kind, id_, resource, "PUT")
        return _written(call, made, 200 if current else 201)

    def update_match(self, call: Call) -> Answer:
        """Update the one resource that the search matches, or create it where none does.

        It needs scopes u and s, because the answer tells whether something matches.
        """
        kind = known_type(call, "u")
        call.require(kind, "s")
        check_content_type(call.headers)
        condition = update_condition(call.headers)
        query = parse_condition(kind, call.base, pairs(call.query))
        resource = resource_from(call.body, kind, self.validate)
        with self.store.transaction():
            page = self.store.find(query)
            if page.total > 1:
                raise refusal(412, "multiple-matches", "the search matches several")
            current = page.matches[0] if page.matches else None
            check_update(condition, current.version if current else None)
            id_ = self._id_for(kind, resource, current)
            made = self._put(call, kind, id_, {**resource, "id": id_}, "PUT")
        return _written(call, made, 200 if current else 201)

    def patch(self, call: Call) -> Answer:
        """Apply a JSON Patch to the current version."""
        kind, id_ = known_type(call, "u"), call.path["id"]
        no_parameters(call)
        check_content_type(call.headers, (MEDIA,))
        condition = update_condition(call.headers)
        operations = operations_from(call.body)
        with self.store.transaction():
            current = self.store.read(kind, id_)
            if current is None:
                raise absent(self.store, kind, id_)
            check_update(condition, current.version)
            resource = patched(current.body, operations)
            check_resource(resource, kind, self.validate)
            made = self._put(call, kind, id_, resource, "PATCH")
        return _written(call, made, 200)

    def delete(self, call: Call) -> Answer:
        """Delete a resource; its history stays. Deleting what is not there changes nothing."""
        kind, id_ = known_type(call, "d"), call.path["id"]
        no_parameters(call)
        condition = delete_condition(call.headers)
        with self.store.transaction():
            current = self.store.read(kind, id_)
            if current is None:
                if condition.match is not None:
                    raise absent(self.store, kind, id_)
                return _deleted(call, None)
            check_update(condition, current.version)
            made = self.store.delete(kind, id_)
        return _deleted(call, made)

    def _put(self, call: Call, kind: str, id_: str, resource: JsonObject, method: str) -> Stored:
        version, at = self.store.upcoming(kind, id_)
        known = self.store.read(kind, id_) is not None
        interaction = "patch" if method == "PATCH" else "update" if known else "create"
        arrival = Arrival(call.base, kind, id_, interaction, version, at, self.store)
        made = self.manner.stored(self.transform(resource), arrival)
        return self.store.put(kind, id_, made, method)

    def unused_id(self, kind: str) -> str:
        """Return an id that no resource of this type ever had."""
        for _ in range(ID_ATTEMPTS):
            found = self.new_id()
            if self.store.latest(kind, found) is None:
                return found
        raise refusal(500, "exception", "no unused id was found")

    def _id_for(self, kind: str, resource: JsonObject, current: Stored | None) -> str:
        given = resource.get("id")
        if given is not None and not is_id(given):
            raise refusal(400, "value", "the id does not have the form of an id")
        if current is not None:
            if given not in (None, current.id):
                raise refusal(400, "invalid", "the match has another id", expression=f"{kind}.id")
            return current.id
        if given is None:
            return self.unused_id(kind)
        if self.store.read(kind, str(given)) is not None:
            raise refusal(409, "conflict", "a resource of that id does not match the search")
        return str(given)


def _written(call: Call, stored: Stored, status: int) -> Answer:
    headers = version_headers(stored)
    if status == 201:
        headers["Location"] = _location(call, stored)
    wanted = preference(call.headers)
    body = b"" if wanted == "minimal" else stored.body
    if wanted == "OperationOutcome":
        body = _said("the resource is stored")
    return Answer(status, body, headers, stored=stored)


def _matched(call: Call, stored: Stored) -> Answer:
    answer = _written(call, stored, 200)
    body = answer.body if call.allows(stored.type, "r") else b""
    headers = {**answer.headers, "Location": _location(call, stored)}
    return Answer(200, body, headers, stored=stored)


def _deleted(call: Call, stored: Stored | None) -> Answer:
    headers = {} if stored is None else version_headers(stored)
    if preference(call.headers) == "OperationOutcome":
        return Answer(200, _said("the resource is deleted"), headers, stored=stored)
    return Answer(204, headers=headers, stored=stored)


def _said(text: str) -> bytes:
    return encode(outcome([Issue("informational", text, severity="information")]))


def _location(call: Call, stored: Stored) -> str:
    return f"{call.base}/{stored.type}/{stored.id}/_history/{stored.version}"
