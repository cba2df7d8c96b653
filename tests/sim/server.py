"""A model FHIR server that may be unfair, and whose own history says what was done to it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.canonical import JsonObject, parse_object
from core.digests import fingerprint
from core.ports import Fetched, Request, Response
from tests.fakes import _matches

BASE = "http://127.0.0.1:1/fhir"


@dataclass(frozen=True)
class Personality:
    """How a server departs from the plain one. Times are seconds."""

    name: str = "plain"
    update_create: bool = True
    racy_s: float = 0.0
    """How long after the check of a condition the write is stored, unchecked."""
    history_lag_s: float = 0.0
    """How long a version cannot be read by its number."""
    search_cache_s: float = 0.0
    late_s: float = 0.0
    """How late some writes are stored, after the client gave up."""
    normalises: bool = False
    patch_ignores_if_match: bool = False
    half_transactions: bool = False
    """A transaction is carried out entry by entry, whatever of it fails, and answered with 200."""
    noop_keeps_version: bool = False
    merges: bool = False
    """One of its patients is merged into another during the run."""
    opaque_versions: bool = False
    deletes: bool = False
    """Somebody deletes some of what is created, soon after."""


PERSONALITIES = {
    one.name: one
    for one in (
        Personality(),
        Personality("post-only", update_create=False),
        Personality("racy", update_create=False, racy_s=0.4),
        Personality("late-commit", late_s=25.0),
        Personality("stale-history", history_lag_s=60.0),
        Personality("search-cache", update_create=False, search_cache_s=60.0),
        Personality("normaliser", normalises=True),
        Personality("patch-unconditional", patch_ignores_if_match=True),
        Personality("half-transaction", half_transactions=True),
        Personality("noop-keeps-version", noop_keeps_version=True),
        Personality("merged-patient", merges=True),
        Personality("opaque-versions", opaque_versions=True),
        Personality("deleting", deletes=True),
    )
}


def takes_pairs(personality: Personality) -> bool:
    """Tell whether a probe would find that transactions are safe there."""
    return not (personality.half_transactions or personality.racy_s)


class Moved(Exception):
    """The patient was merged: the server answers with a redirect."""


@dataclass(frozen=True)
class Commit:
    """One version that the server stored."""

    at: float
    reference: str
    version: str
    by: str
    body: bytes
    """As it arrived; empty for what was not sent to it as a request."""
    base: str | None
    """The version before it, None for a new resource."""
    same: bool
    """Equal in content to the version before: nothing was changed in the chart."""
    send: int = 0
    """Which request of a sender it was; what the network delivers twice bears the same number."""


@dataclass(frozen=True)
class Stored:
    resource: JsonObject
    version: str
    at: float


@dataclass
class Server:
    """The state of one server; `now` is the virtual time."""

    now: Callable[[], float]
    personality: Personality = field(default_factory=Personality)
    chains: dict[str, list[Stored]] = field(default_factory=dict)
    log: list[Commit] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)
    """References that answer with a redirect."""
    deleted: set[str] = field(default_factory=set)
    """References that were deleted; a PUT brings them back."""
    _cached: dict[str, tuple[float, list[Stored]]] = field(default_factory=dict)
    _made: int = 0
    sends: int = 0
    """How many requests were given to the network."""
    send: int = 0
    """The one of them that arrives now."""

    def copy(self, now: Callable[[], float], personality: Personality) -> Server:
        """Return a server with the same content and a life of its own."""
        chains = {reference: list(chain) for reference, chain in self.chains.items()}
        return Server(
            now, personality, chains, list(self.log), set(self.moved), set(self.deleted), {},
            self._made,
        )  # fmt: skip

    def current(self, reference: str) -> Stored | None:
        chain = self.chains.get(reference)
        return chain[-1] if chain and reference not in self.deleted else None

    def delete(self, reference: str) -> None:
        """Delete what stands there, by another's hand; its versions stay."""
        self.deleted.add(reference)

    def gone(self, reference: str) -> bool:
        return reference in self.deleted

    def read(self, reference: str, version: str | None = None) -> Fetched | None:
        if reference in self.moved:
            raise Moved
        for stored in reversed(self.chains.get(reference, [])):
            if version is None and reference in self.deleted:
                return None
            if version is None:
                return Fetched(stored.resource, stored.version)
            if stored.version == version:
                young = self.now() < stored.at + self.personality.history_lag_s
                return None if young else Fetched(stored.resource, stored.version)
        return None

    def search(self, type_: str, parameters: Mapping[str, str]) -> Sequence[Fetched]:
        key = f"{type_}?{sorted(parameters.items())}"
        cached = self._cached.get(key)
        if cached is None or self.now() >= cached[0] + self.personality.search_cache_s:
            found = [
                chain[-1]
                for reference, chain in self.chains.items()
                if reference.startswith(type_ + "/")
                and reference not in self.deleted
                and all(_matches(chain[-1].resource, *item) for item in parameters.items())
            ]
            cached = (self.now(), found)
            self._cached[key] = cached
        return [Fetched(stored.resource, stored.version) for stored in cached[1]]

    def put(self, resource: Mapping[str, Any], by: str = "other", body: bytes = b"") -> Stored:
        """Store a version without any condition."""
        reference = f"{resource['resourceType']}/{resource['id']}"
        chain = self.chains.setdefault(reference, [])
        version = self._version(reference, len(chain) + 1)
        meta = {**resource.get("meta", {}), "versionId": version}
        meta["lastUpdated"] = f"2026-11-23T08:00:00.{len(self.log) % 1000:03}Z"
        whole = {**resource, "meta": meta}
        if self.personality.normalises and body:
            # What HAPI does by default; the clinical content stays.
            whole["meta"] = {**meta, "source": f"#{len(self.log):x}"}
        before = self.current(reference)
        self.deleted.discard(reference)
        same = before is not None and fingerprint(before.resource) == fingerprint(whole)
        if same and before is not None and self.personality.noop_keeps_version:
            return before
        stored = Stored(whole, version, self.now())
        chain.append(stored)
        base = None if before is None else before.version
        self.log.append(Commit(self.now(), reference, version, by, body, base, same, self.send))
        return stored

    def judge(self, request: Request) -> Response | None:
        """Return the refusal of a write, or the match of a conditional create; None to store."""
        reference = f"{request.type}/{request.id}"
        if reference in self.moved:
            return Response(308, None, None, None)
        held = self.current(reference) if request.id else None
        matched = request.headers.get("If-Match")
        unchecked = request.method == "PATCH" and self.personality.patch_ignores_if_match
        if matched and not unchecked and (held is None or matched != f'W/"{held.version}"'):
            return Response(412, None, None, None, ("conflict",))
        if request.headers.get("If-None-Match") == "*" and held is not None:
            return Response(412, None, None, None, ("conflict",))
        condition = request.headers.get("If-None-Exist")
        if condition:
            key, _, value = condition.partition("=")
            # The server's own uniqueness check reads its table, not its search cache.
            for ref, chain in self.chains.items():
                there = ref.startswith(request.type + "/") and ref not in self.deleted
                if there and _matches(chain[-1].resource, key, value):
                    return Response(200, chain[-1].version, ref, chain[-1].resource)
        return None

    def store(self, request: Request, by: str = "gateway") -> Response:
        """Store a write whose conditions were judged."""
        resource = parse_object(request.body)
        if request.method == "PATCH":
            held = self.current(f"{request.type}/{request.id}")
            assert held is not None
            resource = {**held.resource, **resource}
        if request.id is None:
            self._made += 1
            resource = {**resource, "id": f"made-{self._made}"}
        stored = self.put(resource, by, request.body)
        reference = f"{resource['resourceType']}/{resource['id']}"
        created = 201 if len(self.chains[reference]) == 1 else 200
        return Response(created, stored.version, reference, stored.resource)

    def transact(self, requests: Sequence[Request]) -> tuple[int, list[Response]]:
        """Carry out a transaction: all or nothing, unless the personality is half a one."""
        kept = {reference: list(chain) for reference, chain in self.chains.items()}
        logged, answers = len(self.log), []
        for request in requests:
            refused = self.judge(request)
            half = self.personality.half_transactions
            if refused is not None and refused.status != 200 and not half:
                self.chains = kept
                del self.log[logged:]
                return refused.status, []
            answers.append(refused or self.store(request))
        return 200, answers

    def pair(self, request: Request) -> Response:
        """Carry out a write with another beside it, and answer as a client understands it."""
        assert request.beside is not None
        status, answers = self.transact([request, request.beside])
        if not answers:
            return Response(status, None, None, None, ("conflict",))
        return replace(answers[0], beside=answers[1].status)

    def _version(self, reference: str, number: int) -> str:
        if not self.personality.opaque_versions:
            return str(number)
        return hashlib.sha256(f"{reference}/{number}".encode()).hexdigest()[:12]
