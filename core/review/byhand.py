"""Entering a change by hand at the EHR, when it cannot wait for the gateway or for a decision.

A person types exact values into the EHR and says so, signed. That spends the operation: the
gateway never sends it afterwards. It is not believed but read later (`core.gateway.entered`).
Source: design §9 (manual entry), hub-protocol §10 ("By hand").
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core import stamps
from core.canonical import Json, JsonObject, Number, exact
from core.digests import shown_digest
from core.errors import BadInput, Conflict, Refused
from core.incident.freeze import frozen_by, target_of
from core.intake.by_hand import UNFENCED_UPDATE, refusing, why
from core.ledger.event import Actor, Event, instant
from core.ledger.incident_events import ENTERED
from core.lifecycle import State
from core.ports import Reads, Transaction
from core.profile.asked import refusal_now
from core.profile.facts import NOWHERE
from core.profile.writes import Told
from core.records import ChangeRow, FreezeRow, ProposalRow
from core.review.asking import case_of
from core.review.content import Content, read_content
from core.review.decide import about, reviewer_of
from core.review.hidden import check_not_hidden
from core.review.permissions import unfit
from core.review.voiding import close_exceptions
from core.review.voting import find_change
from core.statement import Statement, sign
from core.workspace import Workspace, document

MAX_NOTE = 4_000


@dataclass(frozen=True, slots=True)
class Line:
    """One value to type: `path` with its indexes, what it is now, and what it shall be."""

    path: str
    effect: str
    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that is needed to enter one change by hand."""

    proposal: ProposalRow
    change: ChangeRow
    lines: tuple[Line, ...]
    frozen: FreezeRow | None
    """A freeze in force that would stop the gateway from writing this."""
    why_not: str | None
    """Why it cannot be entered by hand now."""
    refusing: Told | None = None
    """What refuses to let it be written through the EHR's API, where something does."""

    @property
    def no_api(self) -> str | None:
        """Why it has to be entered by hand: the refusing axis, and who says so."""
        told = self.refusing
        if told is None:
            return None
        named = told.basis is not NOWHERE and told != UNFENCED_UPDATE
        source = f"; {told.basis.source}" if named else ""
        day = f", {told.basis.captured_on}" if told.basis.captured_on else ""
        return f"{told.axis}: {why(told)}{source}{day}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a person says: that the change with this hash was entered, a freeze knowingly."""

    seen: str
    note: str | None = None
    despite_freeze: bool = False


def sheet(reads: Reads, proposal: str, index: int) -> Sheet:
    """Return what to type for one change; raises NotFound, Erased."""
    found, change = find_change(reads, proposal, index)
    content = read_content(reads, change)
    frozen = frozen_by(reads.freezes(), target_of(found, change))
    lines = tuple(_lines(change, content))
    return Sheet(found, change, lines, frozen, why_not(reads, change), _refusing(reads, change))


def _refusing(reads: Reads, change: ChangeRow) -> Told | None:
    try:
        at_intake = refusing(reads, change)
        return at_intake or refusal_now(reads, change.ehr, change.type, change.op)
    except BadInput:
        # An unreadable profile stops the gateway; what to type can be read all the same.
        return None


def why_not(reads: Reads, change: ChangeRow) -> str | None:
    """Return why nobody can enter a change by hand now, or None when somebody can."""
    why = unfit("enter", case_of(reads, change, None))
    return None if why is None else why.words.replace("this change", "it", 1)


def enter(workspace: Workspace, proposal: str, index: int, said: Entry) -> str:
    """Record durably that a person entered the change by hand; return the new state.

    Raises NotFound, Conflict (another hash, or it may be in the chart), Refused (role, or a freeze
    that was not acknowledged), BadInput.
    """
    if said.note is not None and len(said.note) > MAX_NOTE:
        raise BadInput(f"is longer than {MAX_NOTE} characters", field="note")
    with workspace.ledger.transaction() as transaction:
        found, change = find_change(transaction, proposal, index)
        person, role = reviewer_of(workspace, transaction, "enter", change, transaction.clock.hi)
        _check_seen(transaction, found, change, said.seen)
        frozen = frozen_by(transaction.freezes(), target_of(found, change))
        if frozen is not None and not said.despite_freeze:
            raise Refused(
                "a freeze is in force for this",
                remedy="Ask who set it; --despite-freeze says that you know of it",
            )
        check_not_hidden(workspace, transaction, change)
        statement = _signed(workspace, transaction, found, change, person.id, role, frozen)
        actor = Actor("reviewer", person.id, statement.kid)
        close_exceptions(transaction, change, actor, "by-hand")
        data: JsonObject = {"reviewer": person.id, "role": role, "statement": statement.text}
        if frozen is not None:
            data["freeze"] = frozen.id
        transaction.append(
            Event(
                ENTERED,
                actor,
                about(change),
                data=data,
                before=change.state,
                after=State.MANUAL_ENTRY,
                refs=({"kind": "manual", "digest": statement.digest},),
                body={"note": said.note.strip()} if said.note and said.note.strip() else None,
            )
        )
    return str(State.MANUAL_ENTRY)


def leaves(path: str, value: Json) -> Iterator[tuple[str, Json]]:
    """Yield every single value below an element with its path."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(f"{path}.{key}", item)
    elif isinstance(value, list) and value:
        for place, item in enumerate(value):
            yield from leaves(f"{path}[{place}]", item)
    else:
        yield path, value


def _lines(change: ChangeRow, content: Content) -> Iterator[Line]:
    if content.base is None:
        # The gateway's own stamps are not for a person to type.
        bare = stamps.bare(content.resource, None, change.operation)
        for path, value in leaves(change.type, _without(bare, "resourceType")):
            yield Line(path, "added", None, value)
        return
    for item in content.delta:
        if item.effect == "removed":
            for path, value in leaves(item.path, item.before):
                yield Line(path, "removed", value, None)
        elif item.effect == "added":
            for path, value in leaves(item.path, item.after):
                yield Line(path, "added", None, value)
        else:
            yield Line(item.path, "changed", item.before, item.after)


def _without(resource: JsonObject, key: str) -> JsonObject:
    return {name: value for name, value in resource.items() if name != key}


def _check_seen(reads: Reads, found: ProposalRow, change: ChangeRow, seen: str) -> None:
    siblings: Sequence[ChangeRow] = reads.changes(found.id)
    shown = shown_digest(found.digest, [one.change_digest for one in siblings])
    if not any(hmac.compare_digest(seen, one) for one in (change.change_digest, shown)):
        raise Conflict(
            "the hash is not that of the change as it is now",
            field="hash",
            remedy="Look at it again with `countersign downtime show`",
        )


def _signed(
    workspace: Workspace,
    transaction: Transaction,
    found: ProposalRow,
    change: ChangeRow,
    reviewer: str,
    role: str,
    frozen: FreezeRow | None,
) -> Statement:
    payload: JsonObject = {
        "v": Number("1"),
        "team": workspace.team,
        "id": workspace.ids.uuid(),
        "at": instant(transaction.clock.lo),
        "task": found.subject,
        "proposal": found.digest,
        "index": exact(change.idx),
        "revision": exact(change.revision),
        "operation": change.operation,
        "ehr": change.ehr,
        "change": change.change_digest,
        "bytes": change.bytes_digest,
        "state": change.state,
        "roster": exact(document(transaction, "roster").number),
        "reviewer": reviewer,
        "role": role,
    }
    if frozen is not None:
        payload["freeze"] = frozen.id
    return sign("manual", payload, workspace.keys.signer("reviewer"))
