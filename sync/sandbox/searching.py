"""The search interactions: by URL, by form, and everything about a patient.

Source: FHIR R4 http.html §3.1.0.10 (search), patient-operation-everything.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.canonical import RESPONSE, parse_object
from sync.sandbox import bundles
from sync.sandbox.bodies import is_type
from sync.sandbox.bundles import Results
from sync.sandbox.everything import Everything, parse_everything
from sync.sandbox.exchange import Answer, Call, Pairs, pairs
from sync.sandbox.including import included
from sync.sandbox.index import entries
from sync.sandbox.media import check_accept
from sync.sandbox.outcome import Issue, OutcomeError, refusal
from sync.sandbox.query import Query
from sync.sandbox.search import type_search
from sync.sandbox.sorting import STORED_KEYS, Cursor, bad_cursor
from sync.sandbox.store import Page, Store, Stored

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Searches:
    """The searches on one store."""

    store: Store

    def search(self, call: Call) -> Answer:
        """Answer the resources that the parameters of the URL match."""
        return self._search(call, pairs(call.query))

    def search_form(self, call: Call) -> Answer:
        """Answer the resources that the parameters of the URL and the form match."""
        media = call.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != _FORM:
            raise refusal(415, "not-supported", f"send {_FORM}")
        try:
            form = call.body.decode("ascii")
        except UnicodeDecodeError:
            raise refusal(400, "invalid", "the form is not percent-encoded") from None
        return self._search(call, [*pairs(call.query), *pairs(form)])

    def everything(self, call: Call) -> Answer:
        """Answer a patient and all in its compartment that the caller may read."""
        kind, id_ = call.path["type"], call.path["id"]
        if kind != "Patient":
            raise refusal(404, "not-supported", "only a Patient has $everything")
        call.require(kind, "r")
        given = pairs(call.query)
        asked = parse_everything(call, id_, given)
        if self.store.read(kind, id_) is None:
            raise self._absent(kind, id_)
        query = self._positioned(asked.query, asked.cursor, asked.types)
        page = self.store.find(query)
        return Answer(200, bundles.results(call.base, _everything(call, asked, page, given)))

    def _search(self, call: Call, given: Pairs) -> Answer:
        kind = call.path["type"]
        if not is_type(kind):
            raise refusal(404, "not-supported", "there is no such resource type here")
        call.require(kind, "s")
        check_accept(call.headers, [value for name, value in given if name == "_format"])
        search = type_search(kind, call.base, given, lenient=_is_lenient(call))
        page = self.store.find(self._positioned(search.query, search.cursor, (kind,)))
        others = included(self.store, call, kind, page.matches, search.includes)
        found = Results(
            f"{call.base}/{kind}",
            search.used,
            page.matches,
            page.total if search.with_total else None,
            _next(page),
            others.resources,
            [*_ignored(search.ignored), *others.issues],
            search.subset.of if search.subset else None,
        )
        return Answer(200, bundles.results(call.base, found))

    def _positioned(self, query: Query, cursor: Cursor | None, types: Sequence[str]) -> Query:
        """Return `query` continuing after the version that `cursor` names."""
        if cursor is None:
            return query
        last = None
        if cursor.type in types:
            last = self.store.vread(cursor.type, cursor.id, cursor.version)
        if last is None or last.method == "DELETE":
            raise bad_cursor()
        indexed = any(key.name not in STORED_KEYS for key in query.keys)
        found = entries(parse_object(last.body, RESPONSE)) if indexed else set()
        position = [key.value(last.type, last.id, last.updated, found) for key in query.keys]
        return replace(query, position=tuple(position))

    def _absent(self, kind: str, id_: str) -> OutcomeError:
        if self.store.history(kind, id_, 1, None).total:
            return refusal(410, "deleted", "the patient is deleted")
        return refusal(404, "not-found", "there is no such patient")


def _everything(call: Call, asked: Everything, page: Page, given: Pairs) -> Results:
    url = f"{call.base}/Patient/{call.path['id']}/$everything"
    return Results(url, given, page.matches, page.total, _next(page), issues=asked.issues)


def _next(page: Page) -> str | None:
    if not (page.more and page.matches):
        return None
    last: Stored = page.matches[-1]
    return str(Cursor(last.type, last.id, last.version))


def _is_lenient(call: Call) -> bool:
    """Return whether the caller prefers unknown parameters to be ignored."""
    found = ",".join(call.headers.getlist("prefer")).replace(";", ",").split(",")
    return any(item.replace(" ", "").lower() == "handling=lenient" for item in found)


def _ignored(refusals: Sequence[OutcomeError]) -> list[Issue]:
    return [
        Issue(issue.code, f"ignored: {issue.diagnostics}", severity="warning")
        for one in refusals
        for issue in one.issues
    ]
