"""The Provenance that accompanies every write: AI author, human verifier, signed decision.

Source: design §9 (stamps); FHIR R4 Provenance; HL7 AI Transparency on FHIR; hub-protocol §3.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from core.canonical import RESPONSE, JsonObject, encode, parse_object
from core.errors import BadInput, Refused, Unreachable
from core.failure.dialect import dialect_in_force
from core.gateway import events
from core.gateway.receipt import classify
from core.ledger.event import Event
from core.lifecycle import State
from core.ports import NotSent, OutcomeUnknown, Reads, Request
from core.records import ChangeRow, DecisionRow, ProposalRow, WriteRow
from core.review.content import Erased
from core.review.decide import about
from core.workspace import Workspace

SCOPE = "system/Provenance.c"
PRECONDITION_FAILED = 412
UNCONFIRMED = "unconfirmed"
"""The outcome where the EHR did not say in time; it is tried again when the write is looked at."""
_PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_VERIFICATION = {"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.5"}


async def record(workspace: Workspace, change: ChangeRow) -> Event | None:
    """Write the Provenance of a persisted change once; return what the caller has to append.

    A refusal is an event too; None where it stands already. Until the event is appended a later
    round looks at the EHR for what this one wrote. Raises Unreachable when the EHR cannot be read
    or did not confirm, so that it is tried again later; Refused when it does not let us look.
    """
    with workspace.ledger.moment():
        written = workspace.ledger.write(change.operation)
        proposal = workspace.ledger.proposal(change.proposal)
    if written is None or proposal is None or written.location is None:
        return None
    if written.provenance not in (None, UNCONFIRMED):
        return None
    offers = await workspace.ehr(change.ehr).capability("Provenance")
    if not offers.create:
        return refusal(workspace, change)
    with workspace.ledger.moment():
        resource = _sent_with(workspace, change) or _own(workspace, proposal, change, written)
    # Asked for a search that it does not have, an EHR never gives an answer to go on from.
    if offers.search and await _is_there(workspace, change, written.location, resource):
        return event(workspace, change, "written")
    outcome = await _post(workspace, change, resource, conditional=offers.conditional_create)
    return event(workspace, change, outcome)


def _sent_with(workspace: Workspace, change: ChangeRow) -> JsonObject | None:
    """Return the Provenance that went out beside the write, where one did."""
    try:
        beside = events.intent_of(workspace.ledger, change).get("beside")
    except Erased:
        return None
    return parse_object(beside.encode("utf-8"), RESPONSE) if isinstance(beside, str) else None


def _own(
    workspace: Workspace, proposal: ProposalRow, change: ChangeRow, written: WriteRow
) -> JsonObject:
    target = [str(written.location)]
    if written.version is not None:
        target.insert(0, f"{written.location}/_history/{written.version}")
    votes = approvals(workspace.ledger, change)
    return build(proposal, change, target, str(written.receipt_at), votes)


def approvals(reads: Reads, change: ChangeRow) -> list[DecisionRow]:
    """Return the approvals in force of a change as it stands."""
    return [
        vote
        for vote in reads.decisions(change.proposal, change.idx)
        if vote.revision == change.revision and vote.void is None and vote.outcome == "approve"
    ]


def is_owed(reads: Reads, change: ChangeRow) -> bool:
    """Tell whether nobody knows yet what became of the Provenance of a change."""
    written = reads.write(change.operation)
    return written is not None and written.provenance == UNCONFIRMED


def refusal(workspace: Workspace, change: ChangeRow) -> Event:
    """Return the event that says that the EHR takes no Provenance of this write."""
    return event(workspace, change, "failed")


def build(
    proposal: ProposalRow,
    change: ChangeRow,
    target: Sequence[str],
    recorded: str,
    votes: Sequence[DecisionRow],
) -> JsonObject:
    """Return the Provenance: targets, the versioned one first, author, verifiers, signatures."""
    found: JsonObject = {
        "resourceType": "Provenance",
        "target": [{"reference": one} for one in target],
        "recorded": recorded,
        "reason": [{"coding": [{"system": _AI[0], "code": _AI[1]}]}],
        "activity": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/v3-DataOperation",
                    "code": "CREATE" if change.op == "create" else "UPDATE",
                }
            ]
        },
        "agent": [
            _agent("author", "agent", proposal.agent, f"{proposal.model}; {proposal.prompt}"),
            *(_agent("verifier", "reviewer", vote.reviewer, None) for vote in votes),
        ],
    }
    if votes:
        found["signature"] = [_signature(vote) for vote in votes]
    return found


_AI = ("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "AIAST")


def _agent(role: str, kind: str, id_: str, display: str | None) -> JsonObject:
    who: JsonObject = {"identifier": {"system": f"urn:countersign:{kind}", "value": id_}}
    if display is not None:
        who = {"type": "Device", **who, "display": display}
    return {"type": {"coding": [{"system": _PARTICIPANT, "code": role}]}, "who": who}


def _signature(vote: DecisionRow) -> JsonObject:
    return {
        "type": [dict(_VERIFICATION)],
        "when": vote.at,
        "who": {"identifier": {"system": "urn:countersign:reviewer", "value": vote.reviewer}},
        "sigFormat": "application/jose",
        "data": _data(vote),
    }


def _data(vote: DecisionRow) -> str:
    return base64.b64encode(vote.statement.encode("ascii")).decode("ascii")


async def _is_there(
    workspace: Workspace, change: ChangeRow, location: str, wanted: JsonObject
) -> bool:
    """Look for a Provenance that an interrupted run of ours has already stored.

    It is known by the decisions that it holds; where nobody decided, by its agent and moment.
    """
    found = await workspace.ehr(change.ehr).search("Provenance", {"target": location})
    signed = _signatures(wanted)
    if signed:
        return any(signed & _signatures(item.resource) for item in found)
    return any(_made(item.resource) == _made(wanted) for item in found)


def _signatures(resource: JsonObject) -> set[str]:
    data = [item.get("data") for item in _objects(resource.get("signature"))]
    return {item for item in data if isinstance(item, str)}


def _made(resource: JsonObject) -> tuple[list[Any], datetime | None]:
    """Return whom a Provenance names, and when it was recorded as servers keep it: to the ms."""
    who = [item.get("who") for item in _objects(resource.get("agent"))]
    named = [one.get("identifier") for one in _objects(who)]
    try:
        at = datetime.fromisoformat(str(resource.get("recorded"))).astimezone(UTC)
    except (ValueError, OverflowError):
        return named, None
    return named, at.replace(microsecond=at.microsecond // 1000 * 1000)


def _objects(found: Any) -> list[JsonObject]:
    """Return the objects in what should be a list of them: others' resources are not validated."""
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


async def _post(
    workspace: Workspace, change: ChangeRow, resource: JsonObject, *, conditional: bool
) -> str:
    ehr = workspace.ehr(change.ehr)
    headers = {"If-None-Exist": _same(resource)} if conditional else {}
    request = Request("POST", "Provenance", None, headers, encode(resource))
    try:
        grant = await ehr.grant(SCOPE)
        response = await ehr.send(request, grant, lambda: None)
    except Refused:
        return "failed"
    except (NotSent, OutcomeUnknown):
        raise Unreachable("the EHR did not confirm the Provenance") from None
    if headers and response.status == PRECONDITION_FAILED:
        # Several match: it stands there more than once already.
        return "written"
    try:
        dialect = dialect_in_force(workspace.ledger, change.ehr)
    except BadInput:
        raise Unreachable("what the EHR answered to the Provenance is not to be read") from None
    state = classify(response, dialect).state
    if state in (State.AMBIGUOUS, State.READY):
        # It may be stored, or may be later: the next round looks for it before it posts again.
        raise Unreachable("the EHR did not confirm the Provenance")
    return "written" if state == State.PERSISTED else "failed"


def _same(resource: JsonObject) -> str:
    """Return the search that finds this Provenance: a delivery that comes twice is stored once."""
    target = resource["target"][-1]["reference"]
    return f"target={target}&recorded={resource['recorded']}"


def event(workspace: Workspace, change: ChangeRow, outcome: str) -> Event:
    """Return the record of what became of it: `written`, `failed` or `unconfirmed`."""
    data = {"outcome": outcome}
    return Event("provenance.recorded", events.actor(workspace), about(change), data=data)
