"""What every run starts from: a workspace of three reviewers and staged proposals, made once."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.consent.chart import ChartConsents
from core.intake.stage import stage
from core.ports import Clock, Ehr, Ledger
from core.statement import thumbprint
from core.workspace import Workspace
from sync.keys.ring import Ed25519Signer, KeyRing
from sync.profiles import load_profile
from sync.workspace.create import establish, starting_config
from sync.workspace.documents import starting_documents
from tests.builders import NOTE, PATIENT, document, exact_object, problem_of, proposal
from tests.fakes import START, FakeIds, LoneClock
from tests.sim.chance import Chance, Dice
from tests.sim.ledger import Book, Hooks, MemoryLedger
from tests.sim.life import Life, Points
from tests.sim.loop import VirtualLoop, run
from tests.sim.network import CALM, Wire
from tests.sim.server import PERSONALITIES, Personality, Server

REVIEWERS = ("dr-lee", "reviewer-2", "reviewer-3")
INTRUDER = "intruder"
PATIENTS = ("Patient/example", "Patient/other")
ROLES = {"reviewer-2": ("physician", "coordinator"), "reviewer-3": ("nurse", "coordinator")}

MEDICATION: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "status": "draft",
    "intent": "proposal",
    "medicationCodeableConcept": {"text": "lisinopril 10 mg"},
    "subject": {"reference": "Patient/other"},
}


class SimClock(LoneClock):
    """The virtual time as a date."""

    def __init__(self, loop: VirtualLoop):
        self._loop = loop

    def now(self) -> datetime:
        return START + timedelta(seconds=self._loop.time())


def _signer(name: str) -> Ed25519Signer:
    secret = hashlib.sha256(f"countersign simulator {name}".encode()).digest()
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(secret))


@functools.cache
def ring(person: str) -> KeyRing:
    """Return the keys at one person's terminal; the workspace's own are everybody's."""
    shared = {name: _signer(name) for name in ("submitter", "gateway", "checkpoint")}
    pepper = hashlib.sha256(b"countersign simulator pepper").digest()
    return KeyRing({"reviewer": _signer(person), **shared}, pepper)


def roster() -> str:
    """Return the roster of three people, the first with every role."""
    text = starting_documents("sandbox", "dr-lee", ring("dr-lee")).roster
    for person, roles in ROLES.items():
        key = ring(person).signer("reviewer")
        assert thumbprint(key.x) == key.kid
        named = ", ".join(f'"{role}"' for role in roles)
        text += f'\n[[people]]\nid = "{person}"\nroles = [{named}]\n'
        text += f'[[people.keys]]\nkid = "{key.kid}"\nx = "{key.x}"\n'
    return text


def found(ledger: Any) -> None:
    """Open a new ledger and adopt the documents."""
    keys = ring("dr-lee")
    config = starting_config(
        ehr_url="http://127.0.0.1:1/fhir", token_url=None, profile="sandbox", clients={},
        reviewer="dr-lee", team="solo",
    )  # fmt: skip
    # The model server lies far away: what is known of any server, not of the sandbox.
    documents = replace(
        starting_documents("sandbox", "dr-lee", keys),
        roster=roster(), profile=load_profile("generic-r4"),
    )  # fmt: skip
    establish(ledger, keys, config, documents, FakeIds())


def chart(server: Server) -> None:
    """Put two patients and the note into the server."""
    for resource in (PATIENT, {**PATIENT, "id": "other", "birthDate": "1950-05-05"}, NOTE):
        server.put(exact_object(resource))


def proposals() -> list[dict[str, Any]]:
    """Return what the agents ask for: two changes of one patient, creates, one with a quorum."""
    phone = {"op": "replace", "path": "/telecom/1/value", "value": "555 0199"}
    address = {"op": "add", "path": "/address", "value": [{"city": "Springfield"}]}
    other = {"op": "replace", "path": "/telecom/0/value", "value": "555 0177"}
    base = {"op": "update", "base_version": "1"}
    return [
        proposal({**base, "target": PATIENTS[0], "patch": [phone]}, correlation_id="phone"),
        proposal(problem_of("59621000"), correlation_id="problem", evidence=[]),
        proposal(
            {**base, "target": PATIENTS[0], "patch": [address]},
            correlation_id="address",
            evidence=[],
            agent={"id": "front-desk-1", "model": "model-b@2", "prompt": "desk@1"},
        ),
        proposal(
            {**base, "target": PATIENTS[1], "patch": [other]},
            {"op": "create", "resource": MEDICATION, "depends_on": [0]},
            correlation_id="other",
            evidence=[],
            patient=PATIENTS[1],
        ),
    ]


def workspace(
    person: str, ledger: Ledger, clock: Clock, ids: Any, ehr: Ehr, consents: Any = None
) -> Workspace:
    """Return one process's workspace."""
    return Workspace(
        team="solo", reviewer=person, ledger=ledger, keys=ring(person), clock=clock, ids=ids,
        ehrs={"sandbox": ehr}, consents=consents or ChartConsents(ledger, clock),
    )  # fmt: skip


@dataclass(frozen=True)
class Template:
    """A workspace with everything staged, and the server as it then is."""

    book: Book
    server: Server


def stage_all(ledger: Any, loop: VirtualLoop, server: Server) -> None:
    """Stage every proposal over a network without faults, on the versions that are there."""
    life = Life("agent", Chance(Dice(0), "agent"), Points(), 0, lambda _life, _entry: None)
    ehr = Wire(loop, server, life, CALM)
    opened = workspace("dr-lee", ledger, SimClock(loop), FakeIds(), ehr)

    async def work() -> None:
        for one in proposals():
            for change in one["changes"]:
                if change["op"] == "update":
                    change["base_version"] = server.current(change["target"]).version
            staged = await stage(opened, document(one))
            assert staged.outcome == "review", staged.reasons

    run(loop, work())


@functools.cache
def template(personality: str) -> Template:
    """Return the template for one server; only what shapes the staged bytes tells them apart."""
    kind = PERSONALITIES[personality]
    return _template(kind.update_create, kind.opaque_versions)


@functools.cache
def _template(update_create: bool, opaque: bool) -> Template:
    loop = VirtualLoop(0)
    plain = Personality(update_create=update_create, opaque_versions=opaque)
    server = Server(loop.time, plain)
    chart(server)
    book = Book(ring("dr-lee").signer("checkpoint").kid)
    ledger = MemoryLedger(book, SimClock(loop), Hooks())
    found(ledger)
    stage_all(ledger, loop, server)
    return Template(book, server)


__all__ = ["INTRUDER", "REVIEWERS", "Template", "ring", "template", "workspace"]
