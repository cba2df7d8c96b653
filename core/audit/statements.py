"""Whether the signed statement of an event holds, and whose key signed it.

A key counts by the roster that was in force just before the event; that it was revoked since is
said, and takes nothing from what it signed then. Source: design §4, hub-protocol §2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from core.adoption import pinned_admins
from core.canonical import JsonObject, Number
from core.errors import CountersignError
from core.ledger.event import Entry
from core.records import ConfigRow
from core.roster import SIGNERS, Roster, parse_roster
from core.statement import InvalidStatement, Statement, header, statement_digest, verify

_COMPARED = {
    "decision": ("id", "outcome", "change", "bytes", "reviewer", "role", "expires", "reason"),
    "adoption": ("kind", "number", "digest"),
}
"""Members that a leaf's data repeats from its statement, by the statement's kind."""


class Keys(Protocol):
    """The reads that tell whose key it was."""

    def config(self, kind: str) -> ConfigRow | None:
        """Return the document in force."""

    def entry(self, seq: int) -> Entry | None:
        """Return an event."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What is true of one statement; `problem` is None where it holds."""

    kind: str
    kid: str
    owner: str | None
    """Whose key it is by the roster of that time, else by the present one; None: nobody's."""
    problem: str | None
    revoked: bool
    """Whether the key counts no more by the roster in force now."""
    digest: str


def statements_of(leaf: JsonObject, in_body: str | None) -> list[str]:
    """Return the statements that an event carries: its leaf's (a first owner's too), its body's."""
    found = [_data(leaf).get("statement"), _data(leaf).get("first"), in_body]
    return [text for text in found if isinstance(text, str)]


def check_statement(reads: Keys, seq: int, leaf: JsonObject, text: str) -> Checked:
    """Check one statement of an event: its form, its signature, its key and what the leaf says."""
    kind, kid = _named(text)
    then, now = roster_before(reads, seq), _roster_now(reads)
    owner = (then and _owner(then, kid)) or (now and _owner(now, kid)) or None
    keys = _keys(reads, then, kind)
    try:
        problem = _problem(verify(text, kind, keys), leaf, in_leaf=_in_leaf(leaf, text))
    except InvalidStatement as error:
        problem = error.problem
    if owner is None and kid in keys:
        owner = "an admin pinned when the ledger began"
    gone = now is not None and not now.knows(kid)
    digest = statement_digest(text) if text.isascii() else ""
    return Checked(kind, kid, owner, problem, gone, digest)


def roster_before(reads: Keys, seq: int) -> Roster | None:
    """Return the roster that was in force just before an event; None before the first."""
    row = reads.config("roster")
    if row is None:
        return None
    at, document = row.seq, row.document
    while at >= seq:
        entry = reads.entry(at)
        before = None if entry is None else _data(entry.leaf).get("prev_seq")
        if not isinstance(before, Number) or not before.text.isdigit() or int(before.text) >= at:
            return None
        at = int(before.text)
        earlier = reads.entry(at)
        document = "" if earlier is None else str(_data(earlier.leaf).get("document"))
    return _parsed(document)


def _named(text: str) -> tuple[str, str]:
    """Return the kind and the kid that a statement claims; nothing of it is verified."""
    try:
        found = header(text)
    except InvalidStatement:
        return "", ""
    kind = str(found.get("typ", "")).removeprefix("countersign.").removesuffix(".v1")
    return kind, str(found.get("kid", ""))


def _keys(reads: Keys, then: Roster | None, kind: str) -> Mapping[str, str]:
    if kind not in SIGNERS:
        return {}
    if then is not None:
        return then.keys_for(kind)
    opening = reads.entry(0)
    try:
        return {} if opening is None or kind != "adoption" else pinned_admins(opening)
    except (CountersignError, KeyError, TypeError):
        return {}


def _problem(statement: Statement, leaf: JsonObject, *, in_leaf: bool) -> str | None:
    refs = leaf.get("refs")
    cited = [
        ref.get("digest")
        for ref in (refs if isinstance(refs, list) else [])
        if isinstance(ref, dict) and ref.get("kind") == statement.kind
    ]
    if statement.digest not in cited and (in_leaf or cited):
        return "the event cites another statement"
    if not in_leaf:
        return None
    actor = leaf.get("actor")
    if isinstance(actor, dict) and actor.get("kid") not in (None, statement.kid):
        return "it is signed by another key than the event names"
    data = _data(leaf)
    for member in _COMPARED.get(statement.kind, ()):
        if member in data and data[member] != statement.payload.get(member):
            return f"the event differs from it in {member}"
    for member in ("index", "revision") if statement.kind == "decision" else ():
        if leaf.get(member) != statement.payload.get(member):
            return f"the event differs from it in {member}"
    return None


def _in_leaf(leaf: JsonObject, text: str) -> bool:
    return _data(leaf).get("statement") == text


def _data(leaf: JsonObject) -> JsonObject:
    data = leaf.get("data")
    return data if isinstance(data, dict) else {}


def _roster_now(reads: Keys) -> Roster | None:
    row = reads.config("roster")
    return None if row is None else _parsed(row.document)


def _parsed(document: str) -> Roster | None:
    try:
        return parse_roster(document)
    except CountersignError:
        return None


def _owner(roster: Roster, kid: str) -> str | None:
    for person in roster.people:
        if any(key.kid == kid for key in person.keys):
            return person.id
    for agent in roster.agents:
        if any(key.kid == kid for key in agent.keys):
            return f"agent {agent.id}"
    if any(found.kid == kid for found in roster.submitters):
        return "the submitter of the command line"
    if any(key.kid == kid for key in roster.gateways):
        return "the gateway"
    return "an admin" if any(key.kid == kid for key in roster.admins) else None
