"""Which signed statements on a Task count for one change, and who made them.

Source: hub-protocol §2, §6 step 4. No status field is read: what is not validly signed, by a key
enrolled for that kind of statement, about this very change, counts as if it were not there. Time
plays no part, so that everybody who reads the same versions under one roster finds the same;
whether an approval has expired is asked when it is dispatched. Revoking a key or a role never
allows more: what blocks (rejection, recall, withdrawal) goes on counting, an approval does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.canonical import JsonObject, Number
from core.hub.task import Carried
from core.roster import SIGNERS, Person, Roster
from core.statement import InvalidStatement, Statement, verify

APPROVE, REJECT = "approve", "reject"
SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True)
class Rules:
    """Under which roster, in which team."""

    team: str
    roster: Roster


@dataclass(frozen=True, slots=True)
class Slot:
    """One revision of one change on a Task, as this reader recomputed it from its own reads."""

    task: str
    proposal: str
    agent: str
    index: int
    revision: int
    operation: str
    ehr: str
    change: str
    bytes: str
    verdict: str
    quorum: int
    roles: tuple[str, ...]
    authors: frozenset[str] = frozenset()
    """People who had a hand in the proposal and so cannot approve it."""


@dataclass(frozen=True, slots=True)
class Said:
    """A statement that counts; `by` is the person, the agent, or the gateway's kid."""

    kind: str
    id: str
    by: str
    payload: JsonObject
    text: str
    live: bool = True
    """False for what does not allow any more: its key, or the role it was signed in, is gone."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it one and the same: ids can be copied by others before a Task bears them."""
        return self.kind, self.by, self.id

    @property
    def outcome(self) -> str:
        """`approve`, `reject` or `defer` of a decision or a final; else empty."""
        return str(self.payload.get("outcome", ""))

    @property
    def decisions(self) -> frozenset[str]:
        """The decision ids that a final names."""
        return strings(self.payload.get("decisions"))


def genuine(carried: Carried, task: str, rules: Rules) -> Statement | None:
    """Return a statement of this team about this Task with a valid signature of its kind."""
    if carried.text is None or carried.kind not in SIGNERS:
        return None
    try:
        found = verify(carried.text, carried.kind, _enrolled(carried.kind, rules.roster))
    except InvalidStatement:
        return None
    payload = found.payload
    whole = (payload.get("team"), payload.get("task")) == (rules.team, task) and is_v1(payload)
    return found if whole and isinstance(payload.get("id"), str) else None


def said(carried: Carried, slot: Slot, rules: Rules) -> Said | None:
    """Return what a statement says about this change; None where it does not count for it."""
    found = genuine(carried, slot.task, rules)
    kind = None if found is None else _kind(found, slot)
    if found is None or kind is None:
        return None
    by = _author(found, slot, rules.roster)
    if by is None:
        return None
    live = _is_live(found, rules.roster)
    return Said(kind, str(found.payload["id"]), by, found.payload, found.text, live)


def outcome_of(votes: Iterable[Said], slot: Slot) -> str | None:
    """Return what these votes come to: any reject rejects, a quorum of distinct people approves."""
    counted = list(votes)
    if any(vote.outcome == REJECT for vote in counted):
        return REJECT
    return APPROVE if has_quorum(counted, slot) else None


def has_quorum(votes: Iterable[Said], slot: Slot) -> bool:
    """Tell whether enough different people approve."""
    people = {vote.by for vote in votes if vote.outcome == APPROVE and vote.live}
    return len(people) >= max(slot.quorum, 1)


def is_final_of(final: Said, votes: Sequence[Said], slot: Slot) -> bool:
    """Tell whether a final says what the votes beside it come to, each one of them named.

    Where two votes bear one id nobody can tell which is meant, and none is final.
    """
    named = [vote.id for vote in votes]
    return (
        len(set(named)) == len(named)
        and final.decisions == set(named)
        and final.outcome == outcome_of(votes, slot)
    )


def strings(value: object) -> frozenset[str]:
    """Return the strings in a list; none of anything else."""
    items = value if isinstance(value, list) else []
    return frozenset(one for one in items if isinstance(one, str))


def number(value: object) -> int | None:
    """Return a JSON whole number; None for anything else."""
    return int(value.text) if isinstance(value, Number) and value.text.isdecimal() else None


def is_v1(payload: JsonObject) -> bool:
    """Tell whether a payload is of the only version that is known."""
    return number(payload.get("v")) == 1


OTHERWISE, READMISSION = "admitted-otherwise", "readmission"
"""Admissions of the same revision in other bytes, and of a later revision."""


def _kind(found: Statement, slot: Slot) -> str | None:
    """Return what a statement is to this revision of the change; None for no concern of it."""
    if found.kind != "admission":
        return found.kind if _concerns(found, slot) else None
    if found.payload.get("proposal") != slot.proposal:
        return None
    changes = _objects(found.payload.get("changes"))
    if any(_same(one, slot, ("operation", "change", "bytes", "verdict")) for one in changes):
        return "admission"
    about = [
        number(one.get("revision")) for one in changes if number(one.get("index")) == slot.index
    ]
    if slot.revision in about:
        return OTHERWISE
    later = any(revision is not None and revision > slot.revision for revision in about)
    return READMISSION if later else None


def _concerns(found: Statement, slot: Slot) -> bool:
    payload = found.payload
    if found.kind == "withdraw":
        return payload.get("proposal") == slot.proposal and _names(payload.get("changes"), slot)
    members = {
        "decision": ("proposal", "operation", "ehr", "change", "bytes", "verdict"),
        "dispatch": ("operation", "bytes"),
        "recall": ("operation",),
        "final": (),
    }.get(found.kind)
    return members is not None and _same(payload, slot, members)


def _same(payload: JsonObject, slot: Slot, members: Iterable[str]) -> bool:
    return (
        number(payload.get("index")) == slot.index
        and number(payload.get("revision")) == slot.revision
        and all(payload.get(name) == getattr(slot, name) for name in members)
    )


def _author(found: Statement, slot: Slot, roster: Roster) -> str | None:
    """Return who says it, where they may."""
    payload = found.payload
    if found.kind == "withdraw":
        own = found.kid in _keys_of_agent(slot.agent, roster) and payload.get("agent") == slot.agent
        return slot.agent if own else None
    if found.kind not in ("decision", "recall"):
        return found.kid
    person = _owner(found.kid, roster)
    if person is None or person.id != payload.get("reviewer"):
        return None
    if found.kind == "recall":
        return person.id
    outcome = payload.get("outcome")
    known = outcome in (APPROVE, REJECT, "defer") and payload.get("role") in slot.roles
    own_work = outcome == APPROVE and person.id in slot.authors
    return person.id if known and not own_work else None


def _is_live(found: Statement, roster: Roster) -> bool:
    if found.kind in ("dispatch", "admission"):
        return found.kid in roster.keys_for(found.kind)
    if found.kind != "decision":
        return True
    person = roster.owner(found.kid)
    return person is not None and found.payload.get("role") in person.roles


def _owner(kid: str, roster: Roster) -> Person | None:
    """Return the person whose key this is, or was."""
    return next((one for one in roster.people if kid in {key.kid for key in one.keys}), None)


def _enrolled(kind: str, roster: Roster) -> dict[str, str]:
    """Return kid → key of who may sign that kind; of what blocks, also of who once might."""
    if kind in ("decision", "recall"):
        return {key.kid: key.x for one in roster.people for key in one.keys}
    if kind == "withdraw":
        agents = {key.kid: key.x for one in roster.agents for key in one.keys}
        return agents | {one.kid: one.x for one in roster.submitters}
    if kind in ("dispatch", "admission"):
        # What was sent was sent, and what was admitted later ends what was before.
        return {key.kid: key.x for key in roster.gateways}
    return roster.keys_for(kind)


def _keys_of_agent(agent: str, roster: Roster) -> set[str]:
    own = {key.kid for one in roster.agents if one.id == agent for key in one.keys}
    return own | {one.kid for one in roster.submitters if agent in one.agents}


def _names(changes: object, slot: Slot) -> bool:
    if changes is None:
        return True
    return isinstance(changes, list) and slot.index in {number(one) for one in changes}


def _objects(value: object) -> list[JsonObject]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
