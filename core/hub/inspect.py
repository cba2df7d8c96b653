"""What a Task pulled from the hub deserves: ignore, quarantine, alarm, or a fresh proposal.

Pure: a Task, what the roster says, and what this store already knows of that Task. Nothing in it
is believed but statements signed by the right key. Source: hub-protocol §2, §7, §8.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

from core.canonical import MAX_BYTES, JsonObject, Number, encode
from core.errors import BadInput
from core.hub.task import (
    AGENT_SYSTEM,
    MAX_OUTPUTS,
    MAX_TASK,
    PROPOSAL,
    PROPOSAL_SYSTEM,
    Carried,
    inputs,
    is_proposal,
    outputs,
    proposal_identifier,
)
from core.intake.documents import Document
from core.proposal import Proposal, read
from core.roster import Roster
from core.statement import InvalidStatement, Statement, header, statement_digest, verify

ENVELOPE = ("v", "team", "id", "at")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Kind(StrEnum):
    """What to do with a Task."""

    IGNORE = "ignore"
    FRESH = "fresh"
    KNOWN = "known"
    QUARANTINE = "quarantine"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Known:
    """What this store already says of a Task; empty for one that it never met."""

    digest: str | None = None
    """Statement digest of the proposal that was admitted from it."""
    settled: bool = False
    """It was quarantined: it is not looked at again."""
    signed: Collection[str] = ()
    """Digests of the outputs that this gateway signed for it."""
    pushed: Collection[str] = ()
    """Those of them that are known to stand on the hub."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The finding; `code` is static and safe to show to anyone."""

    kind: Kind
    code: str | None = None
    statement: Statement | None = None
    item: Document | None = None
    missing: tuple[str, ...] = field(default=())
    """Digests of outputs that stood there and are gone."""


NEVER_MET = Known()


def inspect(
    task: JsonObject,
    size: int,
    roster: Roster,
    team: str,
    ehrs: Collection[str],
    known: Known = NEVER_MET,
) -> Judged:
    """Judge one version of a Task of `size` bytes.

    FRESH carries the verified statement and the proposal in it; `ehrs` are the names of the EHRs
    of this workspace.
    """
    if not is_proposal(task):
        return Judged(Kind.IGNORE, "other-code")
    if known.digest is not None:
        return _admitted(task, roster, known)
    if known.settled:
        return Judged(Kind.ALARM, "looks-decided") if _foreign(task, known) else _SETTLED
    if task.get("output") or task.get("status") != "requested":
        return Judged(Kind.ALARM, "looks-decided")
    if size > MAX_TASK:
        return _quarantine("size")
    return _proposed(task, roster, team, ehrs)


_SETTLED = Judged(Kind.KNOWN)


def _quarantine(code: str) -> Judged:
    return Judged(Kind.QUARANTINE, code)


def _proposed(task: JsonObject, roster: Roster, team: str, ehrs: Collection[str]) -> Judged:
    carried = [item for item in inputs(task) if item.kind == PROPOSAL]
    if len(carried) != 1:
        return _quarantine("inputs")
    text = carried[0].text
    if text is None:
        return _quarantine("statement")
    keys = roster.keys_for(PROPOSAL)
    try:
        statement = verify(text, PROPOSAL, keys)
    except InvalidStatement:
        return _quarantine("signer" if _other_key(text, keys) else "statement")
    payload = statement.payload
    if not has_envelope(payload):
        return _quarantine("schema")
    if payload["team"] != team:
        return _quarantine("team")
    document = {key: value for key, value in payload.items() if key not in ENVELOPE}
    try:
        proposal = read(document)
    except BadInput:
        return _quarantine("schema")
    data = encode(document)
    if len(data) > MAX_BYTES:
        return _quarantine("size")
    problem = _contradiction(task, proposal, statement, roster, ehrs)
    if problem is not None:
        return _quarantine(problem)
    return Judged(Kind.FRESH, statement=statement, item=Document(None, data, proposal, None))


def _contradiction(
    task: JsonObject,
    proposal: Proposal,
    statement: Statement,
    roster: Roster,
    ehrs: Collection[str],
) -> str | None:
    agent = proposal.agent.id
    if not roster.may_speak_for(statement.kid, agent):
        return "signer"
    if proposal.ehr not in ehrs:
        return "ehr"
    if _identifiers(task) != [proposal_identifier(agent, proposal.correlation_id)]:
        return "identifier"
    return None if _display_agrees(task, agent, proposal.patient) else "display"


def _other_key(text: str, keys: Collection[str]) -> bool:
    try:
        return header(text).get("kid") not in keys
    except InvalidStatement:
        return False


def has_envelope(payload: JsonObject) -> bool:
    """Tell whether a payload says version, team, id and time, each in its form."""
    id_, at = payload.get("id"), payload.get("at")
    return (
        payload.get("v") == Number("1")
        and isinstance(payload.get("team"), str)
        and isinstance(id_, str)
        and _UUID.fullmatch(id_) is not None
        and isinstance(at, str)
    )


def _identifiers(task: JsonObject) -> list[object]:
    found = task.get("identifier")
    return [
        item.get("value")
        for item in (found if isinstance(found, list) else [])
        if isinstance(item, dict) and item.get("system") == PROPOSAL_SYSTEM
    ]


def _display_agrees(task: JsonObject, agent: str, patient: str) -> bool:
    requester = task.get("requester")
    wanted = {"system": AGENT_SYSTEM, "value": agent}
    if not isinstance(requester, dict) or not set(requester) <= {"identifier", "display"}:
        return False
    if requester.get("identifier") != wanted or requester.get("display", agent) != agent:
        return False
    subject = task.get("for")
    if subject is not None and (
        not isinstance(subject, dict) or subject.get("reference") != patient
    ):
        return False
    return task.get("intent") == "proposal"


def _foreign(task: JsonObject, known: Known) -> bool:
    return any(_digest(item) not in known.signed for item in outputs(task))


def _admitted(task: JsonObject, roster: Roster, known: Known) -> Judged:
    carried = [item for item in inputs(task) if item.kind == PROPOSAL]
    if len(carried) != 1 or _digest(carried[0]) != known.digest:
        return Judged(Kind.ALARM, "input-changed")
    found = outputs(task)
    missing = tuple(sorted(set(known.pushed) - {_digest(item) or "" for item in found}))
    foreign = [item for item in found if _digest(item) not in known.signed]
    if foreign or len(found) > MAX_OUTPUTS:
        return Judged(Kind.ALARM, _foreign_code(foreign, roster), missing=missing)
    if missing:
        return Judged(Kind.ALARM, "hub-rewrite", missing=missing)
    return Judged(Kind.KNOWN)


def _foreign_code(foreign: list[Carried], roster: Roster) -> str:
    """Say whether a foreign output at least looks signed, by a key that nobody enrolled."""
    for item in foreign:
        try:
            kid = header(item.text or "").get("kid")
        except InvalidStatement:
            continue
        if not roster.knows(str(kid)):
            return "unknown-signer"
    return "foreign-output"


def _digest(item: Carried) -> str | None:
    return None if item.text is None else statement_digest(item.text)
