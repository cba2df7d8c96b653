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
from core.canonical import JsonObject
from core.hub.receive import quarantine
from core.incident.freeze import declare
from core.intake.stage import Origin, stage
from core.ledger.event import Event
from core.lifecycle import TRANSITIONS, State
from core.policy import sample_policy
from core.records import ChangeRow
from core.review.content import read_content
from core.review.decide import Answer, about, decide
from core.review.edit import editable
from core.review.permissions import TABLE, Case, Who
from core.workspace import Workspace
from sync.keys.ring import Ed25519Signer, KeyRing, generate
from sync.store.ledger import StoreLedger, StoreTransaction
from tests.builders import Bench, document, phone_change, problem_change, proposal
from tests.console.desk import Desk

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
}
"""Kind of route → its roles. `half`: one of two has voted; `own`: submitted by the physician;
`grave`: with a critical exception; `quiet`: with none where there should be one."""
BEFORE_ANYBODY = {
    State.PROPOSED: ("change.evaluated", "change.admitted"),
    State.POLICY_APPROVED: ("change.admitted",),
}
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
            grave=self.kind == "grave",
        )


class House:
    """A workspace with seven people, each with one role and a key, and a change in every state."""

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder)
        self.bench: Bench = self.desk.bench
        self.rings = {role: self._ring() for role in ROLES}
        adopt(self.bench.workspace, "roster", self._roster())
        named = 'agents = ["scribe-1", "physician"]'
        adopt(
            self.bench.workspace,
            "policy",
            sample_policy("sandbox").replace('agents = ["scribe-1"]', named),
        )
        self.freeze = declare(self.bench.workspace, {"agent": "nobody-1"}, "drill")
        with self.bench.ledger.transaction() as transaction:
            quarantine(self.bench.workspace, transaction, Origin("Task/1", "1"), "bad-signature")
        (self.finding,) = self.bench.ledger.open_findings()
        self.cells = [self._cell(kind, state) for kind in KINDS for state in State]

    def _ring(self) -> KeyRing:
        signers: dict[str, Ed25519Signer] = dict(self.bench.ring.signers)
        signers["reviewer"] = generate().signers["reviewer"]
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
        with skipping(BEFORE_ANYBODY.get(state, ())):
            id_ = self._propose(kind)
        now = self.row(id_)
        content = read_content(self.bench.ledger, now)
        if kind == "half" and state not in BEFORE_ANYBODY:
            self._approve(id_, "physician")
        if state not in BEFORE_ANYBODY:
            self._bring(id_, kind, state)
        if state in EXCEPTED and kind != "quiet":
            self._except(id_, "critical" if kind == "grave" else "changed")
        row = self.row(id_)
        assert row.state == state
        votes = {
            vote.reviewer
            for vote in self.bench.ledger.decisions(id_, 0)
            if vote.void is None and vote.outcome != "defer"
        }
        return Cell(kind, state, row, _touched(editable(now, content)), frozenset(votes))

    def _propose(self, kind: str) -> str:
        number = self.bench.ids.count
        changes: dict[str, Callable[[], dict[str, Any]]] = {
            "coordinator": lambda: phone_change(
                patch=[{"op": "replace", "path": "/telecom/1/value", "value": f"555 {number}"}]
            ),
            "two": lambda: _order(number),
            "half": lambda: _order(number),
        }
        made = changes.get(kind, lambda: _problem(number))()
        who = {"agent": {"id": SELF, "model": "m", "prompt": "p"}} if kind == "own" else {}
        value = proposal(made, correlation_id=f"c-{number}", evidence=[], **who)
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

    def _except(self, id_: str, class_: str) -> None:
        with self.bench.ledger.transaction() as transaction:
            data = {"kind": "discrepancy", "class": class_}
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


def _order(number: int) -> dict[str, Any]:
    resource = {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "proposal",
        "medicationCodeableConcept": {"text": f"medicine {number}"},
        "subject": {"reference": "Patient/example"},
    }
    return {"op": "create", "resource": resource}


def _problem(number: int) -> dict[str, Any]:
    made = copy.deepcopy(problem_change())
    made["resource"]["code"] = {"text": f"problem {number}"}
    return made


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
    return Who(role, roles, listed=True, enrolled=True)


def acts_on_a_change() -> list[str]:
    return [name for name, row in TABLE.items() if row.states]
