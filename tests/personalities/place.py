"""A workspace of a profile against a personality, in one process; nothing waits, nothing is random.

The workspace starts with what `init --profile NAME` adopts, but for the policy and the agents that
a site writes itself: the sample policy, which takes creates that nothing fences where the EHR can
only be searched.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from core.canonical import JsonObject, exact, parse_object
from core.gateway.run import run_once
from core.intake.stage import stage
from core.policy import sample_policy
from core.records import ChangeRow
from core.review.decide import Answer, decide
from core.workspace import Workspace
from sync.fhir import FhirClient
from sync.fhir.tokens import NoAuth, TokenSource
from sync.keys.ring import KeyRing, generate
from sync.sandbox import BASE_URL, InProcessTransport, Sandbox
from sync.sandbox.manner import Manner
from sync.store.connection import connect, migrate
from sync.store.ledger import StoreLedger
from sync.workspace.create import establish, starting_config
from sync.workspace.documents import SAMPLE_AGENTS, roster_text, starting_documents
from tests.builders import document, proposal
from tests.fakes import FakeClock, FakeConsents, FakeIds

REVIEWER = "dr-lee"
ROUNDS = 3
TOKEN_URL = "http://127.0.0.1/token"
_STATEMENTS: dict[str, Any] = {}
_CLINICIAN = 'id = "clinician"\nroles = ["physician", "nurse"]\n'
_TYPES = 'types = ["Condition", "Observation", "DocumentReference"]'
_PATHS = 'paths = ["Condition.*", "Observation.*", "DocumentReference.*"]'
_MORE = ("Appointment", "Task", "QuestionnaireResponse")


def policy(ehr: str) -> str:
    """Return the sample policy with three more types, and creates that nothing fences."""
    text = sample_policy(ehr)
    for old, new in (
        (_CLINICIAN, f"{_CLINICIAN}unfenced = true\n"),
        (_TYPES, _TYPES[:-1] + "".join(f', "{one}"' for one in _MORE) + "]"),
        (_PATHS, _PATHS[:-1] + "".join(f', "{one}.*"' for one in _MORE) + "]"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


@dataclass
class Place:
    """A workspace, the sandbox that it writes to, and the clock of both."""

    ehr: str
    sandbox: Sandbox
    manner: Manner
    client: FhirClient
    clock: FakeClock
    ids: FakeIds
    ring: KeyRing
    ledger: StoreLedger
    connection: Any
    epoch: int
    asked: int = 0

    @property
    def workspace(self) -> Workspace:
        return Workspace(
            team="solo", reviewer=REVIEWER, ledger=self.ledger, keys=self.ring, clock=self.clock,
            ids=self.ids, ehrs={self.ehr: self.client}, consents=FakeConsents(),
        )  # fmt: skip

    async def propose(self, change: dict[str, Any]) -> Any:
        """Stage one change; return what intake said."""
        self.asked += 1
        asked = proposal(change, ehr=self.ehr, evidence=[], correlation_id=f"c-{self.asked}")
        return await stage(self.workspace, document(asked))

    def approve(self, id_: str) -> None:
        decide(self.workspace, id_, 0, Answer("approve", seen=self.change(id_).change_digest))

    def change(self, id_: str) -> ChangeRow:
        found = self.ledger.change(id_, 0)
        assert found is not None
        return found

    async def run(self, rounds: int = ROUNDS, *, minutes: int = 5) -> None:
        """Run the gateway a few times, with time to settle after each."""
        for _ in range(rounds):
            await run_once(self.workspace, self.epoch)
            self.clock.advance(minutes=minutes)

    def current(self, kind: str) -> list[JsonObject]:
        """Return the current version of every resource of a type that the server really holds."""
        store = self.sandbox.store
        with store._lock:
            rows = store._connection.execute(
                "SELECT v.body FROM current c JOIN version v ON v.type = c.type AND v.id = c.id"
                " AND v.version = c.version WHERE c.type = ? ORDER BY v.seq",
                (kind,),
            ).fetchall()
        return [parse_object(row[0]) for row in rows]


def connected(name: str, sandbox: Sandbox, clock: FakeClock, *, tokens: bool) -> FhirClient:
    """Return a client as a process that has just begun has it: without any token."""
    transport = InProcessTransport(sandbox.app)
    if not tokens:
        return FhirClient(name, BASE_URL, NoAuth(), NoAuth(), transport=transport)
    issued = {one.plane: one for one in sandbox.issue_clients()}

    def source(plane: str) -> TokenSource:
        one = issued[plane]
        return TokenSource(
            one.client_id, one.private_jwk, TOKEN_URL, clock=clock, new_id=lambda: str(uuid4()),
            transport=InProcessTransport(sandbox.app),
            monotonic=lambda: clock.now().timestamp(),
        )  # fmt: skip

    return FhirClient(name, BASE_URL, source("read"), source("write"), transport=transport)


@asynccontextmanager
async def opened(
    folder: Path,
    profile: str,
    manner: Manner,
    clock: FakeClock,
    chart: Sequence[dict[str, Any]],
    *,
    tokens: bool = False,
) -> AsyncIterator[Place]:
    """Open a new workspace of `profile` against a sandbox with these ways and this chart.

    With `tokens` the sandbox wants them, and the workspace gets them at its token endpoint.
    """
    ids = FakeIds()
    connection = connect(folder / "store.db", None)
    migrate(connection)
    ring = generate()
    ledger = StoreLedger(connection, clock, ring.checkpoint_key)
    config = starting_config(
        ehr_url=BASE_URL, token_url=None, profile=profile, clients={}, reviewer=REVIEWER,
        team="solo",
    )  # fmt: skip
    documents = replace(
        starting_documents(profile, REVIEWER, ring),
        policy=policy(profile),
        roster=roster_text(REVIEWER, ring, SAMPLE_AGENTS),
    )
    establish(ledger, ring, config, documents, ids)
    connection.execute("INSERT INTO lease (name, epoch) VALUES ('gateway', 1)")
    numbers = iter(range(1, 10_000))
    with Sandbox(
        clock=clock.now, new_id=lambda: f"made-{next(numbers)}", no_auth=not tokens, manner=manner
    ) as sandbox:
        sandbox.seed(exact(list(chart)))
        async with connected(profile, sandbox, clock, tokens=tokens) as client:
            # The statement is long to read, and the same in each workspace.
            client._capabilities = _STATEMENTS.get(manner.name)
            await client.capability("Patient")
            _STATEMENTS[manner.name] = client._capabilities
            yield Place(profile, sandbox, manner, client, clock, ids, ring, ledger, connection, 1)
    connection.close()
