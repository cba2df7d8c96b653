"""An agent of its own and a hub in memory, for tests of the way through the hub."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.adoption import adopt
from core.canonical import RESPONSE, JsonObject, Number, encode, parse_object
from core.errors import Refused, Unreachable
from core.hub.task import proposal_task
from core.ports_hub import Held, Lost, Page
from core.statement import Statement, sign
from sync.hub.admission import Quota
from sync.hub.engine import Engine
from sync.hub.report import Report
from sync.keys.ring import Ed25519Signer
from tests.builders import Bench, proposal
from tests.fakes import START


def new_signer() -> Ed25519Signer:
    return Ed25519Signer(Ed25519PrivateKey.generate())


def enrol(bench: Bench, agent: str, signer: Ed25519Signer) -> None:
    """Put an agent's key into the roster in force, as its admin would."""
    text = bench.ledger.config("roster").document
    key = f'{{kid = "{signer.kid}", x = "{signer.x}"}}'
    adopt(bench.workspace, "roster", f'{text}\n[[agents]]\nid = "{agent}"\nkeys = [{key}]\n')


@dataclass
class HubAgent:
    """An agent with its own key."""

    id: str = "scribe-1"
    signer: Ed25519Signer = field(default_factory=new_signer)
    team: str = "solo"
    count: int = 0

    def document(self, **overrides: Any) -> dict[str, Any]:
        self.count += 1
        given = {"agent": {"id": self.id, "model": "model-a@1", "prompt": "intake@3"}}
        return proposal(**{**given, "correlation_id": f"h-{self.count}", **overrides})

    def statement(self, document: Mapping[str, Any], **envelope: Any) -> Statement:
        payload: JsonObject = {
            "v": Number("1"),
            "team": self.team,
            "id": f"{self.count:08x}-1111-4111-8111-000000000000",
            "at": "2026-11-23T09:00:00.000Z",
            **envelope,
            **parse_object(json.dumps(document).encode(), RESPONSE),
        }
        return sign("proposal", payload, self.signer)

    def task(self, document: Mapping[str, Any] | None = None, **envelope: Any) -> JsonObject:
        found = self.document() if document is None else document
        return proposal_task(
            found["agent"]["id"],
            found["correlation_id"],
            self.statement(found, **envelope).text,
            "2026-11-23T09:00:00Z",
        )


@dataclass
class FakeHub:
    """A hub in memory: versions and If-Match, pages of three; and faults.

    `fail_at` makes the nth call fail; `before_put` runs between a read and its PUT.
    """

    name: str = "hub"
    tasks: dict[str, list[JsonObject]] = field(default_factory=dict)
    provenances: dict[str, list[JsonObject]] = field(default_factory=dict)
    libraries: dict[str, list[JsonObject]] = field(default_factory=dict)
    now: datetime = START
    fail_at: int | None = None
    down: bool = False
    refuses: bool = False
    lose_answer: bool = False
    before_put: Callable[[str], None] = lambda _reference: None
    calls: int = 0
    puts: int = 0
    asked: list[tuple[str, datetime | None]] = field(default_factory=list)
    page: int = 3
    vreads: bool = True
    lags: int = 0
    """How many of the newest versions the history does not list yet."""
    opaque: bool = False
    """Versions that are no numbers."""

    def post(self, resource: JsonObject) -> str:
        kind = str(resource["resourceType"])
        shelf = self._shelf(kind)
        reference = f"{kind}/{len(shelf) + 1}"
        shelf[reference] = []
        self.store(reference, resource)
        return reference

    def store(self, reference: str, resource: JsonObject) -> None:
        """Store a next version by anybody's hand."""
        self.now += timedelta(seconds=1)
        kind, _, id_ = reference.partition("/")
        chain = self._shelf(kind)[reference]
        number = str(len(chain) + 1)
        meta = {
            "versionId": f"v{number}" if self.opaque else number,
            "lastUpdated": self.now.isoformat(),
        }
        chain.append({**resource, "id": id_, "meta": meta})

    def current(self, reference: str) -> JsonObject:
        return self._shelf(reference.partition("/")[0])[reference][-1]

    def remove(self, reference: str) -> None:
        del self._shelf(reference.partition("/")[0])[reference]

    async def changed(self, type_: str, since: datetime | None) -> AsyncIterator[Page]:
        self.asked.append((type_, since))
        at = self.now
        found = [
            _held(reference, chain[-1])
            for reference, chain in self._shelf(type_).items()
            if since is None or datetime.fromisoformat(chain[-1]["meta"]["lastUpdated"]) >= since
        ]
        for start in range(0, max(len(found), 1), self.page):
            self._call()
            yield Page(found[start : start + self.page], at)

    async def listed(self, type_: str) -> Mapping[str, str]:
        self._call()
        return {ref: chain[-1]["meta"]["versionId"] for ref, chain in self._shelf(type_).items()}

    async def read(self, reference: str) -> Held | None:
        self._call()
        chain = self._shelf(reference.partition("/")[0]).get(reference)
        return None if chain is None else _held(reference, chain[-1])

    async def replace(self, held: Held, resource: JsonObject) -> None:
        self.before_put(held.reference)
        self._call()
        if self.refuses:
            raise Refused("the hub does not take it")
        if self.current(held.reference)["meta"]["versionId"] != held.version:
            raise Lost
        self.store(held.reference, resource)
        self.puts += 1
        if self.lose_answer:
            raise Unreachable("the answer was lost")

    async def create(self, resource: JsonObject) -> str:
        self._call()
        reference = self.post(resource)
        if self.lose_answer:
            raise Unreachable("the answer was lost")
        return reference

    async def about(self, reference: str) -> list[Held]:
        self._call()
        return [
            _held(name, chain[-1])
            for name, chain in self.provenances.items()
            if {"reference": reference} in chain[-1]["target"]
        ]

    async def version(self, reference: str, version: str) -> Held | None:
        self._call()
        found = self._versions(reference)
        return next((one for one in found if self.vreads and one.version == version), None)

    async def history(self, reference: str) -> list[Held]:
        self._call()
        found = self._versions(reference)
        return found[: len(found) - self.lags]

    def _versions(self, reference: str) -> list[Held]:
        chain = self._shelf(reference.partition("/")[0]).get(reference, [])
        return [_held(reference, one) for one in chain]

    def _call(self) -> None:
        self.calls += 1
        if self.down or self.calls == self.fail_at:
            raise Unreachable("the hub is down")

    def _shelf(self, kind: str) -> dict[str, list[JsonObject]]:
        shelves = {"Task": self.tasks, "Library": self.libraries}
        return shelves.get(kind, self.provenances)


def _held(reference: str, resource: JsonObject) -> Held:
    version = resource["meta"]["versionId"]
    return Held(resource, reference, version, len(encode(resource)))


@dataclass
class Desk:
    """A workspace, its hub and one enrolled agent."""

    bench: Bench
    hub: FakeHub = field(default_factory=FakeHub)
    agent: HubAgent = field(default_factory=HubAgent)
    quota: Quota = field(default_factory=Quota)

    def __post_init__(self) -> None:
        enrol(self.bench, self.agent.id, self.agent.signer)

    async def pull(self, **options: Any) -> Report:
        engine = self.engine(**options)
        await engine.pull()
        return engine.report

    async def sync(self, **options: Any) -> Report:
        engine = self.engine(**options)
        await engine.pull()
        await engine.push()
        return engine.report

    def engine(self, **options: Any) -> Engine:
        given = {"quota": self.quota, **options}
        return Engine(self.bench.workspace, self.hub, self.bench.connection, **given)
