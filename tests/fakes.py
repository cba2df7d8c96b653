"""Fakes behind the ports; above them runs the true code."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from core.canonical import JsonObject, parse_object
from core.clock import Bounds, bounds
from core.consent import Asked
from core.errors import Unreachable
from core.grounding import belongs_to, source_facts
from core.ports import Capability, Ehr, Fetched, NotSent, OutcomeUnknown, Request, Response

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class LoneClock(ABC):
    """What a clock has beside its time: it hears of no other."""

    @abstractmethod
    def now(self) -> datetime: ...

    def bounds(self) -> Bounds:
        return bounds(self.now(), {})

    def hear(self, source: str, told: datetime) -> None:
        del source, told


class FakeClock(LoneClock):
    """A clock that moves only when told; `offsets` is what other sources are off by."""

    def __init__(self, start: datetime = START):
        self.time = start
        self.offsets: dict[str, timedelta] = {}

    def bounds(self) -> Bounds:
        return bounds(self.time, self.offsets)

    def now(self) -> datetime:
        return self.time

    def advance(self, **span: float) -> None:
        self.time += timedelta(**span)


class FakeIds:
    """Identifiers that count."""

    def __init__(self) -> None:
        self.count = 0

    def uuid(self) -> str:
        self.count += 1
        return f"{self.count:08x}-0000-4000-8000-000000000000"

    def nonce(self) -> str:
        self.count += 1
        return f"{self.count:032x}"


@dataclass
class FakeGrant:
    scope: str
    living: bool = True

    def alive(self) -> bool:
        return self.living


@dataclass
class FakeRead:
    said: str
    at: datetime

    def answer(self, asked: Asked) -> str:
        return self.said


class FakeConsents:
    """Answers what it is told to; `reads` counts the searches, `error` is what they raise."""

    def __init__(self, answer: str = "not-read:permit"):
        self.answer = answer
        self.error: Exception | None = None
        self.reads = 0

    async def read(self, ehr: Ehr, patient: str, *, fresh: bool = False) -> FakeRead:
        self.reads += 1
        if self.error is not None:
            raise self.error
        return FakeRead(self.answer, START)


@dataclass
class FakeEhr:
    """A FHIR server in memory: versions, If-Match, If-None-Match, If-None-Exist; and faults.

    `faults` are taken one a write: `not-sent`, `lost-request`, `lost-response`, a status,
    or a whole answer.
    """

    name: str = "sandbox"
    base_url: str = "http://127.0.0.1:1/fhir"
    versions: dict[str, list[JsonObject]] = field(default_factory=dict)
    faults: list[str | int | Response] = field(default_factory=list)
    down: bool = False
    update_create: bool = True
    unsearchable: frozenset[str] = frozenset()
    """Types that it offers no search for."""
    unsearched: frozenset[str] = frozenset()
    """Types whose search does not answer."""
    searched: list[str] = field(default_factory=list)
    """The types that were searched, in order."""
    sent: list[Request] = field(default_factory=list)
    gone: dict[str, list[JsonObject]] = field(default_factory=dict)
    """What was deleted."""
    before_bytes: Callable[[], None] = lambda: None
    transform: Callable[[JsonObject], JsonObject] = lambda resource: resource

    def put(self, resource: Mapping[str, Any]) -> None:
        """Store a new version by another's hand."""
        reference = f"{resource['resourceType']}/{resource['id']}"
        chain = self.versions.setdefault(reference, [])
        meta = {**resource.get("meta", {}), "versionId": str(len(chain) + 1)}
        meta["lastUpdated"] = f"2026-11-23T08:00:{len(chain):02}.000Z"
        chain.append({**resource, "meta": meta})

    def current(self, reference: str) -> JsonObject:
        return self.versions[reference][-1]

    async def deleted(self, reference: str) -> bool:
        self._up()
        return reference in self.gone and reference not in self.versions

    def delete(self, reference: str) -> None:
        """Delete it by another's hand; a PUT brings it back."""
        self.gone[reference] = self.versions.pop(reference)

    async def read(self, reference: str, version: str | None = None) -> Fetched | None:
        self._up()
        chain = self.versions.get(reference, [])
        for resource in reversed(chain):
            if version in (None, resource["meta"]["versionId"]):
                return Fetched(resource, resource["meta"]["versionId"])
        return None

    async def search(self, type_: str, parameters: Mapping[str, str]) -> Sequence[Fetched]:
        self._up()
        self.searched.append(type_)
        if type_ in self.unsearched:
            raise Unreachable("the search did not answer")
        found = [chain[-1] for ref, chain in self.versions.items() if ref.startswith(type_ + "/")]
        return [
            Fetched(item, item["meta"]["versionId"])
            for item in found
            if all(_matches(item, key, value) for key, value in parameters.items())
        ]

    async def capability(self, type_: str) -> Capability:
        self._up()
        return Capability(
            True, True, self.update_create, True, True, type_ not in self.unsearchable
        )

    async def grant(self, scope: str) -> FakeGrant:
        self._up()
        return FakeGrant(scope)

    async def send(
        self, request: Request, grant: FakeGrant, before_first_byte: Callable[[], None]
    ) -> Response:
        fault = self.faults.pop(0) if self.faults else None
        if fault == "not-sent" or self.down:
            raise NotSent
        self.before_bytes()
        before_first_byte()
        self.sent.append(request)
        if fault == "lost-request":
            raise OutcomeUnknown
        if isinstance(fault, int):
            return Response(fault, None, None, None)
        if isinstance(fault, Response):
            return fault
        response = self._commit(request)
        if fault == "lost-response":
            raise OutcomeUnknown
        return response

    def _up(self) -> None:
        if self.down:
            raise Unreachable("the EHR is down")

    def _commit(self, request: Request) -> Response:
        """Store a write; with another beside it both or neither."""
        kept = {reference: list(chain) for reference, chain in self.versions.items()}
        one = self._store(request)
        if request.beside is None or one.status >= 400:
            return one
        other = self._store(request.beside)
        if other.status >= 400:
            self.versions = kept
            return other
        return replace(one, beside=other.status)

    def _store(self, request: Request) -> Response:
        resource = self.transform(parse_object(request.body))
        id_ = request.id or f"new-{len(self.versions)}"
        reference = f"{request.type}/{id_}"
        chain = self.versions.get(reference, [])
        matched = request.headers.get("If-Match")
        if matched and (not chain or matched != f'W/"{chain[-1]["meta"]["versionId"]}"'):
            return Response(412, None, None, None, ("conflict",))
        if request.headers.get("If-None-Match") == "*" and chain:
            return Response(412, None, None, None, ("conflict",))
        condition = request.headers.get("If-None-Exist")
        if condition:
            pairs = [part.split("=", 1) for part in condition.split("&")]
            for ref, known in self.versions.items():
                if ref.startswith(request.type + "/") and all(
                    _matches(known[-1], key, value) for key, value in pairs
                ):
                    return Response(200, known[-1]["meta"]["versionId"], ref, known[-1])
        self.put({**resource, "id": id_})
        stored = self.versions[reference][-1]
        return Response(201, stored["meta"]["versionId"], reference, stored)


def _matches(resource: JsonObject, key: str, value: str) -> bool:
    if key == "identifier":
        system, _, wanted = value.partition("|")
        return any(
            item.get("system") == system and item.get("value") == wanted
            for item in resource.get("identifier", [])
        )
    if key == "patient":
        return belongs_to(resource, value)
    if key in ("code", "type"):
        codings = resource.get(key, {}).get("coding", [])
        return any(f"{one.get('system')}|{one['code']}" in value.split(",") for one in codings)
    if key in ("date", "recorded-date"):
        return bool(source_facts(resource).date >= value.removeprefix("ge"))
    if key == "recorded":
        return bool(resource.get("recorded") == value)
    if key == "target":
        return any(item.get("reference") == value for item in resource.get("target", []))
    if key == "_count":
        return True
    if key == "_id":
        return resource["id"] in value.split(",")
    if key == "_lastUpdated":
        updated = datetime.fromisoformat(resource["meta"]["lastUpdated"])
        return updated >= datetime.fromisoformat(value.removeprefix("ge"))
    raise AssertionError(f"the fake does not search by {key}")
