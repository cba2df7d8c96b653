"""A reviewer's signed answer to one change: approve, reject or defer.

Source: design §8, hub-protocol §2 (decision payload). The decision, its effect on the change and
on what depends on it are one transaction; nothing is decided by silence or by a stale view.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from core.canonical import JsonObject, Number
from core.digests import shown_digest
from core.errors import BadInput, Conflict, NotFound, Refused
from core.ledger.event import About, Actor, Event, instant
from core.lifecycle import State
from core.ports import Reads, Transaction
from core.records import ChangeRow, DecisionRow, ProposalRow
from core.review.asking import check, route_roles
from core.review.glass import (
    Glass,
    breaker_of,
    bypasses_of,
    check_glass,
    readmit,
    record_broken,
)
from core.review.reasons import check_reason
from core.review.voting import standing
from core.roster import Person
from core.statement import sign
from core.workspace import Workspace, document

Outcome = Literal["approve", "reject", "defer"]


@dataclass(frozen=True, slots=True)
class Looked:
    """What the reviewer did before deciding, as far as the screen knows."""

    dwell_ms: int = 0
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
    glass: Glass | None = None
    """Only with approve: bypass quorum, named role or a consent denial, loudly."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The recorded decision and the state that the change is in now."""

    id: str
    index: int
    state: State


def shown_hash(reads: Reads, proposal: ProposalRow) -> str:
    """Return the hash that `show` prints for a whole proposal."""
    changes = reads.changes(proposal.id)
    return shown_digest(proposal.digest, [change.change_digest for change in changes])


def decide(workspace: Workspace, proposal: str, index: int, answer: Answer) -> Decided:
    """Record one signed decision durably and return what became of the change.

    Raises NotFound, Conflict (stale hash, no longer pending, expired, already decided by this
    reviewer), Refused (role), BadInput (reason or date).
    """
    _check_answer(answer, workspace)
    with workspace.ledger.transaction() as transaction:
        found, changes = _find(transaction, proposal, index)
        change = changes[index]
        opens = answer.glass is not None and change.state == State.DENIED
        if answer.glass is None:
            person, role = reviewer_of(
                workspace, transaction, answer.outcome, change, transaction.clock.hi
            )
        else:
            person, role = breaker_of(workspace, transaction, change, transaction.clock.hi)
        shown = shown_digest(found.digest, [one.change_digest for one in changes])
        if answer.outcome == "approve" or answer.seen is not None:
            _check_seen(change, shown, answer.seen)
        if opens:
            readmit(workspace, transaction, found, change)
            found, changes = _find(transaction, proposal, index)
            change = changes[index]
            shown = shown_digest(found.digest, [one.change_digest for one in changes])
        roster, earlier = document(transaction, "roster").number, standing(transaction, change)
        bypasses = () if answer.glass is None else bypasses_of(change, person, role, earlier)
        case = _Case(found, change, answer, person.id, role, roster, shown, earlier, bypasses)
        return _record(workspace, transaction, case)


@dataclass(frozen=True, slots=True)
class _Case:
    """One decision about to be recorded, every check passed."""

    proposal: ProposalRow
    change: ChangeRow
    answer: Answer
    reviewer: str
    role: str
    roster: int
    shown: str
    earlier: list[DecisionRow]
    bypasses: tuple[str, ...] = ()


def _check_answer(answer: Answer, workspace: Workspace) -> None:
    if answer.glass is not None:
        if answer.outcome != "approve":
            raise BadInput("goes with approve only", field="break-glass")
        check_glass(answer.glass)
    if answer.outcome == "reject":
        check_reason(answer.reason or "")
        if answer.reason == "other" and not answer.note:
            raise BadInput("is missing", field="note", remedy="Say in words why")
    if answer.outcome == "defer" and (
        answer.until is None or answer.until <= workspace.clock.now()
    ):
        raise BadInput("is not in the future", field="until", remedy="Name a later date and time")


def _find(reads: Reads, proposal: str, index: int) -> tuple[ProposalRow, Sequence[ChangeRow]]:
    found, changes = reads.proposal(proposal), reads.changes(proposal)
    if found is None or not 0 <= index < len(changes):
        raise NotFound(
            f"no change {index} in that proposal", remedy="See `countersign queue` for ids"
        )
    return found, changes


def _check_seen(change: ChangeRow, shown: str, seen: str | None) -> None:
    valid = (change.change_digest, shown)
    if seen is None or not any(hmac.compare_digest(seen, one) for one in valid):
        raise Conflict(
            "the hash is not that of what is waiting now",
            field="hash",
            remedy="Look at it again with `countersign show` and approve what you see",
        )


def reviewer_of(
    workspace: Workspace, reads: Reads, act: str, change: ChangeRow, hi: datetime
) -> tuple[Person, str]:
    """Return who sits here and the role they decide this change in; raises Conflict, Refused."""
    person = check(workspace, reads, act, change, hi)
    role = next((role for role in route_roles(change) if role in person.roles), None)
    if role is None:
        raise Refused("you hold no role of this route", remedy="Leave it to somebody who does")
    return person, role


def _record(workspace: Workspace, transaction: Transaction, case: _Case) -> Decided:
    signer = workspace.keys.signer("reviewer")
    change, answer = case.change, case.answer
    payload = _payload(workspace, transaction, case)
    statement = sign("decision", payload, signer)
    after = _after(case)
    before = change.state
    if answer.glass is not None:
        record_broken(workspace, transaction, change, payload, answer.glass, case.bypasses)
        before = State.PENDING
    copied = ("id", "outcome", "reviewer", "role", "expires", "change", "bytes", "reason", "until")
    data = {key: payload[key] for key in copied if key in payload}
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


def _payload(workspace: Workspace, transaction: Transaction, case: _Case) -> JsonObject:
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
            "dwell_ms": Number(str(answer.looked.dwell_ms)),
            "evidence_opened": [Number(str(item)) for item in answer.looked.evidence_opened],
        },
    }
    if answer.reason is not None:
        payload["reason"] = answer.reason
    if answer.until is not None:
        payload["until"] = instant(answer.until)
    return payload


def _after(case: _Case) -> State | None:
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


def send_back_dependents(
    workspace: Workspace, transaction: Transaction, changed: ChangeRow, why: str
) -> None:
    """Send back what rests on a rejected or edited change for another look (design §8).

    What rests on it through another change is sent back as well.
    """
    resting = {changed.idx}
    changes = list(transaction.changes(changed.proposal))
    for _ in changes:
        resting |= {one.idx for one in changes if resting & set(one.depends_on)}
    for change in changes:
        if change.idx in resting - {changed.idx} and change.state in (State.PENDING, State.READY):
            void(workspace, transaction, change, why)


def void(
    workspace: Workspace,
    transaction: Transaction,
    change: ChangeRow,
    why: str,
    body: JsonObject | None = None,
) -> None:
    """Void the standing votes of a change and send it back to review, with a static code."""
    votes = [vote.id for vote in standing(transaction, change)]
    moves = change.state != State.PENDING
    if not votes and not moves:
        return
    transaction.append(
        Event(
            "decision.voided",
            Actor("gateway", "gateway", workspace.keys.signer("gateway").kid),
            about(change),
            data={"decisions": list(votes), "why": why},
            before=change.state if moves else None,
            after=State.PENDING if moves else None,
            body=body,
        )
    )


def about(change: ChangeRow) -> About:
    """Return what an event about this change says it is about."""
    return About(
        proposal=change.proposal,
        index=change.idx,
        revision=change.revision,
        operation=change.operation,
        ehr=change.ehr,
        patient=change.patient_tag,
    )
