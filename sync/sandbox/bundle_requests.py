"""Batch and transaction: many requests in one, each held to the rules and scopes of its own.

A batch answers each entry for itself. A transaction is one step of the store: deletions first, then
creates, updates, reads; whatever fails, nothing of it is there.
Source: FHIR R4 http.html §3.1.0.11.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

from core.canonical import RESPONSE, Json, JsonObject, encode, parse_object
from core.errors import BadInput
from sync.sandbox.bodies import is_type
from sync.sandbox.bundle_entries import Entry, read_entry, searched_references
from sync.sandbox.exchange import Answer, Call, pairs
from sync.sandbox.interactions import Interactions
from sync.sandbox.media import check_content_type
from sync.sandbox.outcome import Issue, OutcomeError, outcome, refusal
from sync.sandbox.routing import Table, find, interactions_table
from sync.sandbox.search import parse_condition

MAX_ENTRIES = 1000
Metadata = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class BundleRequests:
    """Carries out Bundles on one store; `metadata` answers for the CapabilityStatement."""

    writes: Interactions
    metadata: Metadata

    def carry_out(self, call: Call) -> Answer:
        """Answer a batch or transaction; raises 400 for any other body."""
        check_content_type(call.headers)
        bundle = _bundle(call.body)
        kind = bundle["type"]
        listed = bundle.get("entry", [])
        if not isinstance(listed, list) or len(listed) > MAX_ENTRIES:
            raise refusal(413, "too-costly", f"a Bundle here has at most {MAX_ENTRIES} entries")
        parts = self._batch(call, listed) if kind == "batch" else self._transaction(call, listed)
        head = encode({"resourceType": "Bundle", "type": f"{kind}-response"})
        if parts:
            head = head[:-1] + b',"entry":[' + b",".join(parts) + b"]}"
        return Answer(200, head)

    def _batch(self, call: Call, listed: Sequence[Json]) -> list[bytes]:
        found: list[bytes] = []
        table = self._table(self.writes)
        for place, given in enumerate(listed):
            try:
                entry = read_entry(call.base, place, given)
                found.append(_response(entry, _ask(table, call, entry, {})))
            except OutcomeError as error:
                found.append(_failed(error))
        return found

    def _transaction(self, call: Call, listed: Sequence[Json]) -> list[bytes]:
        answers: dict[int, bytes] = {}
        entries: list[Entry] = []
        place = 0
        with self.writes.store.transaction():
            try:
                for place, given in enumerate(listed):
                    entries.append(read_entry(call.base, place, given))
                names: dict[str, str] = {}
                ids: dict[int, str] = {}
                for entry in entries:
                    place = entry.place
                    self._name(call, entry, names, ids)
                _check_distinct(entries, ids)
                for entry in sorted(entries, key=lambda one: one.step):
                    place = entry.place
                    answers[place] = self._carry(call, entry, names, ids)
            except OutcomeError as error:
                raise _placed(error, place) from None
        return [answers[entry.place] for entry in entries]

    def _carry(self, call: Call, entry: Entry, names: dict[str, str], ids: dict[int, str]) -> bytes:
        writes = self.writes
        chosen = ids.get(entry.place)
        if chosen is not None and entry.method == "POST":
            writes = replace(writes, new_id=lambda: chosen)
        elif chosen is not None and entry.resource is not None:
            entry = replace(entry, resource={**entry.resource, "id": chosen})
        known = {**names, **self._found_references(call, entry)}
        return _response(entry, _ask(self._table(writes), call, entry, known))

    def _name(self, call: Call, entry: Entry, names: dict[str, str], ids: dict[int, str]) -> None:
        """Settle the id of what an entry makes, so that others can refer to it."""
        kind = entry.type
        parts = entry.path.split("/")[2:]
        if entry.method == "POST" and not parts and is_type(kind):
            match = self._match(call, kind, entry.conditions.get("if-none-exist"))
            ids[entry.place] = match or self.writes.unused_id(kind)
        elif entry.method == "PUT" and not parts and is_type(kind):
            match = self._match(call, kind, entry.query)
            given = (entry.resource or {}).get("id")
            own = given if isinstance(given, str) else self.writes.unused_id(kind)
            ids[entry.place] = match if match and given is None else own
        id_ = ids.get(entry.place) or (parts[0] if len(parts) == 1 else None)
        if entry.urn is not None and id_ is not None:
            if entry.urn in names:
                raise refusal(400, "duplicate", "two entries have one fullUrl")
            names[entry.urn] = f"{kind}/{id_}"

    def _match(self, call: Call, kind: str, condition: str | None) -> str | None:
        """Return the id of the one match of a condition; several are refused where it is used."""
        if not condition:
            return None
        page = self.writes.store.find(parse_condition(kind, call.base, pairs(condition)))
        return page.matches[0].id if page.total == 1 else None

    def _found_references(self, call: Call, entry: Entry) -> dict[str, str]:
        found: dict[str, str] = {}
        for reference in searched_references(entry.resource):
            kind, _, condition = reference.partition("?")
            if not is_type(kind):
                raise refusal(400, "value", "a conditional reference names no resource type")
            call.require(kind, "s")
            page = self.writes.store.find(parse_condition(kind, call.base, pairs(condition)))
            if page.total != 1:
                raise refusal(
                    412, "multiple-matches", f"a conditional reference has {page.total} matches"
                )
            found[reference] = f"{kind}/{page.matches[0].id}"
        return found

    def _table(self, writes: Interactions) -> Table:
        return {"/metadata": {"GET": self.metadata}, **interactions_table(writes)}


def _bundle(body: bytes) -> JsonObject:
    try:
        found = parse_object(body, RESPONSE)
    except BadInput as error:
        raise refusal(400, "structure", error.problem) from None
    if found.get("resourceType") != "Bundle" or found.get("type") not in ("batch", "transaction"):
        raise refusal(400, "invalid", "send a Bundle of type batch or transaction here")
    return found


def _ask(table: Table, call: Call, entry: Entry, names: dict[str, str]) -> Answer:
    route = find(table, entry.method, entry.path)
    prefer = call.headers.get("prefer", "return=minimal")
    return route.handler(
        Call(
            call.base,
            route.path,
            entry.headers(prefer),
            entry.query,
            entry.body(names),
            call.scopes,
        )
    )


def _check_distinct(entries: Sequence[Entry], ids: dict[int, str]) -> None:
    """Raise 400 where two entries write one resource: which came first could not be told."""
    written: set[tuple[str, str]] = set()
    for entry in entries:
        parts = entry.path.split("/")[2:]
        id_ = ids.get(entry.place) or (parts[0] if len(parts) == 1 else None)
        if entry.step == 3 or id_ is None:
            continue
        if (entry.type, id_) in written:
            raise refusal(400, "duplicate", "two entries write one resource")
        written.add((entry.type, id_))


def _response(entry: Entry, answer: Answer) -> bytes:
    stored = answer.stored
    told: JsonObject = {"status": _status(answer.status)}
    if "Location" in answer.headers:
        told["location"] = answer.headers["Location"]
    if stored is not None:
        told["etag"] = answer.headers.get("ETag", "")
        told["lastModified"] = stored.updated
    if not answer.body or entry.method == "HEAD":
        return encode({"response": told})
    if answer.body.startswith(b'{"resourceType":"OperationOutcome"'):
        told["outcome"] = parse_object(answer.body, RESPONSE)
        return encode({"response": told})
    return b'{"resource":' + answer.body + b"," + encode({"response": told})[1:]


def _failed(error: OutcomeError) -> bytes:
    told: JsonObject = {"status": _status(error.status), "outcome": outcome(error.issues)}
    return encode({"response": told})


def _placed(error: OutcomeError, place: int) -> OutcomeError:
    issues = [
        Issue(one.code, f"entry {place}: {one.diagnostics}", f"Bundle.entry[{place}]", one.severity)
        for one in error.issues
    ]
    return OutcomeError(error.status, issues)


def _status(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"
