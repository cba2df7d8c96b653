"""What must be true after every step and at the end, by what people did and the server's log.

Nothing here asks the code under test whether it may: approvals are those that the simulated people
gave, freezes those they were told are in force, effects those in the server's own history.
Source: design §14; the issue's "exactly one effect, or an open exception that says so".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.canonical import JsonObject, encode, parse_object
from core.gateway.pausing import paused
from core.ledger.event import Entry, moment
from core.lifecycle import State
from core.ports import Reads
from core.records import ChangeRow
from core.review.content import Content
from core.stamps import operations
from tests.fakes import START
from tests.sim.server import Server

CLOSED = {
    State.VERIFIED, State.REFUSED, State.REJECTED, State.DENIED, State.WITHDRAWN, State.SUPERSEDED,
    State.EXCEPTION, State.DEAD_LETTER, State.EXPIRED, State.CORRECTED,
}  # fmt: skip
"""Where a change may rest when everything is quiet."""
OWN = ("Provenance", "Library")
"""What the gateway writes about its work, beside the approved changes."""
FLYING = (State.SENDING, State.AMBIGUOUS, State.HELD_BY_EHR)
TOLD = (State.VERIFIED, State.EXCEPTION, State.CORRECTED)
CONSENT_LAG_S = 120
"""How old what was read may be when the first byte leaves."""
Change = tuple[str, int]


@dataclass(frozen=True)
class Violation:
    """One broken invariant."""

    code: str
    at: float
    what: str


@dataclass(frozen=True)
class Approval:
    """What one person looked at and said yes to."""

    reviewer: str
    revision: int
    resource: JsonObject
    touched: frozenset[str]
    until: float


@dataclass
class Truth:
    """What really happened, as the people and the server know it."""

    server: Server
    approvals: dict[Change, list[Approval]] = field(default_factory=lambda: defaultdict(list))
    frozen: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Freezes that somebody was told are in force, by id."""
    revoked: dict[str, float] = field(default_factory=dict)
    """When a patient took consent back."""
    epoch: int = 0
    intents: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    """Operation → the bytes of each intent."""
    bases: dict[str, list[str | None]] = field(default_factory=lambda: defaultdict(list))
    of: dict[str, Change] = field(default_factory=dict)
    decided: dict[tuple[str, int, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    acknowledged: set[tuple[Change, int, str]] = field(default_factory=set)
    """Decisions that somebody was told are recorded: change, revision, reviewer."""
    flying: dict[str, tuple[Change, dict[str, str]]] = field(default_factory=dict)
    """Operation → its change and facts, while its newest write has left and its end is unknown."""
    late: dict[str, set[str]] = field(default_factory=dict)
    """Freeze → the operations that were flying when it was acknowledged, and that it matches."""
    beside: dict[bytes, str] = field(default_factory=dict)
    """The bytes of each Provenance that went out beside a write → its operation."""
    overwritten: dict[str, str] = field(default_factory=dict)
    """Operation → what it replaced that nobody had seen."""
    violations: list[Violation] = field(default_factory=list)

    def broken(self, code: str, what: str) -> None:
        self.violations.append(Violation(code, self.server.now(), what))

    def approve(
        self, person: str, row: ChangeRow, content: Content, quorum_until: str | None
    ) -> None:
        names = frozenset(item.element.split(".")[1].lstrip("_") for item in content.delta)
        until = (moment(quorum_until or row.since) - START).total_seconds()
        self.approvals[row.proposal, row.idx].append(
            Approval(person, row.revision, content.resource, names, until)
        )

    def unapprove(self, key: Change, person: str | None = None) -> None:
        kept = [one for one in self.approvals[key] if person is not None and one.reviewer != person]
        self.approvals[key] = kept


def on_append(truth: Truth, reads: Reads, entry: Entry, epoch: int | None) -> None:
    """Judge one event as it is appended."""
    kind = entry.leaf["type"]
    if "to" in entry.leaf and entry.leaf["to"] not in FLYING:
        truth.flying.pop(entry.leaf.get("operation", ""), None)
    if kind == "decision.recorded":
        _one_decision(truth, entry)
    elif kind in ("decision.voided", "decision.recalled", "change.readmitted"):
        truth.decided.pop(_revision(entry), None)
    elif kind == "write.intended":
        _intent(truth, reads, entry, epoch)


def _revision(entry: Entry) -> tuple[str, int, int]:
    leaf = entry.leaf
    return leaf["proposal"], int(leaf["index"].text), int(leaf["revision"].text)


def _one_decision(truth: Truth, entry: Entry) -> None:
    after = entry.leaf.get("to")
    if after not in (State.READY, State.REJECTED):
        return
    made = truth.decided[_revision(entry)]
    made.add(after)
    if len(made) > 1:
        truth.broken("two-decisions", f"{_revision(entry)} is both {sorted(made)}")


def _intent(truth: Truth, reads: Reads, entry: Entry, epoch: int | None) -> None:
    leaf, body = entry.leaf, entry.body or {}
    key = (leaf["proposal"], int(leaf["index"].text))
    row, proposal = reads.change(*key), reads.proposal(key[0])
    assert row is not None and proposal is not None
    truth.intents[leaf["operation"]].append(body["text"].encode())
    truth.bases[leaf["operation"]].append(body["base_version"])
    if "beside" in body:
        truth.beside[body["beside"].encode()] = leaf["operation"]
    truth.of[leaf["operation"]] = key
    now = truth.server.now()
    good = [
        one
        for one in truth.approvals[key]
        if one.revision == row.revision and now < one.until and _same(truth, one, body)
    ]
    quorum = int((row.route_json or {}).get("quorum", 1))
    if len({one.reviewer for one in good}) < quorum:
        truth.broken("unapproved", f"{key} revision {row.revision} sent with {len(good)} approvals")
    facts: dict[str, str] = {
        "agent": row.agent, "type": row.type, "op": row.op, "ehr": row.ehr,
        "model": proposal.model, "workflow": proposal.workflow,
    }  # fmt: skip
    truth.flying[leaf["operation"]] = (key, facts)
    for id_, scope in truth.frozen.items():
        if _matches(scope, facts):
            truth.broken("frozen", f"{key} intended after freeze {id_[:8]} was acknowledged")
    revoked = truth.revoked.get(proposal.patient or "")
    if revoked is not None and now > revoked + CONSENT_LAG_S:
        truth.broken(
            "no-consent", f"{key} intended {now - revoked:.0f} s after consent was revoked"
        )
    if epoch is not None and epoch != truth.epoch:
        truth.broken("fenced", f"{key} intended under lease {epoch}, the newest is {truth.epoch}")


def _matches(scope: Mapping[str, str], facts: Mapping[str, str]) -> bool:
    return all(facts.get(name) == wanted for name, wanted in scope.items())


def acknowledged_freeze(
    truth: Truth, freeze: str, scope: Mapping[str, str], listed: set[str]
) -> None:
    """Judge a freeze as somebody is told of it: every matching write that left is listed."""
    truth.frozen[freeze] = scope
    truth.late[freeze] = {
        operation for operation, (_, facts) in truth.flying.items() if _matches(scope, facts)
    }
    if truth.late[freeze] != listed:
        truth.broken("unlisted", f"freeze {freeze[:8]} lists {listed}, not {truth.late[freeze]}")


def _same(truth: Truth, approval: Approval, body: JsonObject) -> bool:
    """Tell whether the bytes are those approved, or the same touched elements on a newer base."""
    sent = parse_object(body["text"].encode())
    if encode(sent) == encode(approval.resource):
        return True
    reference, version = f"{body['type']}/{body['id']}", body["base_version"]
    base: Any = next(
        (one.resource for one in truth.server.chains.get(reference, []) if one.version == version),
        None,
    )
    if base is None:
        return False
    for name in {*sent, *base} - {"meta", "text"}:
        wanted = approval.resource.get(name) if name in approval.touched else base.get(name)
        if sent.get(name) != wanted:
            return False
    return True


def handed_over(truth: Truth, text: bytes, type_: str) -> None:
    """Judge a request at its first byte: it is one that an intent in the ledger holds."""
    if type_ not in OWN and not any(text in sent for sent in truth.intents.values()):
        truth.broken("no-intent", f"a {type_} left without an intent in the ledger")


def effects(truth: Truth) -> dict[str, int]:
    """Count, in the server's own history, what each operation did to the chart.

    A create is known by the id it carries, everything else by its bytes. An update that landed on
    another version than the one it names has overwritten what nobody saw.
    """
    found: dict[str, int] = defaultdict(int)
    for commit in truth.server.log:
        if commit.by != "gateway" or commit.reference.partition("/")[0] in OWN:
            continue
        carried = operations(parse_object(commit.body)) & set(truth.intents)
        named = carried or {one for one, texts in truth.intents.items() if commit.body in texts}
        what = f"{commit.reference} version {commit.version}"
        if not named:
            truth.broken("stranger", f"{what} belongs to no intent")
        for operation in named:
            found[operation] += not commit.same
            if commit.same:
                # The same request twice on a racy server: what is there is what was approved.
                continue
            if commit.base is not None and commit.base not in truth.bases[operation]:
                truth.overwritten[operation] = f"{what} follows version {commit.base}, not its base"
    return found


def _requests(truth: Truth, operation: str) -> int:
    """Count the requests that took effect; one that the network delivered twice is one."""
    return len(
        {
            commit.send
            for commit in truth.server.log
            if commit.by == "gateway" and not commit.same
            and (
                operation in operations(parse_object(commit.body))
                or commit.body in truth.intents[operation]
            )
        }
    )  # fmt: skip


def _records(truth: Truth, counted: Mapping[str, int]) -> None:
    """Judge the Provenances that went out with their writes: none without what it speaks of."""
    told = Counter(truth.beside.get(commit.body) for commit in truth.server.log if commit.body)
    for operation, count in told.items():
        if operation is not None and count > counted.get(operation, 0):
            truth.broken("orphan-record", f"{truth.of[operation]}: {count} Provenances too many")


def _awaited(truth: Truth, outcomes: Mapping[str, str], counted: Mapping[str, int]) -> None:
    """Judge what the freezes say of the writes that left before them, by the server's history."""
    for operations_ in truth.late.values():
        for operation in operations_:
            told, done = outcomes.get(operation, "unlisted"), counted.get(operation, 0)
            true = {"in-chart": done == 1, "not-in-chart": done == 0, "to-look-at": True}
            if not true.get(told, False):
                truth.broken("awaited", f"{truth.of[operation]} is {told}, with {done} effects")


def at_rest(truth: Truth, reads: Reads, active: set[Change], outcomes: Mapping[str, str]) -> None:
    """Judge the end: one effect an operation or an open exception, and nothing stuck.

    `outcomes` is what the freezes say of the writes that they came too late for.
    """
    counted = effects(truth)
    _awaited(truth, outcomes, counted)
    _records(truth, counted)
    for key, revision, person in truth.acknowledged:
        votes = {(vote.revision, vote.reviewer) for vote in reads.decisions(*key)}
        if (revision, person) not in votes:
            truth.broken("forgotten", f"{person}'s decision on {key} was acknowledged and is gone")
    for key in sorted(active):
        row = reads.change(*key)
        assert row is not None
        excepted = bool(reads.exceptions(*key))
        unsent = row.state in (State.READY, State.PENDING)
        held_up = unsent and paused(reads, row) is not None
        if row.state not in CLOSED and not held_up:
            truth.broken("stuck", f"{key} {row.type} stays {row.state}")
        if row.state in (State.EXCEPTION, State.DEAD_LETTER, State.REFUSED) and not excepted:
            truth.broken("silent", f"{key} is {row.state} and no exception is open")
        done = counted.get(row.operation, 0)
        racy = truth.server.personality.racy_s > 0
        if row.operation in truth.overwritten and not (racy and excepted):
            # A server that checks and stores in two steps cannot be kept from it, only caught.
            truth.broken("overwrote", truth.overwritten[row.operation])
        # What the network delivers twice comes back after a deletion whatever the gateway does.
        deletes = truth.server.personality.deletes
        times = _requests(truth, row.operation) if deletes else done
        if times > 1 and not excepted:
            truth.broken(
                "twice", f"{key} {row.type} took effect {times} times, no exception is open"
            )
        if done >= 1 and row.state not in TOLD and not excepted:
            truth.broken("untold", f"{key} {row.type} took effect but is {row.state}")
        if done == 0 and row.state == State.VERIFIED:
            truth.broken("false-success", f"{key} {row.type} is verified but never took effect")
