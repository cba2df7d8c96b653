"""Two writes as one transaction: the Bundle that is sent, and what its answer says of each.

A server may answer 200 although it stored a part only, so the outcome of every entry is read; an
answer that does not tell it leaves the outcome unknown. Source: FHIR R4 http.html §3.1.0.11
(batch/transaction), bundle.html (Bundle.entry.request, .response).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.canonical import JsonObject, encode
from core.ports import Request
from sync.fhir.answers import etag, issues, version_of
from sync.fhir.own_codes import is_failing, own_codes
from sync.fhir.urls import Base, Named
from sync.wire import httpx

_CONDITIONS = {
    "if-match": "ifMatch",
    "if-none-match": "ifNoneMatch",
    "if-none-exist": "ifNoneExist",
}
_STATUS = re.compile(r"([1-5]\d\d)(?: .*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Told:
    """What a transaction's answer says of one entry."""

    status: int
    version: str | None
    named: Named | None
    resource: JsonObject | None
    outcome: JsonObject | None

    @property
    def issues(self) -> tuple[str, ...]:
        """The issue codes of its OperationOutcome."""
        return issues(self.outcome)

    @property
    def codes(self) -> tuple[str, ...]:
        """The server's own numbers there."""
        return own_codes(self.outcome)

    @property
    def failing(self) -> bool:
        """Whether an issue says that it failed, whatever the status says."""
        return is_failing(self.outcome)


def bundle(requests: Sequence[Request]) -> bytes:
    """Return the transaction; each body stands in it byte for byte as it would be sent alone."""
    entries = [
        b'{"resource":' + one.body + b',"request":' + encode(_asks(one)) + b"}" for one in requests
    ]
    head = encode({"resourceType": "Bundle", "type": "transaction"})
    return head[:-1] + b',"entry":[' + b",".join(entries) + b"]}"


def entries_told(base: Base, answer: JsonObject | None, count: int) -> tuple[Told, ...] | None:
    """Return what is said of each of `count` entries, in order; None where it is not said."""
    if answer is None or answer.get("resourceType") != "Bundle":
        return None
    listed = answer.get("entry")
    if answer.get("type") != "transaction-response" or not isinstance(listed, list):
        return None
    told = [_told(base, one) for one in listed]
    found = tuple(one for one in told if one is not None)
    return found if len(found) == len(told) == count else None


def _asks(request: Request) -> JsonObject:
    path = request.type if request.id is None else f"{request.type}/{request.id}"
    conditions = {_CONDITIONS[name.lower()]: value for name, value in _conditional(request)}
    return {"method": request.method, "url": path, **conditions}


def _conditional(request: Request) -> list[tuple[str, str]]:
    return [pair for pair in request.headers.items() if pair[0].lower() in _CONDITIONS]


def _told(base: Base, entry: object) -> Told | None:
    response = entry.get("response") if isinstance(entry, dict) else None
    status = response.get("status") if isinstance(response, dict) else None
    found = _STATUS.fullmatch(status) if isinstance(status, str) else None
    if not isinstance(entry, dict) or not isinstance(response, dict) or found is None:
        return None
    resource = _object(entry, "resource")
    named = base.named(response.get("location"))
    headers = httpx.Headers({"etag": str(response.get("etag", ""))})
    version = etag(headers) or (named.version if named else None)
    return Told(
        status=int(found[1]),
        version=version or (version_of(resource) if resource else None),
        named=named,
        resource=resource,
        outcome=_object(response, "outcome"),
    )


def _object(holder: Mapping[str, object], name: str) -> JsonObject | None:
    found = holder.get(name)
    return found if isinstance(found, dict) else None
