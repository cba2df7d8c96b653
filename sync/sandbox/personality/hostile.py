"""The hostile server: whatever is nasty and either legal or seen somewhere, one trick a write.

It advertises everything, so that a client has every reason to believe it. What it stores is not
what was sent, and what it answers is not what it stored: the answer to a write echoes the request.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from starlette.datastructures import Headers

from core.canonical import RESPONSE, JsonObject, encode, parse_object
from core.errors import BadInput
from core.profile.transforms import apply_all
from core.profile.work import Around
from core.traffic.limits import Window
from sync.sandbox.bodies import is_id
from sync.sandbox.exchange import Answer, Call
from sync.sandbox.manner import Arrival, Handler, Manner
from sync.sandbox.outcome import OutcomeError, refusal
from sync.sandbox.personality import answering
from sync.sandbox.personality.limiter import Limiter
from sync.sandbox.personality.tricks import OTHER_PATIENT, SAME, TRICKS, played
from sync.sandbox.preconditions import etag
from sync.sandbox.store import Store

HOSTILE = "hostile"
CALLS_A_MINUTE = 600
WEB_PAGE = b"<!DOCTYPE html><title>Gateway</title><p>Something went wrong."
FLOWS = {
    "other-words": "references, times, white space, narrative and identifiers are the server's own",
    "duplicate": "a create is stored twice",
    "accepted-then-discarded": "202, and nothing is stored",
    "said-then-discarded": "the answer tells of success, and nothing is stored",
    "lost-update": "If-Match is looked at, then somebody else's version is overwritten",
    "unfenced-patch": "If-Match of a PATCH is ignored",
    "redact": "what was written is shown redacted from then on",
    "redirect": "what was written answers with a redirect to another record",
    "web-page-after": "it is stored, and a web page with 500 is the answer",
    "web-page-success": "nothing is stored, and a web page with 200 is the answer",
    "not-visible": "what was written is not there to be read",
}
"""Tricks of the road, beside those of the resource."""
HABITS = (*TRICKS, *FLOWS)
ASIDE = frozenset({"Provenance", "Library", "Basic", "Task", "AuditEvent"})
"""What is written beside a change meets no trick, so that a trick meets the change."""
_SENDING = {"POST", "PUT", "PATCH"}


class _Undone(Exception):
    """Takes back what was stored, and brings the answer along."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class Hostile(Manner):
    """One trick a write, dealt by `seed` from `tricks`; `dealt` counts them.

    A `clock` turns the minute in which at most CALLS_A_MINUTE calls are answered, then 429 without
    a word of when to come back.
    """

    name = HOSTILE
    software = "hostile, as the sandbox plays it"
    description = "No product: everything that servers were ever seen to do to a client"

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        seed: int = 1,
        tricks: Sequence[str] = HABITS,
        windows: Sequence[Window] = (Window("minute", CALLS_A_MINUTE),),
    ) -> None:
        unknown = [one for one in tricks if one not in HABITS]
        if unknown or not tricks:
            raise BadInput("is no trick", field="tricks", remedy=f"Use of {', '.join(HABITS)}")
        self.dealt: Counter[str] = Counter()
        self._tricks, self._seed = tuple(tricks), seed
        self._limiter = Limiter(clock, windows, _over)
        self._lock = threading.Lock()
        self._spoilt: dict[str, str] = {}
        self._hand = threading.local()

    def admit(self, *, token: bool) -> None:
        """Count a request in its minute."""
        self._limiter.admit(token=token)

    def around(self, store: Store, path: str, method: str, handler: Handler) -> Handler:
        """Wrap what writes one resource, and what reads it."""
        if path in ("/{type}", "/{type}/{id}") and method in _SENDING:
            return lambda call: self._write(store, method, handler, call)
        if path in ("/{type}/{id}", "/{type}/{id}/_history/{version}", "/{type}"):
            return lambda call: self._read(path, handler, call)
        return handler

    def stored(self, resource: JsonObject, arrival: Arrival) -> JsonObject:
        """Return what the trick in hand makes of it."""
        name = getattr(self._hand, "trick", "")
        if name == "other-words":
            around = Around(arrival.base, arrival.id, str(arrival.version), arrival.at)
            return apply_all(SAME, resource, arrival.interaction, around).resource
        trick = TRICKS.get(name)
        return resource if trick is None else played(trick, resource)

    def _deal(self) -> str:
        with self._lock:
            number = sum(self.dealt.values())
            digest = hashlib.sha256(f"{self._seed}/{number}".encode()).digest()
            trick = self._tricks[int.from_bytes(digest[:8], "big") % len(self._tricks)]
            self.dealt[trick] += 1
        return trick

    def _write(self, store: Store, method: str, handler: Handler, call: Call) -> Answer:
        if call.path["type"] in ASIDE:
            return handler(call)
        trick = self._deal()
        self._hand.trick = trick
        try:
            return self._flow(trick, store, method, handler, call)
        finally:
            self._hand.trick = ""

    def _flow(self, trick: str, store: Store, method: str, handler: Handler, call: Call) -> Answer:
        if trick in ("accepted-then-discarded", "said-then-discarded", "web-page-success"):
            return _discarded(trick, store, handler, call)
        if trick == "lost-update" and method in ("PUT", "PATCH"):
            call = _overtaken(store, call)
        if trick == "unfenced-patch" and method == "PATCH":
            call = _without(call, "if-match")
        answer = handler(call)
        made = answer.stored
        if made is not None and trick == "duplicate" and made.version == 1:
            store.put(made.type, f"{made.id}-copy"[:64], parse_object(made.body, RESPONSE), "POST")
        if made is not None and trick in ("redact", "redirect", "not-visible"):
            with self._lock:
                self._spoilt[f"{made.type}/{made.id}"] = trick
        if trick == "web-page-after":
            return Answer(500, WEB_PAGE, {}, "text/html")
        return _echoed(call, method, answer)

    def _read(self, path: str, handler: Handler, call: Call) -> Answer:
        if path == "/{type}":
            return answering.each_resource(handler(call), self._shown)
        trick = self._spoilt.get(f"{call.path['type']}/{call.path['id']}")
        if trick == "redirect":
            raise refusal(
                301, "informational", "elsewhere",
                headers={"Location": f"{call.base}/{OTHER_PATIENT}"},
            )  # fmt: skip
        if trick == "not-visible":
            raise refusal(404, "not-found", "there is no such resource")
        return answering.each_resource(handler(call), self._shown)

    def _shown(self, resource: JsonObject) -> JsonObject:
        trick = self._spoilt.get(f"{resource.get('resourceType')}/{resource.get('id')}")
        return answering.redacted(resource) if trick == "redact" else resource


def _over(window: Window, left: int) -> OutcomeError:
    del window, left
    return refusal(429, "throttled", "too many requests")


def _discarded(trick: str, store: Store, handler: Handler, call: Call) -> Answer:
    """Carry a write out, take it back, and say whatever the trick says."""
    try:
        with store.transaction():
            raise _Undone(handler(call))  # noqa: TRY301 - it rolls the store back
    except _Undone as undone:
        answer = undone.answer
    if trick == "web-page-success":
        return Answer(200, WEB_PAGE, {}, "text/html")
    if trick == "accepted-then-discarded":
        return Answer(202)
    return answer


def _overtaken(store: Store, call: Call) -> Call:
    """Store another's version just before, and let the write through all the same."""
    kind, id_ = call.path["type"], call.path.get("id")
    found = None if id_ is None else store.read(kind, id_)
    if found is None or "if-match" not in call.headers:
        return call
    current = parse_object(found.body, RESPONSE)
    another = {**current, "language": "fr" if current.get("language") != "fr" else "de"}
    made = store.put(found.type, found.id, another, "PUT")
    return _with(_without(call, "if-match"), "if-match", etag(made.version))


def _without(call: Call, name: str) -> Call:
    raw = [(key, value) for key, value in call.headers.raw if key.decode() != name]
    return replace(call, headers=Headers(raw=raw))


def _with(call: Call, name: str, value: str) -> Call:
    raw = [*call.headers.raw, (name.encode(), value.encode())]
    return replace(call, headers=Headers(raw=raw))


def _echoed(call: Call, method: str, answer: Answer) -> Answer:
    """Answer with what was sent, as if that were what is stored."""
    made = answer.stored
    if made is None or method == "PATCH" or not answer.body or answer.status not in (200, 201):
        return answer
    stored = parse_object(made.body, RESPONSE)
    sent = parse_object(call.body, RESPONSE)
    if not is_id(made.id) or sent.get("resourceType") != made.type:
        return answer
    echo = {**sent, "id": made.id, "meta": {**(sent.get("meta") or {}), **_stamps(stored)}}
    return replace(answer, body=encode(echo))


def _stamps(stored: JsonObject) -> JsonObject:
    meta = stored.get("meta") or {}
    return {name: meta[name] for name in ("versionId", "lastUpdated") if name in meta}
