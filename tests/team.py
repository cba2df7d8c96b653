"""A team of three reviewers, a supervisor, an agent and a gateway, and what they sign."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.canonical import JsonObject, exact
from core.hub.deciding import Party
from core.hub.fold import Rules, Slot
from core.hub.task import Carried, carry, proposal_task
from core.ports import Clock, Ids
from core.ports_hub import Hub
from core.roster import EnrolledAgent, Key, Person, Roster
from core.statement import sign
from sync.keys.ring import Ed25519Signer
from tests.fakes import FakeClock, FakeIds

TEAM, AGENT, EXPIRES = "north", "scribe-1", "2026-11-23T13:00:00.000Z"
REVIEWERS = ("dr-lee", "dr-roy", "dr-kim")
SUPERVISOR = "sup-1"


def signer_of(name: str) -> Ed25519Signer:
    """Return the same key for the same name, so that runs repeat."""
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest()))


SIGNERS = {name: signer_of(name) for name in (*REVIEWERS, SUPERVISOR, AGENT, "gateway", "stranger")}


def key(name: str, *, revoked: bool = False) -> Key:
    return Key(kid=SIGNERS[name].kid, x=SIGNERS[name].x, revoked=revoked)


def roster(*, revoked: tuple[str, ...] = (), without_role: tuple[str, ...] = ()) -> Roster:
    people = [
        Person(
            id=name,
            roles=[] if name in without_role else ["physician"],
            keys=[key(name, revoked=name in revoked)],
        )
        for name in REVIEWERS
    ]
    people.append(Person(id=SUPERVISOR, roles=["supervisor"], keys=[key(SUPERVISOR)]))
    agents = [EnrolledAgent(id=AGENT, keys=[key(AGENT)])]
    return Roster(version=1, people=people, agents=agents, gateways=[key("gateway")])


@dataclass
class Team:
    """Builds what they sign about one change, and the parties that act on a hub."""

    quorum: int = 2
    ids: Ids = field(default_factory=FakeIds)
    clock: Clock = field(default_factory=FakeClock)
    rules: Rules = field(default_factory=lambda: Rules(TEAM, roster()))
    task: str = "Task/1"
    index: int = 0

    @property
    def slot(self) -> Slot:
        return Slot(
            task=self.task, proposal="p" * 64, agent=AGENT, index=self.index, revision=0,
            operation=f"op-{self.task}-{self.index}", ehr="north-ehr", change="c" * 64,
            bytes="b" * 64, verdict="v" * 64, quorum=self.quorum, roles=("physician",),
        )  # fmt: skip

    def party(self, hub: Hub, name: str) -> Party:
        return Party(hub, self.rules, SIGNERS[name], self.ids, self.clock)

    def signed(self, kind: str, by: str, **members: Any) -> str:
        payload: JsonObject = {
            "v": exact(1), "team": TEAM, "id": self.ids.uuid(), "at": "2026-11-23T09:05:10.000Z",
            "task": self.task, **exact(members),
        }  # fmt: skip
        return sign(kind, payload, SIGNERS[by]).text

    def decision(self, by: str, outcome: str = "approve", **over: Any) -> str:
        slot = self.slot
        names = ("proposal", "operation", "ehr", "change", "bytes", "verdict")
        given = {name: getattr(slot, name) for name in names}
        given |= {"reviewer": by, "role": "physician", "expires": EXPIRES, "outcome": outcome}
        return self.signed("decision", by, **self._change(), **{**given, **over})

    def final(self, by: str, outcome: str, *decisions: str, **over: Any) -> str:
        given = {"outcome": outcome, "decisions": list(decisions), **over}
        return self.signed("final", by, **self._change(), **given)

    def recall(self, by: str) -> str:
        return self.signed(
            "recall", by, **self._change(), operation=self.slot.operation, reviewer=by
        )

    def dispatch(self, by: str = "gateway") -> str:
        slot = self.slot
        given = {"operation": slot.operation, "bytes": slot.bytes, "epoch": 1, "checkpoint": "x"}
        return self.signed("dispatch", by, **self._change(), **given)

    def withdrawal(self, by: str = AGENT, **over: Any) -> str:
        given = {"proposal": self.slot.proposal, "agent": AGENT, **over}
        return self.signed("withdraw", by, **given)

    def admission(self, by: str = "gateway", **over: Any) -> str:
        slot = self.slot
        names = ("operation", "change", "bytes", "verdict")
        change = {name: getattr(slot, name) for name in names} | self._change() | over
        return self.signed("admission", by, proposal=slot.proposal, changes=[change])

    def proposed(self) -> JsonObject:
        """Return the Task as the agent posts it."""
        text = self.signed("proposal", AGENT)
        return proposal_task(AGENT, f"h-{self.task}", text, "2026-11-23T09:00:00Z")

    def on(self, quorum: int | None = None, **roster_over: Any) -> Team:
        """Return the same team with another quorum or roster."""
        rules = Rules(TEAM, roster(**roster_over)) if roster_over else self.rules
        return replace(self, quorum=self.quorum if quorum is None else quorum, rules=rules)

    def _change(self) -> dict[str, Any]:
        return {"index": self.index, "revision": 0}


def bearing(task: JsonObject, *added: tuple[str, str]) -> JsonObject:
    """Return a Task with more outputs, by anybody's hand."""
    more = [carry(kind, text) for kind, text in added]
    return {**task, "output": [*(task.get("output") or []), *more]}


def carried(kind: str, text: str) -> Carried:
    return Carried(kind, text)
