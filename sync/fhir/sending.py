"""Sending one write, exactly once, and telling `not sent` from `outcome unknown`.

The line between the two is drawn by the transport: it tells FIRST_BYTE when a connection stands
(the wait for one, DNS, TCP and TLS are over) and before the first byte.
Source: hub-protocol §6 step 7; design §9 (ambiguity).
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.canonical import JsonObject
from core.errors import BadInput
from core.ports import NotSent, OutcomeUnknown, Request, Response
from sync.fhir.answers import document, etag, issues, retry_after, version_of
from sync.fhir.channel import Answer, Channel, Outgoing, log_answer, read_body
from sync.fhir.errors import Unreadable
from sync.fhir.own_codes import body_status, is_failing, own_codes
from sync.fhir.transaction import bundle, entries_told
from sync.fhir.urls import Base, Named
from sync.wire import FIRST_BYTE, httpx

FHIR_JSON = "application/fhir+json"
STANDS = FIRST_BYTE.partition(".")[2]
"""What FIRST_BYTE says whichever version of HTTP a transport speaks."""
DEFAULTS = {
    "Content-Type": FHIR_JSON,
    "Accept": FHIR_JSON,
    "Prefer": "return=representation",
}
# Some servers ignore a condition that they cannot read, and then overwrite.
_CONDITIONS = {
    "if-match": re.compile(r'W/"[A-Za-z0-9.-]{1,64}"'),
    "if-none-match": re.compile(r"\*"),
    "if-none-exist": re.compile(r"[\x21-\x7e]{1,2048}"),
}
_OTHERS = {name.lower(): re.compile(r"[\x20-\x7e]{1,2048}") for name in DEFAULTS}


def prepare(base: Base, request: Request) -> Outgoing:
    """Return the HTTP request of a FHIR write, without its token; BadInput for a malformed one.

    PUT needs an id, POST has none. Of headers only the conditions and those of DEFAULTS may be
    given, each once. With a write beside it both go to the base, as a transaction.
    """
    alone = _prepare(base, request)
    if request.beside is None:
        return alone
    _prepare(base, request.beside)
    return Outgoing("POST", base.at(), dict(DEFAULTS), bundle([request, request.beside]))


def _prepare(base: Base, request: Request) -> Outgoing:
    if request.method == "PUT" and request.id is not None:
        url = base.of_resource(request.type, request.id)
    elif request.method == "POST" and request.id is None:
        url = base.of_type(request.type)
    else:
        raise BadInput("a write is a PUT with an id or a POST without one", field="method")
    return Outgoing(request.method, url, _headers(request.headers), request.body)


async def transmit(
    channel: Channel,
    base: Base,
    outgoing: Outgoing,
    before_first_byte: Callable[[], None],
    *,
    pair: Request | None = None,
) -> Response:
    """Send a prepared write once; nothing is retried. `pair` is one with another beside it.

    Raises NotSent, OutcomeUnknown, or what `before_first_byte` raised, unchanged. RuntimeError
    means that the transport does not report its first byte and must not be used. Cancelling the
    task raises CancelledError as ever; if `before_first_byte` had run, a byte may have left.
    """
    first, head = _FirstByte(before_first_byte), _Head()
    failed: Exception | None = None
    try:
        async with asyncio.timeout(channel.bounds.deadline):
            await _exchange(channel, outgoing, first, head)
    except Exception as error:  # noqa: BLE001 - after the first byte any error is the unknown outcome
        failed = error
    if first.stopped is not None:
        raise first.stopped
    if head.status is not None and not first.passed:
        raise RuntimeError("this transport does not report its first byte; it must not send writes")
    if head.status is not None and head.status >= 200:
        whole = _response(channel.name, base, head)
        if pair is None or whole.status >= 300:
            return whole
        return _first_of(channel.name, base, pair, whole)
    if first.passed:
        raise OutcomeUnknown(f"{channel.name} gave no answer ({_kind(failed)})")
    if isinstance(failed, httpx.HTTPError | OSError):
        raise NotSent(f"{channel.name} could not be connected to ({_kind(failed)})")
    raise failed or RuntimeError("the transport ended without an answer")


class _FirstByte:
    """Runs a callback when the first byte is about to leave, and remembers how that went."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        self.passed = False
        self.stopped: Exception | None = None

    async def trace(self, event: str, _info: Mapping[str, Any]) -> None:
        """Take one trace event of the transport; what this raises stops the sending."""
        if not event.endswith(STANDS):
            return
        if self.stopped is not None:
            raise self.stopped
        if self.passed:
            raise RuntimeError("the transport is about to send the same write again")
        try:
            self._callback()
        except Exception as error:
            self.stopped = error
            raise
        self.passed = True


@dataclass(slots=True)
class _Head:
    """What of the response has arrived."""

    status: int | None = None
    headers: httpx.Headers | None = None
    body: bytes | None = None


async def _exchange(channel: Channel, outgoing: Outgoing, first: _FirstByte, head: _Head) -> None:
    begun = time.monotonic()
    async with channel.stream(outgoing, {"trace": first.trace}) as response:
        head.status, head.headers = response.status_code, response.headers
        log_answer(channel.name, outgoing, response.status_code, begun)
        head.body = await read_body(response, channel.name, channel.bounds.max_bytes)


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    names = [name.lower() for name in given]
    for key, value in zip(names, given.values(), strict=True):
        pattern = _CONDITIONS.get(key) or _OTHERS.get(key)
        if pattern is None or names.count(key) > 1 or not pattern.fullmatch(value):
            raise BadInput("a header of the write is malformed, repeated or not for it to set")
    missing = {name: value for name, value in DEFAULTS.items() if name.lower() not in names}
    return {**missing, **given}


def _response(name: str, base: Base, head: _Head) -> Response:
    status, headers = head.status or 0, head.headers or httpx.Headers()
    said = _document(name, status, headers, head.body)
    whole = said if said is not None and isinstance(said.get("resourceType"), str) else None
    resource = whole if whole and whole.get("resourceType") != "OperationOutcome" else None
    written = _written(base, headers, resource) if 200 <= status < 300 else None
    return Response(
        status=status,
        version=etag(headers)
        or (version_of(resource) if resource else None)
        or (written.version if written else None),
        location=written.reference if written else None,
        resource=resource,
        issues=issues(whole),
        codes=own_codes(whole),
        failing=is_failing(whole),
        body_status=None if whole is not None else body_status(said),
        retry_after=retry_after(headers),
    )


def _first_of(name: str, base: Base, pair: Request, whole: Response) -> Response:
    """Return the answer about the first write of a transaction; raises OutcomeUnknown."""
    told = entries_told(base, whole.resource, 2)
    if told is None:
        raise OutcomeUnknown(f"{name} answered a transaction without saying what became of it")
    one, other = told
    place = one.named.reference if one.named else None
    if place is None and pair.id is not None:
        place = f"{pair.type}/{pair.id}"
    return Response(
        status=one.status,
        version=one.version,
        location=place if 200 <= one.status < 300 else None,
        resource=one.resource,
        issues=one.issues,
        codes=one.codes,
        failing=one.failing,
        beside=other.status,
    )


def _document(
    name: str, status: int, headers: httpx.Headers, body: bytes | None
) -> JsonObject | None:
    if not body:
        return None
    try:
        return document(name, Answer(status, headers, body))
    except Unreadable:
        # The status has arrived; what was persisted is read back by reconciliation.
        return None


def _written(base: Base, headers: httpx.Headers, resource: JsonObject | None) -> Named | None:
    for header in ("location", "content-location"):
        named = base.named(headers.get(header))
        if named is not None:
            return named
    if resource is None:
        return None
    return base.named(f"{resource.get('resourceType')}/{resource.get('id')}")


def _kind(error: Exception | None) -> str:
    return "no final status" if error is None else type(error).__name__
