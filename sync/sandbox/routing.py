"""Which handler answers what: one table, for requests from a socket and from inside a Bundle."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sync.sandbox.exchange import Answer, Call
from sync.sandbox.histories import Histories
from sync.sandbox.interactions import Interactions
from sync.sandbox.outcome import refusal
from sync.sandbox.reading import Reads
from sync.sandbox.searching import Searches
from sync.sandbox.validating import Validation

Handler = Callable[[Call], Answer]
Table = Mapping[str, Mapping[str, Handler]]
"""Path below the FHIR base, with parts in braces → method → handler."""


def interactions_table(writes: Interactions) -> Table:
    """Return every interaction on one resource, type or the system, but Bundles themselves."""
    store = writes.store
    reads, searches, histories = Reads(store), Searches(store), Histories(store)
    validation = Validation(writes.validate)
    table: dict[str, dict[str, Handler]] = {
        "/_history": {"GET": histories.of_system},
        "/$validate": {"POST": validation.of_system},
        "/{type}": {
            "GET": searches.search,
            "POST": writes.create,
            "PUT": writes.update_match,
        },
        "/{type}/_search": {"POST": searches.search_form},
        "/{type}/_history": {"GET": histories.of_type},
        "/{type}/$validate": {"POST": validation.of_type},
        "/{type}/{id}": {
            "GET": reads.read,
            "PUT": writes.update,
            "PATCH": writes.patch,
            "DELETE": writes.delete,
        },
        "/{type}/{id}/_history": {"GET": histories.of_resource},
        "/{type}/{id}/_history/{version}": {"GET": reads.vread},
        "/{type}/{id}/$validate": {"POST": validation.of_type},
        "/{type}/{id}/$everything": {"GET": searches.everything, "POST": searches.everything},
    }
    around = writes.manner.around
    return {
        path: {method: around(store, path, method, handler) for method, handler in by.items()}
        for path, by in table.items()
    }


@dataclass(frozen=True, slots=True)
class Route:
    """A handler and the parts of the path it was found by."""

    handler: Handler
    path: Mapping[str, str]


def find(table: Table, method: str, path: str) -> Route:
    """Return what answers `method` at a path such as /Patient/1; raises 404 or 405."""
    for template, handlers in table.items():
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template.replace("$", r"\$"))
        matched = re.fullmatch(pattern, path)
        # An operation is never the id of a resource.
        if matched is None or any(part.startswith(("$", "_")) for part in matched.groups()):
            continue
        handler = handlers.get("GET" if method == "HEAD" else method)
        if handler is None:
            raise refusal(405, "not-supported", "this interaction is not supported")
        return Route(handler, matched.groupdict())
    raise refusal(404, "not-found", "there is nothing here")
