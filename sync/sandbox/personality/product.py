"""A product that the sandbox plays: what its profile says, and what its module adds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from core.canonical import RESPONSE, JsonObject, parse_object
from core.errors import BadInput
from core.failure.classes import Failure
from core.profile.profile import Profile
from core.traffic.limits import Window
from sync.sandbox.clients import ALGORITHMS, OWN_KEYS
from sync.sandbox.exchange import Answer, Call
from sync.sandbox.manner import Arrival, Handler, Manner, Offer
from sync.sandbox.outcome import OutcomeError, refusal
from sync.sandbox.personality import answering, filing
from sync.sandbox.personality.capabilities import is_versioned, offer, shows, takes
from sync.sandbox.personality.conditions import stale, understood
from sync.sandbox.personality.limiter import Limiter
from sync.sandbox.personality.numbers import asked_for, in_body, in_details, numbered, told
from sync.sandbox.store import Store

_INTERACTIONS = {"POST": "create", "PUT": "update", "PATCH": "patch"}
_RESOURCE, _TYPE = "/{type}/{id}", "/{type}"
_GRANT = "client_credentials"
"""A vendor that names this says which grant it takes, and not how a client proves itself."""
_SHOWN = frozenset({_TYPE, "/{type}/_search", "/{type}/{id}/_history",
                    "/{type}/{id}/_history/{version}", "/{type}/{id}/$everything"})  # fmt: skip


class Product(Manner):
    """One product by its profile.

    `clock` turns its windows; `windows` replaces the profile's, for a quota that is not published.
    """

    system_interactions = ()
    numbers: ClassVar[Mapping[str, int]] = {}
    """Issue code → the product's own number, where it has numbers."""

    def __init__(
        self,
        profile: Profile,
        clock: Callable[[], datetime],
        windows: Sequence[Window] | None = None,
    ) -> None:
        self.profile = profile
        self.name = profile.name
        self.software = profile.software.value or f"{profile.name}, as the sandbox plays it"
        self.description = f"Not the product: {profile.description}"
        self.token_seconds = profile.token_ttl_s.value
        self.algorithms = profile.auth_algorithms.value or ALGORITHMS
        methods = (one for one in profile.auth_methods.value or () if one != _GRANT)
        self.auth_methods = tuple(methods) or Manner.auth_methods
        self._calls, self._lock = 0, threading.Lock()
        self.transforms = filing.transforms(profile)
        token = self.token_calls()
        self._limiter = Limiter(
            clock,
            profile.limits.windows if windows is None else windows,
            self.over,
            token_windows=() if token is None else (Window("minute", token),),
            token_over=self.token_over,
        )

    def limit(self, windows: Sequence[Window]) -> None:
        """Count calls by these windows from now on."""
        self._limiter.windows = tuple(windows)

    def offer(self, kind: str) -> Offer | None:
        """Return what its profile says that it advertises."""
        return offer(self.profile, kind)

    def admit(self, *, token: bool) -> None:
        """Count a request in its windows."""
        self._limiter.admit(token=token)

    def token_calls(self) -> int | None:
        """Return how many calls to the token endpoint it answers in a minute, where it says."""
        return self.profile.token_calls_per_minute.value

    def keys_unfit(self, jwks_url: str | None) -> str | None:
        """Refuse keys that do not stand where the product wants them."""
        hosted = self.profile.jwks_hosting.value
        if hosted == "url" and jwks_url is None:
            return "keys are taken from a registered JWKS URL alone"
        if hosted == "url-allow-listed" and not (jwks_url or "").startswith(OWN_KEYS):
            return "the JWKS URL is not on the list of those that are allowed"
        return None

    def over(self, window: Window, left: int) -> OutcomeError:
        """Return the refusal of a call too many, as the profile's failures tell of it."""
        del window
        for row in self.profile.failures.rows:
            if row.failure == Failure.THROTTLED and row.codes:
                return numbered(row, row.codes[0][0])
            if row.failure == Failure.THROTTLED and row.statuses:
                return refusal(row.statuses[0][0], "throttled", row.words, headers=self._wait(left))
        return refusal(429, "throttled", "too many requests", headers=self._wait(left))

    def token_over(self, window: Window, left: int) -> OutcomeError:
        """Return the refusal of a call too many to the token endpoint."""
        del window
        return refusal(429, "throttled", "too many token requests", headers=self._wait(left))

    def around(self, store: Store, path: str, method: str, handler: Handler) -> Handler:
        """Wrap writes and reads; what no product offers is refused."""
        return self._knowing(self._wrapped(store, path, method, self.searching(path, handler)))

    def searching(self, path: str, handler: Handler) -> Handler:
        """Return what answers searches in the product's way; `path` may be any other."""
        del path
        return handler

    def _knowing(self, handler: Handler) -> Handler:
        def answer(call: Call) -> Answer:
            kind = call.path.get("type")
            if kind is not None and not shows(self.profile, kind):
                raise refusal(404, "not-supported", "there is no such resource type here")
            return self._named(handler(call))

        return answer

    def _named(self, answer: Answer) -> Answer:
        """Return the answer with the header that names a call, where it has one."""
        header = self.profile.correlation_header.value
        if header in (None, "none"):
            return answer
        with self._lock:
            self._calls += 1
        return replace(answer, headers={**answer.headers, str(header): f"call-{self._calls}"})

    def _wrapped(self, store: Store, path: str, method: str, handler: Handler) -> Handler:
        if path in (_TYPE, _RESOURCE) and method in _INTERACTIONS:
            if (path, method) == (_TYPE, "PUT"):
                return _not_offered
            return self._writing(store, _INTERACTIONS[method], handler)
        if method == "DELETE" or path in ("/", "/_history", "/{type}/_history"):
            return _not_offered
        if "_history" in path and not is_versioned(self.profile):
            return _not_offered
        if path == _RESOURCE:
            return self._reading(store, handler)
        return self._showing(handler) if path in _SHOWN else handler

    def stored(self, resource: JsonObject, arrival: Arrival) -> JsonObject:
        """Return what it files: checked, transformed, and shaped by its module."""
        filing.check(self.profile, resource)
        return self.shaped(filing.filed(self.profile, self.transforms, resource, arrival), arrival)

    def refused(self, error: OutcomeError) -> Answer:
        """Return the answer in its dialect."""
        if self.profile.error_dialect.value == "numeric-detail":
            return in_details(error, self.numbers)
        return super().refused(error)

    def check(self, resource: JsonObject, interaction: str, store: Store) -> None:
        """Raise OutcomeError where a rule of the product's own forbids a write."""

    def shaped(self, resource: JsonObject, arrival: Arrival) -> JsonObject:
        """Return what else it makes of a resource than its profile's transforms say."""
        del arrival
        return resource

    def _wait(self, left: int) -> dict[str, str]:
        return {"Retry-After": str(left)} if self.profile.retry_after.value else {}

    def _writing(self, store: Store, interaction: str, handler: Handler) -> Handler:
        def write(call: Call) -> Answer:
            try:
                return self._written(self._write(store, interaction, handler, call), interaction)
            except OutcomeError as error:
                found = stale(self.profile, error)
                said = self._in_body(found)
                if said is None:
                    raise found from None
                return said

        return write

    def _write(self, store: Store, interaction: str, handler: Handler, call: Call) -> Answer:
        kind = call.path["type"]
        call.require(kind, "c" if interaction == "create" else "u")
        if not takes(self.profile, kind, interaction):
            raise refusal(405, "not-supported", f"{interaction} of this type is not supported")
        known = interaction == "create" or store.read(kind, call.path["id"]) is not None
        if not known:
            raise refusal(404, "not-found", "there is no such resource")
        resource = _peeked(call.body) if interaction != "patch" else None
        if resource is not None:
            asked = asked_for(resource, self.profile.failures)
            if asked is not None:
                raise asked
            self.check(resource, interaction, store)
        method = "POST" if interaction == "create" else "PUT"
        return handler(understood(self.profile, call, method))

    def _written(self, answer: Answer, interaction: str) -> Answer:
        if not is_versioned(self.profile):
            answer = answering.without_versions(answer)
        holds = self.profile.create_response.value
        if interaction == "create" and holds in ("location-only", "empty"):
            answer = replace(answer, body=b"")
        if interaction == "create" and holds == "empty":
            kept = {key: value for key, value in answer.headers.items() if key != "Location"}
            answer = replace(answer, headers=kept)
        if self.profile.failures.told_by_body:
            said = told(int(min(self.profile.failures.success)), "SUCCESS")
            answer = replace(answer, body=said.body, media_type=said.media_type)
        return answer

    def _in_body(self, error: OutcomeError) -> Answer | None:
        if self.profile.error_dialect.value != "numeric-status" and not (
            self.profile.failures.told_by_body
        ):
            return None
        return in_body(error, self.numbers)

    def _reading(self, store: Store, handler: Handler) -> Handler:
        shown = self._showing(handler)

        def read(call: Call) -> Answer:
            found = store.read(call.path["type"], call.path["id"])
            into = None if found is None else answering.survivor(parse_object(found.body, RESPONSE))
            how = self.profile.merged_patient.value
            if call.path["type"] != "Patient" or into is None or how in (None, "link"):
                return shown(call)
            call.require("Patient", "r")
            if how == "not-found":
                raise refusal(404, "not-found", "there is no such resource")
            raise self.merged(f"{call.base}/{into}")

        return read

    def merged(self, location: str) -> OutcomeError:
        """Return the redirect to the patient that a record was merged into."""
        words = "the record was merged into another"
        return refusal(301, "informational", words, headers={"Location": location})

    def _showing(self, handler: Handler) -> Handler:
        def show(call: Call) -> Answer:
            answer = handler(call)
            if self.profile.redacted_reads.value is True:
                answer = answering.each_resource(answer, answering.redacted_if_confidential)
            if not is_versioned(self.profile):
                answer = answering.without_versions(answer)
            return answer

        return show


def _not_offered(_call: Call) -> Answer:
    raise refusal(405, "not-supported", "this interaction is not supported")


def _peeked(body: bytes) -> JsonObject | None:
    """Return the resource that was sent; None where the sandbox is about to refuse it."""
    try:
        return parse_object(body, RESPONSE)
    except BadInput:
        return None
