"""Every cell of role, route, state and act: changes in every state, people of every role."""

from __future__ import annotations

import asyncio
import copy
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from core.adoption import adopt
from core.canonical import JsonObject, encode
from core.hub.receive import quarantine
from core.incident.freeze import declare
from core.incident.incidents import Declaration, declare_incident
from core.intake.stage import Origin, stage
from core.ledger.event import Event
from core.lifecycle import TRANSITIONS, State
from core.policy import sample_policy
from core.records import ChangeRow
from core.review.asking import UNFOUND
from core.review.content import read_content
from core.review.decide import Answer, about, decide
from core.review.edit import editable
from core.review.permissions import Case, Who
from core.workspace import Workspace
from sync.keys.ring import Ed25519Signer, KeyRing, generate
from sync.store.ledger import StoreLedger, StoreTransaction
from tests.builders import (
    PATIENT,
    Bench,
    document,
    exact_object,
    phone_change,
    problem_of,
    proposal,
)
from tests.console.desk import Desk
from tests.fakes import FakeConsents

ROLES = ("physician", "nurse", "coordinator", "supervisor", "on-call", "admin", "none")
"""Each is also the name of the person who holds it and no other."""
SELF = "physician"
KINDS = {
    "coordinator": ("coordinator",),
    "clinician": ("nurse", "physician"),
    "two": ("nurse", "physician"),
    "half": ("nurse", "physician"),
    "own": ("nurse", "physician"),
    "grave": ("nurse", "physician"),
    "quiet": ("nurse", "physician"),
    "typed": ("nurse", "physician"),
    "denying": ("nurse", "physician"),
}
"""Kind of route → its roles. `half`: one of two has voted; `own`: submitted by the physician;
`grave`: with a critical exception; `quiet`: with none where there should be one; `typed`: where
the exception is that an entry by hand was not found; `denying`: where a Consent denies it."""
BREAKER = "nurse"
"""The role that the policy lets break the glass."""
BEFORE_ANYBODY = {
    State.PROPOSED: ("change.evaluated", "change.admitted"),
    State.POLICY_APPROVED: ("change.admitted",),
}
DENYING = "deny Consent/c1"
EXCEPTED = (State.EXCEPTION, State.REFUSED)


class Undone(BaseException):
    """What was about to be committed was taken back: it was allowed."""


@dataclass(frozen=True)
class Cell:
    """One change in one state, and what is known of it without reading the store."""

    kind: str
    state: State
    row: ChangeRow
    resource: JsonObject
    voters: frozenset[str]

    def case(self, *, late: bool) -> Case:
        early = self.state in BEFORE_ANYBODY
        return Case(
            state=self.state,
            roles=() if self.state == State.PROPOSED else KINDS[self.kind],
            reassign_by=("supervisor",),
            expired=late or early,
            voters=self.voters,
            authors=frozenset({SELF}) if self.kind == "own" else frozenset(),
            excepted=self.state in EXCEPTED and self.kind != "quiet",
            grave=self.kind in ("grave", "typed"),
            unfound=self.state in EXCEPTED and self.kind == "typed",
            breakers=frozenset({BREAKER}),
            quorum=2 if self.kind in ("two", "half") else 1,
            consent_denied=self.denying,
        )

    @property
    def denying(self) -> bool:
        return self.kind == "denying" and self.state == State.DENIED


class House:
    """A workspace with seven people, each with one role and a key.

    It gets a change of a kind in a state when one is first asked for.
    """

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder)
        self.bench: Bench = self.desk.bench
        self.rings = {role: self._ring(role) for role in ROLES}
        adopt(self.bench.workspace, "roster", self._roster())
        named = 'agents = ["scribe-1", "physician"]'
        adopt(
            self.bench.workspace,
            "policy",
            sample_policy("sandbox").replace('agents = ["scribe-1"]', named)
            + f'\n[break_glass]\nroles = ["{BREAKER}"]\n',
        )
        self.freeze = declare(self.bench.workspace, {"agent": "nobody-1"}, "drill")
        with self.bench.ledger.transaction() as transaction:
            quarantine(self.bench.workspace, transaction, Origin("Task/1", "1"), "bad-signature")
        (self.finding,) = self.bench.ledger.open_findings()
        said = Declaration("data-corruption", "drill")
        self.incident, _ = declare_incident(self.bench.workspace, said)
        self.words = self.desk.folder / "words.txt"
        self.words.write_text("they said so", "utf-8")
        self._cells: dict[tuple[str, State], Cell] = {}

    def cell(self, kind: str, state: State) -> Cell:
        if (kind, state) not in self._cells:
            self._cells[kind, state] = self._cell(kind, state)
        return self._cells[kind, state]

    def file(self, cell: Cell) -> str:
        """Return the file that holds the resource of a cell, corrected by hand."""
        path = self.desk.folder / f"{cell.kind}-{cell.state}.json"
        if not path.exists():
            path.write_bytes(encode(cell.resource))
        return str(path)

    def _ring(self, role: str) -> KeyRing:
        """Return the keys at one person's terminal; where nobody sits, no agent's speaks either."""
        signers: dict[str, Ed25519Signer] = dict(self.bench.ring.signers)
        signers["reviewer"] = generate().signers["reviewer"]
        if role == "none":
            signers["submitter"] = generate().signers["submitter"]
        return KeyRing(MappingProxyType(signers), self.bench.ring.pepper)

    def _roster(self) -> str:
        config = self.bench.ledger.config("roster")
        assert config is not None
        text = config.document.replace(
            'agents = ["front-desk-1", "scribe-1"]',
            'agents = ["front-desk-1", "scribe-1", "physician"]',
        )
        assert 'physician"]' in text
        for role, ring in self.rings.items():
            signer = ring.signer("reviewer")
            roles = "[]" if role == "none" else f'["{role}"]'
            text += f'\n[[people]]\nid = "{role}"\nroles = {roles}\n'
            text += f'[[people.keys]]\nkid = "{signer.kid}"\nx = "{signer.x}"\n'
        return text

    def of(self, role: str) -> Workspace:
        return replace(self.bench.workspace, reviewer=role, keys=self.rings[role])

    def _cell(self, kind: str, state: State) -> Cell:
        denying = kind == "denying" and state == State.DENIED
        self.bench.consents = FakeConsents(DENYING) if denying else FakeConsents()
        with skipping(BEFORE_ANYBODY.get(state, ())):
            id_ = self._propose(kind)
        now = self.row(id_)
        content = read_content(self.bench.ledger, now)
        if kind == "half" and state not in BEFORE_ANYBODY:
            self._approve(id_, "physician")
        if state not in BEFORE_ANYBODY and not denying:
            self._bring(id_, kind, state)
        if state in EXCEPTED and kind != "quiet":
            what = UNFOUND if kind == "typed" else "discrepancy"
            self._except(id_, what, "critical" if kind in ("grave", "typed") else "changed")
        row = self.row(id_)
        assert row.state == state
        votes = {
            vote.reviewer
            for vote in self.bench.ledger.decisions(id_, 0)
            if vote.void is None and vote.outcome != "defer"
        }
        return Cell(kind, state, row, _touched(editable(now, content)), frozenset(votes))

    def _propose(self, kind: str) -> str:
        """Propose for a patient of its own, so that no other cell's facts are looked through."""
        number = self.bench.ids.count
        patient = f"Patient/p{number}"
        self.bench.ehr.put(exact_object({**PATIENT, "id": f"p{number}"}))
        changes: dict[str, Callable[[], dict[str, Any]]] = {
            "coordinator": lambda: phone_change(target=patient),
            "two": lambda: _order(patient),
            "half": lambda: _order(patient),
        }
        made = changes.get(kind, lambda: _problem(patient))()
        who = {"agent": {"id": SELF, "model": "m", "prompt": "p"}} if kind == "own" else {}
        value = proposal(
            made, correlation_id=f"c-{number}", evidence=[], patient=patient, **who
        )  # fmt: skip
        return asyncio.run(stage(self.bench.workspace, document(value))).proposal.id

    def row(self, id_: str) -> ChangeRow:
        found = self.bench.ledger.change(id_, 0)
        assert found is not None
        return found

    def _approve(self, id_: str, role: str) -> None:
        seen = self.row(id_).change_digest
        decide(self.of(role), id_, 0, Answer("approve", seen=seen))

    def _bring(self, id_: str, kind: str, state: State) -> None:
        """Decide where people do; append legal events for what the gateway would find out."""
        decider = "coordinator" if kind == "coordinator" else "nurse"
        if state == State.REJECTED:
            decide(self.of(decider), id_, 0, Answer("reject", reason="not-supported"))
        elif state == State.DEFERRED:
            until = self.bench.clock.now() + timedelta(hours=1)
            decide(self.of(decider), id_, 0, Answer("defer", until=until))
        elif state in _after_approval():
            self._approve(id_, decider)
            if kind == "two":
                self._approve(id_, "physician")
        for before, after in _steps(State(self.row(id_).state), state):
            change = self.row(id_)
            with self.bench.ledger.transaction() as transaction:
                actor = _gateway(self.bench)
                transaction.append(
                    Event("change.due", actor, about(change), before=before, after=after)
                )

    def _except(self, id_: str, what: str, class_: str) -> None:
        with self.bench.ledger.transaction() as transaction:
            data = {"kind": what, "class": class_}
            transaction.append(
                Event("exception.opened", _gateway(self.bench), about(self.row(id_)), data=data)
            )


def _gateway(bench: Bench) -> Any:
    from core.gateway.events import actor

    return actor(bench.workspace)


def _after_approval() -> frozenset[State]:
    """Return the states that only an approved change comes to."""
    return frozenset(State) - TRANSITIONS[State.PENDING] - {State.PENDING} | {State.READY}


def _steps(start: State, goal: State) -> list[tuple[State, State]]:
    """Return the shortest legal road between two states."""
    roads: dict[State, list[tuple[State, State]]] = {start: []}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for there in sorted(TRANSITIONS[here]):
            if there not in roads:
                roads[there] = [*roads[here], (here, there)]
                waiting.append(there)
    return roads[goal]


def _order(patient: str) -> dict[str, Any]:
    resource = {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "proposal",
        "medicationCodeableConcept": {"text": "medicine"},
        "subject": {"reference": patient},
    }
    return {"op": "create", "resource": resource}


def _problem(patient: str) -> dict[str, Any]:
    return problem_of("59621000", subject={"reference": patient})


def _touched(resource: JsonObject) -> JsonObject:
    """Return the resource with one value corrected by hand."""
    found = copy.deepcopy(resource)
    if found["resourceType"] == "Patient":
        found["telecom"][1]["value"] = "555 0177"
    else:
        found["note"] = [{"text": "Seen by me."}]
    return found


@contextmanager
def skipping(types: tuple[str, ...]) -> Iterator[None]:
    """Leave events of these types out, as a process killed between two steps would."""
    real = StoreTransaction.append

    def append(self: StoreTransaction, event: Event) -> Any:
        return None if event.type in types else real(self, event)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StoreTransaction, "append", append)
        yield


@contextmanager
def dry() -> Iterator[None]:
    """Raise Undone instead of committing anything, so that every cell starts the same."""
    real = StoreLedger.transaction

    @contextmanager
    def transaction(self: StoreLedger) -> Iterator[StoreTransaction]:
        with real(self) as current:
            yield current
            if current.size != current.opened_at:
                raise Undone

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StoreLedger, "transaction", transaction)
        yield


def who(role: str) -> Who:
    roles = frozenset() if role == "none" else frozenset({role})
    return Who(role, roles, listed=True, enrolled=True, speaks=role != "none")
