"""Putting a document in force: policy, roster, EHR profile or adoption phase, signed by an admin.

A file on disk decides nothing; the adoption event in the ledger does, and it carries a statement
that anyone can check against the admins pinned when the ledger was opened.
Source: design §7, hub-protocol §1, §2, §6 step 10.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.adoption_events import (
    adopted_event,
    adoption_statement,
    document_digest,
    put_forward_event,
)
from core.canonical import JsonObject
from core.duty.check import check_zones
from core.errors import BadInput, Conflict, Failed, NotFound, Refused
from core.ledger.event import Actor, Entry, Event
from core.policy import parse_policy
from core.ports import Ids, Keys, Reads, Transaction
from core.profile.parse import parse_profile
from core.records import ConfigRow
from core.roster import parse_roster
from core.second_owner import (
    PENDING,
    first_statement,
    needs_second,
    owners_in_force,
    pending_policy,
    second_problem,
)
from core.statement import Signer, thumbprint
from core.workspace import Workspace

OPENED = "ledger.opened"
PHASES = ("1", "2", "3")
PROFILE_PREFIX = "profile."
MAX_DOCUMENT = 512 * 1024
SHORTEST = 12


@dataclass(frozen=True, slots=True)
class Adopter:
    """The admin who adopts, and what their statements are made with."""

    team: str
    person: str
    signer: Signer
    ids: Ids


def opening(keys: Keys, person: str) -> Event:
    """Return the first event of a ledger: its checkpoint key, and the admins it starts with.

    `data` is `{checkpoint: {kid, x}, admins: [{kid, x}]}`; `person` is whose reviewer key is
    pinned as the only admin.
    """
    data: JsonObject = {
        "checkpoint": {"kid": keys.signer("checkpoint").kid, "x": keys.public("checkpoint")},
        "admins": [{"kid": keys.signer("reviewer").kid, "x": keys.public("reviewer")}],
    }
    return Event(OPENED, Actor("admin", person), data=data)


def adopt(workspace: Workspace, kind: str, text: str) -> ConfigRow:
    """Put `text` in force as the workspace's `kind`, in a transaction of its own.

    `kind` is `policy`, `roster`, `phase` or `profile.<ehr>`. A document that is in force already
    is left as it is. A policy that another owner has to sign as well is put forward, and the row
    returned is of the kind `PENDING`. Raises BadInput for an invalid document, Refused when the
    reviewer at this terminal is no admin, the roster would leave none, or a policy fails its own
    cases.
    """
    signer = workspace.keys.signer("reviewer")
    adopter = Adopter(workspace.team, workspace.reviewer, signer, workspace.ids)
    with workspace.ledger.transaction() as transaction:
        return adopt_in(transaction, adopter, kind, text)


def confirm(workspace: Workspace, digest: str) -> ConfigRow:
    """Sign the pending policy of that digest as its second owner, and put it in force.

    `digest` may be cut to its first 12 characters. Raises NotFound when no policy waits, Conflict
    when another one does, Refused for whoever put it forward.
    """
    signer = workspace.keys.signer("reviewer")
    adopter = Adopter(workspace.team, workspace.reviewer, signer, workspace.ids)
    with workspace.ledger.transaction() as transaction:
        pending = pending_policy(transaction)
        if pending is None:
            raise NotFound("no policy waits for a second owner")
        if len(digest) < SHORTEST or not pending.digest.startswith(digest):
            raise Conflict(
                "another policy waits", field="DIGEST", remedy="Look at `policy pending`"
            )
        row = adopt_in(transaction, adopter, "policy", pending.document)
        if row.kind == PENDING:
            raise Refused(
                f"{adopter.person} put it forward",
                field="DIGEST",
                remedy="Ask another policy owner to confirm it",
            )
        return row


def adopt_in(transaction: Transaction, adopter: Adopter, kind: str, text: str) -> ConfigRow:
    """Do what `adopt` does inside the caller's transaction."""
    check_document(kind, text)
    admins = admins_in_force(transaction)
    if adopter.signer.kid not in admins:
        raise Refused(
            f"{adopter.person} is not an admin of this workspace",
            field=kind,
            remedy="Ask an admin in the adopted roster to adopt it",
        )
    before = transaction.config(kind)
    if before is not None and before.digest == document_digest(text):
        return before
    if kind == "policy":
        # Loaded here: a start that adopts nothing need not wait for it.
        from core.policy.inspection import check_adoptable

        check_adoptable(text)
    statement = adoption_statement(transaction, adopter, kind, text, before)
    owners = owners_in_force(transaction)
    first = None
    if needs_second(kind, owners):
        pending = pending_policy(transaction)
        if pending is None or pending.digest != document_digest(text):
            transaction.append(put_forward_event(adopter, statement, text))
            return _projected(transaction, PENDING)
        if _owner_of(transaction, pending, owners) == owners[adopter.signer.kid]:
            return pending
        first = first_statement(transaction, pending)
        if problem := second_problem(first, statement.text, admins, owners):
            raise Refused(problem, field=kind, remedy="Run `countersign audit verify`")
    transaction.append(adopted_event(adopter, statement, text, before, first))
    return _projected(transaction, kind)


def _owner_of(transaction: Transaction, pending: ConfigRow, owners: dict[str, str]) -> str | None:
    entry = transaction.entry(pending.seq)
    return None if entry is None else owners.get(str(entry.leaf["actor"].get("kid")))


def _projected(transaction: Transaction, kind: str) -> ConfigRow:
    found = transaction.config(kind)
    if found is None:
        raise Failed(f"the adoption of {kind} was not projected")
    return found


def check_document(kind: str, text: str) -> None:
    """Raise BadInput for a document not valid as `kind`, Refused for a roster without admins."""
    if len(text) > MAX_DOCUMENT:
        raise BadInput(
            f"the document has {len(text):,} characters; the limit is {MAX_DOCUMENT:,}",
            field=kind,
            remedy="Shorten it",
        )
    if kind == "policy":
        parse_policy(text)
    elif kind == "roster":
        roster = parse_roster(text)
        check_zones(roster)
        if not roster.keys_for("adoption"):
            raise Refused(
                "this roster leaves no admin, so nothing could be adopted after it",
                field="roster.admins",
                remedy="List at least one admin whose key is not revoked",
            )
    elif kind == "phase":
        if text not in PHASES:
            raise BadInput(
                "not an adoption phase", field="phase", remedy=f"Use one of {', '.join(PHASES)}"
            )
    elif kind.startswith(PROFILE_PREFIX) and kind != PROFILE_PREFIX:
        parse_profile(text)
    else:
        raise BadInput(
            f"there are no documents of the kind {kind!r}",
            field="kind",
            remedy="Use policy, roster, phase or profile.<ehr>",
        )


def admins_in_force(reads: Reads) -> dict[str, str]:
    """Return kid → public key of the admins: the adopted roster's, else those pinned at opening."""
    roster = reads.config("roster")
    if roster is not None:
        return parse_roster(roster.document).keys_for("adoption")
    first = reads.entry(0)
    if first is None:
        raise Failed("the ledger is not open", remedy="Run `countersign init`")
    return pinned_admins(first)


def pinned_admins(first: Entry) -> dict[str, str]:
    """Return kid → public key of the admins that a `ledger.opened` entry pins."""
    if first.leaf.get("type") != OPENED:
        raise Failed(f"the ledger does not begin with {OPENED}")
    pinned = {key["kid"]: key["x"] for key in first.leaf["data"]["admins"]}
    if any(thumbprint(x) != kid for kid, x in pinned.items()):
        raise Failed("a pinned admin's kid is not the thumbprint of its key")
    return pinned
