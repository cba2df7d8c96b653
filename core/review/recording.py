"""What a decision says, and recording it: signed, with its effect, in one transaction.

Source: design §8, hub-protocol §2 (decision payload).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from core.canonical import JsonObject, Number, exact
from core.ledger.event import Actor, Event, instant
from core.lifecycle import State
from core.ports import Transaction
from core.records import ChangeRow, DecisionRow, ProposalRow
from core.review.glass import Glass, record_broken
from core.review.voiding import about, send_back_dependents
from core.statement import sign
from core.workspace import Workspace

Outcome = Literal["approve", "reject", "defer"]


@dataclass(frozen=True, slots=True)
class Looked:
    """What the reviewer did before deciding, as far as the screen knows."""

    dwell_ms: int | None = None
    """From its painting to the answer; None where nothing measured it, 0 among many at once."""
    evidence_opened: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the reviewer wants. `seen` is the hash they looked at; only approve needs it."""

    outcome: Outcome
    seen: str | None = None
    reason: str | None = None
    note: str | None = None
    until: datetime | None = None
    looked: Looked = field(default_factory=Looked)
    attested: tuple[str, ...] = ()
    """The codes that an approval attests; `core.review.attestation`."""
    without: tuple[int, ...] = ()
    """The changes that the reviewer knows to be gone though this one rests on them."""
    together: bool = False
    """One of many at once, whose pace was asked before the first of them."""
    glass: Glass | None = None
    """Only with approve: bypass quorum, named role or a consent denial, loudly."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The recorded decision and the state that the change is in now."""

    id: str
    index: int
    state: State


@dataclass(frozen=True, slots=True)
class Case:
    """One decision about to be recorded, every check passed."""

    proposal: ProposalRow
    change: ChangeRow
    answer: Answer
    reviewer: str
    role: str
    roster: int
    shown: str
    earlier: list[DecisionRow]
    attested: list[str]
    without: list[int]
    bypasses: tuple[str, ...] = ()
    """What breaking the glass bypasses."""


def record(workspace: Workspace, transaction: Transaction, case: Case) -> Decided:
    """Sign and append the decision, with its effect on the change and on what rests on it."""
    signer = workspace.keys.signer("reviewer")
    change, answer = case.change, case.answer
    payload = _payload(workspace, transaction, case)
    statement = sign("decision", payload, signer)
    after = _after(case)
    before = change.state
    if answer.glass is not None:
        record_broken(workspace, transaction, change, payload, answer.glass, case.bypasses)
        before = State.PENDING
    copied = (
        "id", "outcome", "reviewer", "role", "expires", "change", "bytes", "reason", "until",
        "attested",
        "without",
    )  # fmt: skip
    data = {key: payload[key] for key in copied if key in payload}
    if answer.looked.dwell_ms is not None:
        data["dwell_ms"] = exact(answer.looked.dwell_ms)
    transaction.append(
        Event(
            "decision.recorded",
            Actor("reviewer", case.reviewer, signer.kid),
            about(change),
            data={**data, "statement": statement.text},
            before=before if after else None,
            after=after,
            refs=({"kind": "decision", "digest": statement.digest},),
            body=_note(workspace, payload, answer.note) if answer.note else None,
        )
    )
    if answer.outcome == "reject":
        send_back_dependents(workspace, transaction, change, "dependency-rejected")
    return Decided(payload["id"], change.idx, after or State.PENDING)


def _note(workspace: Workspace, decision: JsonObject, text: str) -> JsonObject:
    """Return the body that holds the reviewer's words, signed by themselves."""
    members = {key: decision[key] for key in ("v", "team", "at")}
    members |= {"id": workspace.ids.uuid(), "decision": decision["id"], "text": text}
    note = sign("note", members, workspace.keys.signer("reviewer"))
    return {"note": text, "statement": note.text}


def _payload(workspace: Workspace, transaction: Transaction, case: Case) -> JsonObject:
    change, answer = case.change, case.answer
    payload: JsonObject = {
        "v": Number("1"),
        "team": workspace.team,
        "id": workspace.ids.uuid(),
        "at": instant(transaction.clock.lo),
        "task": case.proposal.subject,
        "proposal": case.proposal.digest,
        "index": Number(str(change.idx)),
        "revision": Number(str(change.revision)),
        "outcome": answer.outcome,
        "change": change.change_digest,
        "bytes": change.bytes_digest,
        "shown": case.shown,
        "operation": change.operation,
        "ehr": change.ehr,
        "verdict": change.verdict_digest,
        "policy": change.policy_digest,
        "roster": Number(str(case.roster)),
        "head": Number("0"),
        "reviewer": case.reviewer,
        "role": case.role,
        "expires": change.expires,
        "review": {
            "dwell_ms": exact(answer.looked.dwell_ms or 0),
            "evidence_opened": [Number(str(item)) for item in answer.looked.evidence_opened],
        },
    }
    if answer.reason is not None:
        payload["reason"] = answer.reason
    if case.attested:
        payload["attested"] = list(case.attested)
    if case.without:
        payload["without"] = [Number(str(index)) for index in case.without]
    if answer.until is not None:
        payload["until"] = instant(answer.until)
    return payload


def _after(case: Case) -> State | None:
    if case.answer.outcome == "reject":
        return State.REJECTED
    if case.answer.outcome == "defer":
        return State.DEFERRED
    if case.answer.glass is not None:
        return State.READY
    route = case.change.route_json
    quorum = 1 if route is None else int(route["quorum"])
    approving = {vote.reviewer for vote in case.earlier if vote.outcome == "approve"}
    return State.READY if len(approving | {case.reviewer}) >= quorum else None
