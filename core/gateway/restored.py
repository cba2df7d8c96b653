"""Going on after a backup of the store was put back: what it forgot is doubted, and nothing leaves.

A store that was put back has forgotten what it sent, and what people recalled, rejected, froze or
revoked since. So every operation that it holds unsent may have been sent: its votes are void, and
reading the EHR decides what became of it (`core.gateway.doubted`). Everything is frozen until a
person has looked at freezes, roster and policy. Source: hub-protocol §9 (restored backup).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.canonical import Json, JsonObject, Number, digest, exact
from core.errors import BadInput, Conflict, Refused
from core.gateway.request import write_request
from core.hub.provenance import statements
from core.incident.freeze import in_flight
from core.incident.incidents import MAX_REASON, open_incident
from core.intake.basing import UNFENCED
from core.ledger.event import About, Actor, Event, instant
from core.ledger.recovery_events import DOUBTED, KIND, RECOVERED, WHY, given_up
from core.lifecycle import State
from core.ports import Transaction
from core.probe.measured import RUNGS
from core.records import ChangeRow
from core.review.content import Erased, read_content
from core.review.decide import about, void
from core.review.voting import standing
from core.roster import Roster
from core.statement import InvalidStatement, Statement, peek, sign, statement_digest, verify
from core.workspace import Workspace, roster_in_force

MAY_HAVE_LEFT = (
    State.PENDING, State.DEFERRED, State.EXPIRED, State.READY, State.SENDING, State.AMBIGUOUS,
)  # fmt: skip
"""Where a change may stand that was sent after the backup was made, as that backup has it."""
_WRITTEN = frozenset({State.PERSISTED, State.VERIFIED, State.CORRECTED, State.EXCEPTION})
SOURCE = "restored-store"
EARLIER = timedelta(days=1)
"""How much earlier than the last event known outside Provenance is searched for: clocks differ."""


@dataclass(frozen=True, slots=True)
class LostHead:
    """A signed head, kept outside the store, over events that the store does not have."""

    place: str
    size: int
    note: str


@dataclass(frozen=True, slots=True)
class Witness:
    """An approval in the chart's Provenance, of a write that the ledger does not know of."""

    ehr: str
    subject: str
    """What statements call the proposal."""
    index: int | None
    revision: int | None
    operation: str
    reviewer: str
    at: str
    target: str
    """What was written: a version where the Provenance names one."""
    genuine: bool
    """Signed by a key that the roster, as far as it goes, lists."""
    known: bool = False
    """The ledger holds the approval, though not what it led to."""

    def as_json(self) -> JsonObject:
        """Return it as the ledger keeps it."""
        return {
            "ehr": self.ehr,
            "subject": self.subject,
            "index": None if self.index is None else exact(self.index),
            "revision": None if self.revision is None else exact(self.revision),
            "operation": self.operation,
            "reviewer": self.reviewer,
            "at": self.at,
            "target": self.target,
            "genuine": self.genuine,
            "known": self.known,
        }


@dataclass(frozen=True, slots=True)
class Searched:
    """What the EHRs' Provenance tells of forgotten writes; `silent` are those without a search."""

    found: tuple[Witness, ...]
    silent: tuple[str, ...]

    @property
    def forgotten(self) -> tuple[Witness, ...]:
        """Those whose very approval the ledger does not hold."""
        return tuple(one for one in self.found if not one.known)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a recovery did."""

    freeze: str
    incident: str
    doubted: int


async def search_witnesses(workspace: Workspace, since: datetime) -> Searched:
    """Look in the EHRs' Provenance for writes that the ledger does not know of.

    `since` is when the last event was appended that is surely not lost. Raises Unreachable or
    Refused, for nothing is recovered half blind.
    """
    found: list[Witness] = []
    silent: list[str] = []
    roster = roster_in_force(workspace.ledger)
    for name, ehr in workspace.ehrs.items():
        if not (await ehr.capability("Provenance")).search:
            silent.append(name)
            continue
        parameters = {"_lastUpdated": f"ge{instant(since - EARLIER)}"}
        for held in await ehr.search("Provenance", parameters):
            found += _witnesses(workspace, roster, name, held.resource)
    return Searched(tuple(found), tuple(silent))


def check_may_recover(workspace: Workspace, roster: Roster) -> None:
    """Raise Refused unless an admin's key signs here."""
    if workspace.keys.signer("reviewer").kid not in roster.keys_for("recovery"):
        raise Refused(
            f"{workspace.reviewer} is not an admin of this workspace",
            remedy="Ask an admin in the adopted roster to recover it",
        )


def recover(
    workspace: Workspace, lost: Sequence[LostHead], searched: Searched, reason: str
) -> Recovered:
    """Go on without the events that the lost heads speak of, in one transaction, signed.

    No process may be the gateway meanwhile: the caller holds its lease. Raises BadInput, Refused
    for who is no admin, Conflict where these heads were recovered from already.
    """
    if not reason.strip() or len(reason) > MAX_REASON:
        raise BadInput(
            f"is missing, or longer than {MAX_REASON} characters",
            field="reason",
            remedy="Say in words why an older state of the store is in use",
        )
    with workspace.ledger.transaction() as transaction:
        check_may_recover(workspace, roster_in_force(transaction))
        known = given_up(transaction)
        if not lost or all(one.note in known for one in lost):
            raise Conflict("nothing is lost that was not recovered from already")
        actor = _append_recovered(workspace, transaction, lost, searched, reason)
        freeze = _freeze(workspace, transaction, actor)
        incident = open_incident(
            workspace.ids, transaction, actor, About(), "data-corruption", SOURCE
        )
        doubted = [
            _doubt(workspace, transaction, actor, change, searched.found)
            for change in transaction.changes_in(*MAY_HAVE_LEFT)
        ]
    return Recovered(freeze, str(incident), sum(doubted))


def _append_recovered(
    workspace: Workspace,
    transaction: Transaction,
    lost: Sequence[LostHead],
    searched: Searched,
    reason: str,
) -> Actor:
    row = transaction.config(KIND)
    notes = sorted(given_up(transaction) | {one.note for one in lost})
    document = json.dumps(notes)
    signed: JsonObject = {
        "number": exact(1 if row is None else row.number + 1),
        "digest": digest("document", document.encode("utf-8")),
        "size": exact(transaction.size),
        "lost": exact(max(one.size for one in lost)),
    }
    statement = _signed(workspace, transaction, signed)
    actor = Actor("admin", workspace.reviewer, statement.kid)
    transaction.append(
        Event(
            RECOVERED,
            actor,
            data={
                **signed,
                "document": document,
                "places": exact(sorted({one.place for one in lost})),
                "forgotten": exact(len(searched.forgotten)),
                "unsearched": exact(list(searched.silent)),
                "statement": statement.text,
            },
            refs=({"kind": "recovery", "digest": statement.digest},),
            body={
                "reason": reason.strip(),
                "forgotten": [one.as_json() for one in searched.forgotten],
            },
        )
    )
    return actor


def _signed(workspace: Workspace, transaction: Transaction, act: JsonObject) -> Statement:
    payload: JsonObject = {
        **act,
        "v": Number("1"),
        "team": workspace.team,
        "id": workspace.ids.uuid(),
        "at": instant(transaction.clock.lo),
        "reviewer": workspace.reviewer,
    }
    return sign("recovery", payload, workspace.keys.signer("reviewer"))


def _freeze(workspace: Workspace, transaction: Transaction, actor: Actor) -> str:
    """Stop everything: which freezes were in force, nobody here knows any more."""
    freeze = workspace.ids.uuid()
    scope: JsonObject = {}
    data: JsonObject = {"id": freeze, "scope": scope, "awaited": in_flight(transaction, scope)}
    transaction.append(Event("freeze.set", actor, data=data, body={"reason": WHY}))
    return freeze


def _doubt(
    workspace: Workspace,
    transaction: Transaction,
    actor: Actor,
    change: ChangeRow,
    found: Iterable[Witness],
) -> bool:
    """Let reading decide what became of a change; False for one that nothing can have sent."""
    if change.rung not in (*RUNGS, UNFENCED):
        if change.state in (State.PENDING, State.READY):
            void(workspace, transaction, change, WHY)
        return False
    proposal = transaction.proposal(change.proposal)
    subject = "" if proposal is None else proposal.subject
    own = [one for one in found if (one.subject, one.index) == (subject, change.idx)]
    earlier = transaction.write(change.operation)
    transaction.append(
        Event(
            DOUBTED,
            actor,
            about(change),
            data={
                "decisions": [vote.id for vote in standing(transaction, change)],
                "why": WHY,
                "attempt": exact(0 if earlier is None else earlier.attempt),
                "witnesses": exact(len(own)),
            },
            before=change.state,
            after=State.AMBIGUOUS,
            body=_intent(transaction, change, own),
        )
    )
    return True


def _intent(
    transaction: Transaction, change: ChangeRow, own: Sequence[Witness]
) -> JsonObject | None:
    """Return what would have been sent, with what the chart says of it; None once erased."""
    witnesses: list[Json] = [one.as_json() for one in own]
    if change.state in (State.SENDING, State.AMBIGUOUS):
        written = transaction.write(change.operation)
        entry = None if written is None else transaction.entry(written.intent_seq)
        sent = None if entry is None else entry.body
        return None if sent is None else {**sent, "witnesses": witnesses}
    try:
        content = read_content(transaction, change)
    except Erased:
        return None
    request = write_request(content, change.operation)
    return {
        "method": request.method,
        "type": request.type,
        "id": request.id,
        "headers": dict(request.headers),
        "text": request.body.decode("utf-8"),
        "base_version": None if content.held is None else content.held.version,
        "witnesses": witnesses,
    }


def _witnesses(
    workspace: Workspace, roster: Roster, ehr: str, resource: JsonObject
) -> list[Witness]:
    """Return the approvals of this team in a Provenance, of writes that the ledger lacks.

    What is about a Task was decided there and says nothing of a write.
    """
    found: list[Witness] = []
    target = _target(resource)
    if target.startswith("Task/"):
        return found
    for text in statements(resource):
        decision = _decision(text, roster)
        if decision is None:
            continue
        payload, genuine = decision
        written = workspace.ledger.write(str(payload.get("operation")))
        ended = written is not None and written.state in _WRITTEN
        if payload.get("team") != workspace.team or ended:
            continue
        found.append(
            Witness(
                ehr,
                str(payload.get("task")),
                _whole(payload.get("index")),
                _whole(payload.get("revision")),
                str(payload.get("operation")),
                str(payload.get("reviewer")),
                str(payload.get("at")),
                target,
                genuine,
                workspace.ledger.decided(statement_digest(text)),
            )
        )
    return found


def _decision(text: str, roster: Roster) -> tuple[JsonObject, bool] | None:
    """Return what an approval says, and whether a key that the roster ever listed signed it."""
    keys = {key.kid: key.x for person in roster.people for key in person.keys}
    try:
        payload, genuine = verify(text, "decision", keys).payload, True
    except InvalidStatement:
        try:
            payload, genuine = peek(text), False
        except InvalidStatement:
            return None
    return (payload, genuine) if payload.get("outcome") == "approve" else None


def _whole(value: Json) -> int | None:
    return int(value.text) if isinstance(value, Number) and value.text.isdecimal() else None


def _target(resource: JsonObject) -> str:
    targets = resource.get("target")
    first = targets[0] if isinstance(targets, list) and targets else None
    return str(first.get("reference")) if isinstance(first, dict) else ""
