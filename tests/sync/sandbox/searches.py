"""Asking the search side of the sandbox directly, without HTTP."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from sync.sandbox.exchange import Call
from sync.sandbox.outcome import OutcomeError
from sync.sandbox.scopes import parse_scopes
from sync.sandbox.searching import Searches
from sync.sandbox.store import Store

BASE = "http://127.0.0.1/fhir"
Found = dict[str, Any]


class Asker:
    """A caller of Searches; a store to fill stands beside it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.searches = Searches(store)

    def put(self, *resources: dict[str, Any]) -> None:
        """Store resources under their ids."""
        for resource in resources:
            self.store.put(resource["resourceType"], resource["id"], resource, "PUT")

    def call(self, url: str, scopes: str | None = None, **headers: str) -> Call:
        """Return the call of a URL, relative to the base or absolute."""
        path, _, query = url.removeprefix(f"{BASE}/").partition("?")
        kind, _, rest = path.partition("/")
        places = {"type": kind, "id": rest.partition("/")[0]}
        granted = parse_scopes(scopes) if scopes else None
        return Call(BASE, places, Headers(headers), query, scopes=granted)

    def __call__(self, url: str, scopes: str | None = None, **headers: str) -> Found:
        """Return the Bundle that answers a URL."""
        return json.loads(self.raw(url, scopes, **headers))

    def raw(self, url: str, scopes: str | None = None, **headers: str) -> bytes:
        """Return the answer's bytes."""
        call = self.call(url, scopes, **headers)
        whole = urlsplit(url).path.endswith("/$everything")
        answer = (self.searches.everything if whole else self.searches.search)(call)
        assert answer.status == 200
        return answer.body

    def refused(self, url: str, scopes: str | None = None, **headers: str) -> OutcomeError:
        """Return the refusal that answers a URL."""
        try:
            self(url, scopes, **headers)
        except OutcomeError as error:
            return error
        raise AssertionError(f"{url} is not refused")


def names(bundle: Found, mode: str = "match") -> list[str]:
    """Return the ids of the entries of one search mode."""
    return [
        entry["resource"]["id"]
        for entry in bundle.get("entry", [])
        if entry["search"]["mode"] == mode
    ]


def links(bundle: Found) -> dict[str, str]:
    """Return the links of a Bundle by relation."""
    return {link["relation"]: link["url"] for link in bundle["link"]}


def issues(bundle: Found) -> list[dict[str, Any]]:
    """Return the issues of the OperationOutcomes in a Bundle."""
    return [
        issue
        for entry in bundle.get("entry", [])
        if entry["search"]["mode"] == "outcome"
        for issue in entry["resource"]["issue"]
    ]
