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
from core.consent import permits
from core.digests import shown_digest
from core.errors import BadInput, Conflict, NotFound, Refused
from core.ledger.event import About, Actor, Event, instant
from core.lifecycle import State
from core.ports import Reads, Transaction
from core.records import ChangeRow, DecisionRow, ProposalRow
from core.review.reasons import check_reason
from core.review.voting import check_pending, standing
from core.roster import Person, Roster, parse_roster
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
        check_pending(change, transaction.clock.hi)
        shown = shown_digest(found.digest, [one.change_digest for one in changes])
        if answer.outcome == "approve" or answer.seen is not None:
            _check_seen(change, shown, answer.seen)
        adopted = document(transaction, "roster")
        person, role = reviewer_of(workspace, parse_roster(adopted.document), change)
        if answer.outcome == "approve":
            check_consent_read(change)
        earlier = standing(transaction, change)
        if any(vote.reviewer == person.id for vote in earlier):
            raise Conflict(
                "you have already decided this change", remedy="Another person must decide too"
            )
        case = _Case(found, change, answer, person.id, role, adopted.number, shown, earlier)
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


def _check_answer(answer: Answer, workspace: Workspace) -> None:
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


def check_consent_read(change: ChangeRow) -> None:
    """Raise Refused for a change whose Consents could not be read: nothing to approve on yet."""
    if not permits(change.consent or ""):
        raise Refused(
            "the patient's Consents cannot be read, or contradict each other",
            field="consent",
            remedy="Have them settled in the chart; they are read again by itself, or reject it",
        )


def reviewer_of(workspace: Workspace, roster: Roster, change: ChangeRow) -> tuple[Person, str]:
    """Return who sits here and the role they decide this change in; raises Refused."""
    person = roster.person(workspace.reviewer)
    kid = workspace.keys.signer("reviewer").kid
    if not any(key.kid == kid and not key.revoked for key in person.keys):
        raise Refused("your signing key is not enrolled, or was revoked", remedy="See `roster`")
    route = change.route_json
    wanted = [] if route is None else list(route["roles"])
    for role in wanted:
        if role in person.roles:
            return person, str(role)
    raise Refused(
        f"this route asks for {' or '.join(map(str, wanted))}",
        remedy="Leave it to somebody who holds that role",
    )


def _record(workspace: Workspace, transaction: Transaction, case: _Case) -> Decided:
    signer = workspace.keys.signer("reviewer")
    change, answer = case.change, case.answer
    payload = _payload(workspace, transaction, case)
    statement = sign("decision", payload, signer)
    after = _after(case)
    copied = ("id", "outcome", "reviewer", "role", "expires", "change", "bytes", "reason", "until")
    data = {key: payload[key] for key in copied if key in payload}
    transaction.append(
        Event(
            "decision.recorded",
            Actor("reviewer", case.reviewer, signer.kid),
            about(change),
            data={**data, "statement": statement.text},
            before=change.state if after else None,
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
    route = case.change.route_json
    quorum = 1 if route is None else int(route["quorum"])
    approving = {vote.reviewer for vote in case.earlier if vote.outcome == "approve"}
    return State.READY if len(approving | {case.reviewer}) >= quorum else None


def send_back_dependents(
    workspace: Workspace, transaction: Transaction, changed: ChangeRow, why: str
) -> None:
    """Send back what rests on a rejected or edited change for another look (design §8)."""
    for change in transaction.changes(changed.proposal):
        if changed.idx in change.depends_on and change.state in (State.PENDING, State.READY):
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
